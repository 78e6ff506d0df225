"""Database rows of limits, members and costs, which admins decide."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.core.models import Requester
from bot.database.transaction import Row, Transaction
from bot.quota.levels import EVERY_SERVER, ChargeOrigin, Member, RequesterLimits, subjects_of
from bot.quota.limits import Limit, LimitSet, Period
from bot.quota.meters import Parameters

CostKey = tuple[int, str, str]
"""The server, the model and the quality."""

# No subject of a limit is called so.
_MEMBER, _ANONYMOUS, _EVERYWHERE = "member", "anonymous", "everywhere"
_DOUBTFUL = "doubtful"


# --- what a request asks ----------------------------------------------------------------------


def ask_requester_limits(
    rows: Transaction, requester: Requester, *, pseudonym: int, since: int
) -> Callable[[], RequesterLimits]:
    """Ask for the limits and decisions that apply to a requester, in one statement.

    ``since`` is from when on their doubtful jobs count, in milliseconds since the epoch.
    """
    parameters = Parameters()
    either = parameters.add(requester.user_id), parameters.add(pseudonym)
    server_id = parameters.add(requester.server_id)
    found = rows.later(
        f"""
        SELECT subject, period, credits,
               CAST(NULL AS BIGINT) AS reset_at,
               CAST(NULL AS TEXT) AS block_reason
        FROM limits
        WHERE server_id = {server_id}
        AND subject IN ({", ".join(parameters.add(subject) for subject in subjects_of(requester))})
        UNION ALL
        SELECT '{_MEMBER}', NULL, granted, reset_at, block_reason
        FROM members
        WHERE server_id = {server_id} AND user_id = {parameters.add(requester.user_id)}
        UNION ALL
        SELECT '{_EVERYWHERE}', NULL, NULL, NULL, block_reason
        FROM members
        WHERE server_id = {parameters.add(EVERY_SERVER)}
        AND user_id = {parameters.add(requester.user_id)}
        UNION ALL
        SELECT '{_ANONYMOUS}', NULL, user_id, real_id, NULL
        FROM anonymous
        WHERE user_id = {parameters.add(pseudonym)}
        UNION ALL
        SELECT '{_DOUBTFUL}', NULL, at, NULL, NULL
        FROM charges
        WHERE forgiven = 1 AND server_id = {server_id} AND user_id IN ({", ".join(either)})
        AND at > {parameters.add(since)}
        """,
        *parameters.values,
    )
    return lambda: _requester_limits(requester, pseudonym, found())


def _requester_limits(
    requester: Requester, pseudonym: int, found: Sequence[Row]
) -> RequesterLimits:
    found_limits = RequesterLimits(requester, ChargeOrigin.of(requester))
    for row in found:
        if row["subject"] == _MEMBER:
            found_limits.member = Member(row["credits"], row["reset_at"], row["block_reason"])
        elif row["subject"] == _EVERYWHERE:
            found_limits.everywhere = row["block_reason"]
        elif row["subject"] == _DOUBTFUL:
            found_limits.doubtful.append(row["credits"])
        elif row["subject"] == _ANONYMOUS:
            found_limits.origin = replace(found_limits.origin, user_id=pseudonym)
            found_limits.is_moving = row["reset_at"] is not None
        else:
            limit = Limit(row["credits"], Period(row["period"]))
            found_limits.limits[row["subject"]] += (limit,)
    return found_limits


# --- limits -----------------------------------------------------------------------------------


def read_limits(rows: Transaction, server_id: int, *subjects: str) -> dict[str, LimitSet]:
    """Return a server's limits by subject: those of the subjects, or all when none is named."""
    parameters = Parameters()
    server = parameters.add(server_id)
    named = ", ".join(parameters.add(subject) for subject in subjects)
    found = rows.query(
        f"""
        SELECT subject, period, credits
        FROM limits
        WHERE server_id = {server} {f"AND subject IN ({named})" if named else ""}
        """,
        *parameters.values,
    )
    limits = defaultdict[str, LimitSet](tuple)
    for row in found:
        limits[row["subject"]] += (Limit(row["credits"], Period(row["period"])),)
    return limits


def write_limit(tx: Transaction, server_id: int, subject: str, limit: Limit) -> None:
    """Set a subject's limit for its period."""
    tx.write(
        """
        INSERT INTO limits (server_id, subject, period, credits)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (server_id, subject, period) DO UPDATE SET credits = excluded.credits
        """,
        server_id,
        subject,
        limit.period,
        limit.credits,
    )


def delete_limit(tx: Transaction, server_id: int, subject: str, limit: Limit) -> None:
    """Remove a subject's limit."""
    tx.write(
        "DELETE FROM limits WHERE server_id = $1 AND subject = $2 AND period = $3",
        server_id,
        subject,
        limit.period,
    )


