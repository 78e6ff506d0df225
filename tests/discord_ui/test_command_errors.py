"""The one handler of errors: which sentence each kind gets."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.app_commands import AppCommandError

from bot.core.errors.jobs import ShuttingDown
from bot.core.i18n.texts import Texts
from bot.database.outage import DatabaseBusy
from bot.discord_ui.command_errors import error_for_person

COOLDOWN = app_commands.Cooldown(1, 60)


@app_commands.command()
async def draw(_: discord.Interaction, size: int) -> None:
    """Stand for any command."""


class _Never(app_commands.Transformer):
    """Stand for any option."""


OUTDATED = "old version of this command"
TABLE: list[tuple[AppCommandError, str]] = [
    (app_commands.CommandInvokeError(draw, ShuttingDown()), "about to restart"),
    (app_commands.CommandNotFound("old", []), OUTDATED),
    (app_commands.CommandSignatureMismatch(draw), OUTDATED),
    (app_commands.TransformerError("9", discord.AppCommandOptionType.integer, _Never()), OUTDATED),
    (app_commands.MissingPermissions(["manage_guild"]), "the permission Manage Server, so please"),
    (
        app_commands.BotMissingPermissions(["attach_files", "embed_links"]),
        "lacks the permission Attach Files, Embed Links here",
    ),
    (app_commands.CommandOnCooldown(COOLDOWN, 41.2), "again in 42 seconds"),
    (app_commands.CommandOnCooldown(COOLDOWN, 0.4), "again in 1 second."),
    (app_commands.NoPrivateMessage(), "only in servers"),
    (app_commands.MissingRole(1), "may not use this command here"),
    (app_commands.MissingAnyRole([1, 2]), "may not use this command here"),
    (app_commands.CheckFailure("a check of ours"), "may not use this command here"),
]
# These can only happen while commands are made or synced: no person waits for an answer.
WHILE_STARTING = {
    app_commands.CommandAlreadyRegistered,
    app_commands.CommandLimitReached,
    app_commands.CommandSyncFailure,
    app_commands.MissingApplicationID,
    app_commands.TranslationError,
}


def _kinds(root: type[AppCommandError] = AppCommandError) -> Iterator[type[AppCommandError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _kinds(kind)


@pytest.mark.parametrize(("error", "said"), TABLE)
def test_every_kind_of_command_error_has_a_sentence(error: AppCommandError, said: str) -> None:
    """Nobody reads "something went wrong" for what they could mend, or an admin could."""
    known = error_for_person(error)
    assert known is not None
    assert said in Texts().sentence(known)


def test_no_kind_of_command_error_is_forgotten() -> None:
    """A new discord.py with a new kind fails here, not in front of somebody."""
    told: set[Any] = {type(error) for error, _ in TABLE}
    assert {kind for kind in _kinds() if kind.__module__.startswith("discord.")} == (
        told | WHILE_STARTING
    )


def test_a_defect_is_no_kind_of_refusal() -> None:
    """It needs a reference for the person and a record for the operator."""
    assert error_for_person(app_commands.CommandInvokeError(draw, KeyError("x"))) is None
    assert error_for_person(KeyError("x")) is None


@pytest.mark.parametrize(
    "code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY]
)
def test_a_database_that_is_away_for_a_while_is_no_defect(code: int) -> None:
    """A command, a button or a form: whoever waits is asked to try again in a moment."""
    away = sqlite3.OperationalError("away")
    away.sqlite_errorcode = code
    for error in (away, app_commands.CommandInvokeError(draw, away)):
        assert isinstance(error_for_person(error), DatabaseBusy)
    away.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    assert error_for_person(away) is None
