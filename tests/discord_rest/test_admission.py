"""Who may call from where: what the operator allowed, and no more."""

import discord
import pytest

from bot.core.errors.base import Refusal
from bot.core.errors.jobs import ServerNotListed
from bot.core.i18n.texts import Texts
from bot.database.notifications import LocalNotifications
from bot.discord_ui.caller import Languages
from bot.discord_ui.client import AllowedPlaces, Client
from bot.discord_ui.command_errors import ServersOnly
from bot.discord_ui.command_records import CommandFile
from bot.preferences.preference_store import PreferenceStore
from tests.discord_rest.delivery import ChangePayload, Delivery, asked
from tests.discord_rest.events import SERVER, among_friends, directly, elsewhere

NOTHING = frozenset[str]()
DIRECT = frozenset({"direct"})
INSTALL = frozenset({"install"})


def client(delivery: Delivery, settings: frozenset[str], *servers: int) -> Client:
    """Return the bot of an operator who allows this."""
    return Client(
        texts=Texts(),
        languages=Languages(
            PreferenceStore(delivery.database, LocalNotifications(), now=lambda: 0)
        ),
        record=CommandFile(delivery.folder / "commands"),
        places=AllowedPlaces(
            frozenset(servers),
            direct_messages="direct" in settings,
            user_install="install" in settings,
        ),
    )


@pytest.mark.parametrize(
    ("change", "settings", "refused"),
    [
        (None, NOTHING, None),
        (directly, NOTHING, ServersOnly),
        (directly, INSTALL, ServersOnly),
        (directly, DIRECT, None),
        (among_friends, NOTHING, ServersOnly),
        (among_friends, DIRECT, ServersOnly),
        (among_friends, INSTALL, None),
        (elsewhere, NOTHING, ServerNotListed),
        (elsewhere, DIRECT, ServerNotListed),
        (elsewhere, INSTALL, None),
    ],
)
async def test_each_place_needs_its_own_setting(
    delivery: Delivery,
    change: ChangePayload | None,
    settings: frozenset[str],
    refused: type[Refusal] | None,
) -> None:
    """Both are off by default: whoever calls there paints with the operator's key."""
    async with delivery.process():
        interaction = asked(delivery, "imagine", change=change)
    assert _refusal(client(delivery, settings), interaction) is refused


async def test_a_server_that_is_not_listed_stays_out_where_it_let_the_bot_in(
    delivery: Delivery,
) -> None:
    """The operator's list is about servers; people with an installation of their own are none."""
    async with delivery.process():
        at_home = asked(delivery, "imagine")
        abroad = asked(delivery, "imagine", change=elsewhere)
    strict = client(delivery, DIRECT | INSTALL, SERVER + 1)
    assert _refusal(strict, at_home) is ServerNotListed
    assert _refusal(strict, abroad) is None
    assert _refusal(client(delivery, NOTHING, SERVER), at_home) is None


def _refusal(client: Client, interaction: discord.Interaction) -> type[Refusal] | None:
    try:
        client.admit(interaction)
    except Refusal as refusal:
        return type(refusal)
    return None
