"""Try what somebody could request now, without holding it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from secrets import token_hex

from bot.core.errors.quotas import BudgetSpent, QuotaSpent
from bot.core.models import Requester
from bot.database.database import Database
from bot.database.errors import DATABASE_ERRORS
from bot.database.outage import is_passing
from bot.database.transaction import Transaction
from bot.quota.ledger import Ledger

# A form must open within three seconds; without an answer it opens, and its request is checked.
MOST_WAIT_S = 1.5


class _RolledBack(Exception):
    """The hold of so many pictures was possible, and is undone."""

    def __init__(self, pictures: int = 1) -> None:
        super().__init__(pictures)
        self.pictures = pictures


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
    await _try(database, partial(_try_to_hold, ledger, requester, credits), within_s)


async def most_affordable(
    database: Database,
    ledger: Ledger,
    requester: Requester,
    *,
    below: int,
    credits_each: int,
    price_each: int,
    within_s: float = MOST_WAIT_S,
) -> int:
    """Return how many pictures, fewer than ``below``, could be requested now; nothing is held.

    ``price_each`` is in micros. Without an answer of the database it is none.

    Raises:
        Refusal: what a request of any number would be refused with, such as Blocked.
    """
    each = credits_each, price_each
    return await _try(database, partial(_try_fewer, ledger, requester, below, each), within_s)


async def _try(
    database: Database, transaction: Callable[[Transaction], None], within_s: float
) -> int:
    """Run a transaction that undoes itself; return how many pictures it held, 0 without answer."""
    # A write cannot be cancelled: where the database is locked for long, it ends by itself.
    trying = asyncio.ensure_future(database.write(transaction))
    trying.add_done_callback(lambda tried: tried.cancelled() or tried.exception())
    done, _ = await asyncio.wait((trying,), timeout=within_s)
    try:
        if done:
            trying.result()
    except _RolledBack as held:
        return held.pictures
    except DATABASE_ERRORS as error:
        if not is_passing(error):
            raise
    return 0


def _try_to_hold(ledger: Ledger, requester: Requester, credits: int, tx: Transaction) -> None:
    ledger.hold(tx, job_id=_new_id(), requester=requester, credits=credits)
    raise _RolledBack


def _try_fewer(
    ledger: Ledger, requester: Requester, below: int, each: tuple[int, int], tx: Transaction
) -> None:
    credits, price = each
    for n in range(below - 1, 0, -1):
        with suppress(QuotaSpent, BudgetSpent):
            ledger.hold(
                tx, job_id=_new_id(), requester=requester, credits=n * credits, price=n * price
            )
            raise _RolledBack(n)


def _new_id() -> str:
    # Two transactions that insert the same id wait for each other.
    return f"tried-{token_hex(8)}"
