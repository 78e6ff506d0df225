"""How many requests one person has made lately, in all servers together."""

from typing import Literal

from bot.core.errors.quotas import TooManyRequests
from bot.database.transaction import Transaction

MINUTE_MS = 60 * 1000


def check_request_rate(
    tx: Transaction,
    user_id: int,
    *,
    at: int,
    most: int,
    table: Literal["jobs", "text_requests"] = "jobs",
) -> None:
    """Refuse a request at a moment if the person has made ``most`` within a minute before it.

    It is exact under the person's lock, in the transaction that writes the request. What seems to
    be of a minute later, or more, is of a clock that was set back since.

    Raises:
        TooManyRequests
    """
    earlier = tx.one(
        f"SELECT created_at FROM {table} WHERE user_id = $1 AND created_at > $2 AND created_at < $3"
        " ORDER BY created_at DESC LIMIT 1 OFFSET $4",
        user_id,
        at - MINUTE_MS,
        at + MINUTE_MS,
        most - 1,
    )
    if earlier is not None:
        raise TooManyRequests(limit=most, frees_at=earlier["created_at"] + MINUTE_MS)