# --- members ----------------------------------------------------------------------------------


def read_member(rows: Transaction, server_id: int, user_id: int) -> Member:
    """Return what was decided about a person; the defaults, for most."""
    found = rows.one(
        """
        SELECT granted, reset_at, block_reason
        FROM members
        WHERE server_id = $1 AND user_id = $2
        """,
        server_id,
        user_id,
    )
    return Member(*found) if found else Member()


def read_members(rows: Transaction, server_id: int) -> dict[int, Member]:
    """Return a server's members who have grants left or are blocked, by their ids."""
    found = rows.query(
        """
        SELECT user_id, granted, reset_at, block_reason
        FROM members
        WHERE server_id = $1 AND (granted > 0 OR block_reason IS NOT NULL)
        """,
        server_id,
    )
    return {
        row["user_id"]: Member(row["granted"], row["reset_at"], row["block_reason"])
        for row in found
    }


def add_granted(tx: Transaction, server_id: int, user_id: int, credits: int) -> int:
    """Add to what is left of a person's grants, and return it."""
    (member,) = tx.query(
        """
        INSERT INTO members (server_id, user_id, granted)
        VALUES ($1, $2, $3)
        ON CONFLICT (server_id, user_id)
        DO UPDATE SET granted = members.granted + excluded.granted
        RETURNING granted
        """,
        server_id,
        user_id,
        credits,
    )
    return int(member["granted"])


def take_granted(tx: Transaction, server_id: int, user_id: int, credits: int) -> bool:
    """Take credits from a person's grants; return False, and take none, if fewer are left."""
    taken = tx.query(
        """
        UPDATE members
        SET granted = granted - $3
        WHERE server_id = $1 AND user_id = $2 AND granted >= $3
        RETURNING granted
        """,
        server_id,
        user_id,
        credits,
    )
    return bool(taken)


def take_unused(tx: Transaction, server_id: int, user_id: int, credits: int) -> tuple[int, int]:
    """Take credits from a person's grants, as far as they are left; return both balances."""
    member = tx.one_locked(
        "SELECT granted FROM members WHERE server_id = $1 AND user_id = $2", server_id, user_id
    )
    old = 0 if member is None else int(member["granted"])
    taken = min(old, credits)
    if taken:
        take_granted(tx, server_id, user_id, taken)
    return old, old - taken


def write_reset(tx: Transaction, server_id: int, user_id: int, at: int) -> None:
    """Set the time stamp before which the person's usage does not count."""
    tx.write(
        """
        INSERT INTO members (server_id, user_id, reset_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (server_id, user_id) DO UPDATE SET reset_at = excluded.reset_at
        """,
        server_id,
        user_id,
        at,
    )


def delete_block(tx: Transaction, server_id: int, user_id: int) -> bool:
    """Lift a person's block; return whether there was one."""
    lifted = tx.query(
        """
        UPDATE members
        SET block_reason = NULL
        WHERE server_id = $1 AND user_id = $2 AND block_reason IS NOT NULL
        RETURNING user_id
        """,
        server_id,
        user_id,
    )
    return bool(lifted)


def write_block(tx: Transaction, server_id: int, user_id: int, reason: str) -> None:
    """Block a person for a reason."""
    tx.write(
        """
        INSERT INTO members (server_id, user_id, block_reason)
        VALUES ($1, $2, $3)
        ON CONFLICT (server_id, user_id) DO UPDATE SET block_reason = excluded.block_reason
        """,
        server_id,
        user_id,
        reason,
    )


def read_member_ids(rows: Transaction, server_id: int) -> list[int]:
    """Return the people of a server about whom something was decided."""
    found = rows.query("SELECT user_id FROM members WHERE server_id = $1", server_id)
    return [row["user_id"] for row in found]


# --- costs ------------------------------------------------------------------------------------


def read_costs(rows: Transaction, server_id: int | None) -> dict[CostKey, int]:
    """Return the costs that a server has set, or with None those of every server."""
    found = rows.query(
        f"""
        SELECT server_id, model, quality, credits
        FROM credit_costs
        {"" if server_id is None else "WHERE server_id = $1"}
        ORDER BY server_id, model, quality
        """,
        *(() if server_id is None else (server_id,)),
    )
    return {(row["server_id"], row["model"], row["quality"]): row["credits"] for row in found}


def write_cost(tx: Transaction, key: CostKey, credits: int) -> None:
    """Set a cost."""
    tx.write(
        """
        INSERT INTO credit_costs (server_id, model, quality, credits)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (server_id, model, quality) DO UPDATE SET credits = excluded.credits
        """,
        *key,
        credits,
    )


def delete_cost(tx: Transaction, key: CostKey) -> None:
    """Remove a cost."""
    tx.write("DELETE FROM credit_costs WHERE server_id = $1 AND model = $2 AND quality = $3", *key)
