"""What every command of /quota shares: the group, what stands behind it, and checks of options."""

from dataclasses import dataclass

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.errors.base import Refusal
from bot.core.errors.quotas import OneSubjectOnly
from bot.database.database import Database
from bot.discord_ui.autocomplete import Autocomplete
from bot.discord_ui.client import Client
from bot.discord_ui.quota_embeds import QuotaEmbeds
from bot.discord_ui.quota_list_embeds import QuotaListEmbeds, UsageReportEmbeds
from bot.gateways.catalogue import Catalogue
from bot.jobs.pricing import Pricing
from bot.quota.chart import Charts
from bot.quota.csv_export import Statement
from bot.quota.ledger import Ledger
from bot.quota.rules import EVERYONE, SERVER, LimitSet, role_subject, user_subject
from bot.quota.server_costs import ServerCostCache

MAX_REASON = 200

quota = app_commands.Group(
    name="quota",
    description="Set how many credits people may spend here",
    # Discord keeps others out, and admins can change who may in Server Settings → Integrations.
    default_permissions=discord.Permissions(manage_guild=True),
    guild_only=True,
)


@dataclass(eq=False, kw_only=True)
class BotChosen(Refusal):
    """A bot was chosen where only a person has credits."""

    message_id = "error-bot-chosen"


@dataclass(eq=False, kw_only=True)
class ReasonOutOfRange(Refusal):
    """A reason is empty, or longer than ``limit`` characters."""

    length: int
    limit: int
    message_id = "error-reason-out-of-range"


@dataclass(eq=False, kw_only=True)
class DaysOutOfRange(Refusal):
    """A number of days is outside 1 to ``limit``."""

    days: int
    limit: int
    message_id = "error-days-out-of-range"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaDependencies:
    """The rooms behind the door, and what the operator lets each person and server spend."""

    client: Client
    database: Database
    ledger: Ledger
    catalogue: Catalogue
    server_costs: ServerCostCache
    costs: Pricing
    suggestions: Autocomplete
    statement: Statement
    charts: Charts
    default: LimitSet
    server_quota: LimitSet


class QuotaCommands(commands.Cog):
    """The part of /quota that its other parts build on."""

    def __init__(self, desk: QuotaDependencies) -> None:
        self._desk = desk
        texts = desk.client.texts
        self._cards = QuotaEmbeds(texts)
        self._lists = QuotaListEmbeds(texts)
        self._report = UsageReportEmbeds(texts)

    def locale(self, interaction: Interaction) -> str:
        """Return the language of whoever typed the command: all answers are for them alone."""
        return self._desk.client.languages.personal(interaction)

    @staticmethod
    async def answer(interaction: Interaction, sentence: str) -> None:
        """Say it to whoever typed the command, and to nobody else."""
        await interaction.response.send_message(sentence, ephemeral=True)


def guild_id_of(interaction: Interaction) -> int:
    """Return where a command was typed."""
    return interaction.guild_id or 0


def checked_user(user: discord.User) -> discord.User:
    """Return a person as they are; raises BotChosen."""
    if user.bot:
        raise BotChosen
    return user


def subject_of(user: discord.User | None, role: discord.Role | None, *, whole_server: bool) -> str:
    """Return whom a limit is for, in the ledger's words; raises OneSubjectOnly."""
    if (user is not None) + (role is not None) + whole_server > 1:
        raise OneSubjectOnly
    if whole_server:
        return SERVER
    if user is not None:
        return user_subject(user.id)
    if role is not None and not role.is_default():
        return role_subject(role.id)
    return EVERYONE


def checked_reason(typed: str) -> str:
    """Return a reason without space around it; raises ReasonOutOfRange."""
    reason = typed.strip()
    if not 1 <= len(reason) <= MAX_REASON:
        raise ReasonOutOfRange(length=len(reason), limit=MAX_REASON)
    return reason


def checked_days(days: int, *, limit: int) -> int:
    """Return a number of days; raises DaysOutOfRange."""
    if not 1 <= days <= limit:
        raise DaysOutOfRange(days=days, limit=limit)
    return days
