"""Everything a hold must know about its requester, read at once."""

from collections import defaultdict
from dataclasses import dataclass, field

from bot.core.models import Requester
from bot.database.transaction import Transaction
from bot.quota.members import Member
from bot.quota.meters import Values
from bot.quota.rules import EVERYONE, SERVER, Limit, LimitSet, Period, role, user

_MEMBER, _ANONYMOUS = "member", "anonymous"  # no subject of a limit is called so


@dataclass(slots=True)
class Standing:
    """Where a person stands in a server: the limits that concern them, and what was decided.

    ``user_id`` is whom their charges belong to: a pseudonym after their data was deleted.
    """

    user_id: int
    member: Member = field(default_factory=Member)
    limits: defaultdict[str, LimitSet] = field(default_factory=lambda: defaultdict(tuple))


def read_standing(rows: Transaction, requester: Requester, *, pseudonym: int) -> Standing:
    """Read a requester's standing, in one statement: every hold asks."""
    subjects = (user(requester.user_id), *map(role, requester.role_ids), EVERYONE, SERVER)
    values = Values()
    server_id = values.add(requester.server_id)
    found = rows.query(
        f"""
        SELECT subject, period, credits,
               CAST(NULL AS BIGINT) AS reset_at,
               CAST(NULL AS TEXT) AS block_reason
        FROM limits
        WHERE server_id = {server_id}
        AND subject IN ({", ".join(values.add(subject) for subject in subjects)})
        UNION ALL
        SELECT '{_MEMBER}', NULL, granted, reset_at, block_reason
        FROM members
        WHERE server_id = {server_id} AND user_id = {values.add(requester.user_id)}
        UNION ALL
        SELECT '{_ANONYMOUS}', NULL, user_id, NULL, NULL
        FROM anonymous
        WHERE user_id = {values.add(pseudonym)}
        """,
        *values.all,
    )
    standing = Standing(requester.user_id)
    for row in found:
        if row["subject"] == _MEMBER:
            standing.member = Member(row["credits"], row["reset_at"], row["block_reason"])
        elif row["subject"] == _ANONYMOUS:
            standing.user_id = pseudonym
        else:
            limit = Limit(row["credits"], Period(row["period"]))
            standing.limits[row["subject"]] += (limit,)
    return standing
