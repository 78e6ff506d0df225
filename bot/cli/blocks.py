"""``python -m bot block``, ``unblock`` and ``blocks``: who may request nothing in any server.

A running bot reads the blocks with each request, so that one applies at once.
"""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from bot.cli import imagine
from bot.cli.doctor.finding import print_line
from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.core.errors.quotas import NotBlocked
from bot.core.i18n.escaping import one_line
from bot.core.models import OPERATOR
from bot.database.opening import open_database
from bot.database.scheduled_copies import BACKUP_FOLDER
from bot.database.transaction import Transaction
from bot.quota.admin import MAX_REASON, Admin
from bot.quota.levels import EVERY_SERVER
from bot.settings.settings import Settings, database_url

Change = Callable[[Transaction], Sequence[str]]
"""Changes or reads the blocks; returns the lines that say so."""


def add_block_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``block``."""
    add_unblock_options(parser)
    parser.add_argument("--reason", default="", help="why; the person can read it")


def add_unblock_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``unblock``."""
    parser.add_argument("user", type=_user_id, metavar="USER", help="the person's id in Discord")


def _user_id(typed: str) -> int:
    if not (typed.isdecimal() and 0 < int(typed) < 2**63):
        raise argparse.ArgumentTypeError(
            f"{typed!r} is no id of a person: with Developer Mode on in Discord's settings, "
            "right-click them and choose Copy User ID"
        )
    return int(typed)


def run_blocks(settings: Settings, options: argparse.Namespace) -> int:
    """Run ``block``, ``unblock`` or ``blocks`` and return the exit code.

    Raises:
        StartRefused: the reason is too long, the person is not blocked, or the database cannot be
            used.
    """
    imagine.log_for_terminal(settings)
    clock = Clock()
    admin = Admin(server_quota=(), now=clock.now)
    if options.command == "blocks":
        change = partial(_list, admin)
    elif options.command == "block":
        change = partial(_block, admin, options.user, _checked_reason(options.reason))
    else:
        change = partial(_unblock, admin, options.user)
    for line in asyncio.run(_write(settings, clock, change)):
        print_line(line)
    return 0


async def _write(settings: Settings, clock: Clock, change: Change) -> Sequence[str]:
    url, backups = database_url(settings), settings.data_dir / BACKUP_FOLDER
    async with open_database(url, backup_dir=backups, now=clock.now, connections=1) as database:
        return await database.write(change)


def _checked_reason(typed: str) -> str:
    reason = typed.strip()
    if len(reason) > MAX_REASON:
        raise StartRefused(f"--reason is longer than {MAX_REASON} characters: shorten it.")
    return reason


def _block(admin: Admin, user_id: int, reason: str, tx: Transaction) -> Sequence[str]:
    admin.block(
        tx, server_id=EVERY_SERVER, user_id=user_id, reason=reason, actor_id=OPERATOR.user_id
    )
    return (f"{user_id} is blocked in every server, from their next request on.",)


def _unblock(admin: Admin, user_id: int, tx: Transaction) -> Sequence[str]:
    try:
        admin.unblock(tx, server_id=EVERY_SERVER, user_id=user_id, actor_id=OPERATOR.user_id)
    except NotBlocked:
        raise StartRefused(
            f"{user_id} is not blocked: python -m bot blocks lists who is."
        ) from None
    return (f"{user_id} is not blocked any more; what admins of servers decided stays.",)


def _list(admin: Admin, rows: Transaction) -> Sequence[str]:
    blocked = sorted(admin.members(rows, EVERY_SERVER).items())
    lines = [
        f"{user_id}  {one_line(member.block_reason or '-', MAX_REASON)}"
        for user_id, member in blocked
    ]
    return lines or ("Nobody is blocked.",)
