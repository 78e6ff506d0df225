"""Tell somebody before they fill in a form that their request would be refused."""

import asyncio
import sqlite3

from bot.core.models import Requester
from bot.database.database import Database
from bot.database.outage import is_passing
from bot.database.transaction import Transaction
from bot.quota.ledger import Ledger

# A form must open within three seconds; without an answer it opens, and its request is checked.
MOST_WAIT_S = 1.5
_TRIED = "tried"


class _RolledBack(Exception):
    """The hold was possible, and is undone."""


async def check_credits(
    database: Database,
    ledger: Ledger,
    requester: Requester,
    *,
    credits: int,
    within_s: float = MOST_WAIT_S,
) -> None:
    """Try to hold so many credits, and undo it.

    It returns without an answer after ``within_s``, and where the database is locked or full.

    Raises:
        Refusal: what the request would be refused with, such as Blocked or QuotaSpent.
    """
    # A write cannot be cancelled: where the database is locked for long, it ends by itself.
    trying = asyncio.ensure_future(database.write(_try_to_hold, ledger, requester, credits))
    trying.add_done_callback(lambda tried: tried.cancelled() or tried.exception())
    done, _ = await asyncio.wait((trying,), timeout=within_s)
    try:
        if done:
            trying.result()
    except _RolledBack:
        return
    except sqlite3.Error as error:
        if not is_passing(error):
            raise


def _try_to_hold(tx: Transaction, ledger: Ledger, requester: Requester, credits: int) -> None:
    ledger.hold(tx, job_id=_TRIED, requester=requester, credits=credits)
    raise _RolledBack
