"""What the cogs are given: one object for all; each uses what it needs."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.discord_ui.autocomplete import Autocomplete
from bot.discord_ui.client import Client
from bot.discord_ui.couriers import Couriers
from bot.discord_ui.help_embeds import HelpLinks
from bot.discord_ui.log_channels import LogChannels
from bot.discord_ui.notifications import OwnerNotifier
from bot.discord_ui.uploads import MessagePictures
from bot.jobs.job_lookup import JobLookup
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.style_store import ServerStyleStore
from bot.quota.chart import Charts
from bot.quota.limits import LimitSet
from bot.services import Services
from cogs.button_guard import ButtonGuard
from cogs.option_choices import OptionChoices
from cogs.option_defaults import OptionDefaults
from cogs.refused_requests import RefusedRequests
from cogs.request_builder import RequestBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The parts of the bot that cogs use; ``now`` is in milliseconds since the epoch."""

    client: Client
    services: Services
    preference_store: PreferenceStore
    styles: ServerStyleStore
    couriers: Couriers
    log_channels: LogChannels
    owner: OwnerNotifier
    pictures: MessagePictures
    request_builder: RequestBuilder
    refused_requests: RefusedRequests
    option_defaults: OptionDefaults
    option_choices: OptionChoices
    autocomplete: Autocomplete
    job_lookup: JobLookup
    button_guard: ButtonGuard
    charts: Charts
    links: HelpLinks
    default_quota: LimitSet
    server_quota: LimitSet
    now: Callable[[], int]
