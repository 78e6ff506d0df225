"""The decisions of a server's admins, each with its audit entry."""

from collections.abc import Callable, Collection
from functools import partial

from bot.core.errors.quotas import (
    Blocked,
    BlockedEverywhere,
    CostOutOfRange,
    GrantOutOfRange,
    LimitAboveCeiling,
    LimitOutOfRange,
    NoSuchCost,
    NoSuchLimit,
    NotBlocked,
)
from bot.core.metrics import CREDITS, NO_METRICS, Metrics
from bot.database.transaction import Transaction
from bot.quota.admin_repository import (
    CostKey,
    add_granted,
    delete_block,
    delete_cost,
    delete_limit,
    read_costs,
    read_limits,
    read_member,
    read_members,
    take_unused,
    write_block,
    write_cost,
    write_limit,
    write_reset,
)
from bot.quota.audit import Action, Change, NewChange, read_changes, record
from bot.quota.levels import EVERY_SERVER, Member, user_subject
from bot.quota.limits import MAX_COST, MAX_CREDITS, Limit, LimitSet, Period, caps
from bot.quota.locks import limits_lock

MAX_REASON = 200  # characters
_THE_BOT = 0


class Admin:
    """Limits, grants, resets, blocks and costs of every server."""

    def __init__(
        self, *, server_quota: LimitSet, now: Callable[[], int], metrics: Metrics = NO_METRICS
    ) -> None:
        self._ceiling = server_quota
        self._clock = now
        self._metrics = metrics

    def set_limit(
        self, tx: Transaction, *, server_id: int, subject: str, limit: Limit, actor_id: int
    ) -> None:
        """Set a subject's limit for one period.

        Raises LimitOutOfRange, or LimitAboveCeiling when SERVER_QUOTA allows less per period.
        """
        self._check(limit)
        tx.lock(limits_lock(server_id))
        old = read_limits(tx, server_id, subject)[subject]
        replaced = next((str(was) for was in old if was.period == limit.period), None)
        write_limit(tx, server_id, subject, limit)
        change = NewChange(
            server_id, actor_id, Action.LIMIT_SET, subject, old=replaced, new=str(limit)
        )
        self._record(tx, change)

    def set_unlimited(
        self, tx: Transaction, *, server_id: int, subject: str, actor_id: int
    ) -> None:
        """Replace a subject's limits with "unlimited", which lifts its own level only."""
        tx.lock(limits_lock(server_id))
        if self.limits(tx, server_id).get(subject):
            self.remove_limit(
                tx, server_id=server_id, subject=subject, period=None, actor_id=actor_id
            )
        unlimited = Limit(None, Period.MONTH)
        self.set_limit(tx, server_id=server_id, subject=subject, limit=unlimited, actor_id=actor_id)

    def remove_limit(
        self, tx: Transaction, *, server_id: int, subject: str, period: Period | None, actor_id: int
    ) -> None:
        """Remove a subject's limit of that period, or all of them; raises NoSuchLimit."""
        tx.lock(limits_lock(server_id))
        old = read_limits(tx, server_id, subject)[subject]
        removed = [limit for limit in old if period in {None, limit.period}]
        if not removed:
            raise NoSuchLimit
        for limit in removed:
            delete_limit(tx, server_id, subject, limit)
            change = NewChange(server_id, actor_id, Action.LIMIT_REMOVED, subject, old=str(limit))
            self._record(tx, change)

    def subjects_gone(
        self, tx: Transaction, *, server_id: int, subjects: Collection[str], action: Action
    ) -> int:
        """Remove the limits of what was deleted in Discord, and return how many there were."""
        tx.lock(limits_lock(server_id))
        found = read_limits(tx, server_id, *subjects) if subjects else {}
        gone = [(subject, limit) for subject, limits in found.items() for limit in limits]
        for subject, limit in gone:
            delete_limit(tx, server_id, subject, limit)
            change = NewChange(server_id, _THE_BOT, action, subject, old=str(limit))
            self._record(tx, change)
        return len(gone)

    def limits(self, rows: Transaction, server_id: int) -> dict[str, LimitSet]:
        """Return the limits that the admins of a server have set, by subject."""
        return dict(read_limits(rows, server_id))

    def grant(
        self,
        tx: Transaction,
        *,
        server_id: int,
        user_id: int,
        credits: int,
        reason: str,
        actor_id: int,
    ) -> int:
        """Give a person extra credits, used when their own level is spent; return the balance.

        Raises GrantOutOfRange.
        """
        if not 1 <= credits <= MAX_CREDITS:
            raise GrantOutOfRange(credits=credits, limit=MAX_CREDITS)
        balance = add_granted(tx, server_id, user_id, credits)
        old, new = str(balance - credits), str(balance)
        change = NewChange(
            server_id, actor_id, Action.GRANTED, user_subject(user_id), old, new, reason
        )
        self._record(tx, change)
        self._count(tx, "granted", credits)
        return balance

    def undo_grant(self, tx: Transaction, *, server_id: int, user_id: int, credits: int) -> None:
        """Take a grant back, as far as it was not used yet; harmless where none is left."""
        old, new = take_unused(tx, server_id, user_id, credits)
        change = NewChange(
            server_id, _THE_BOT, Action.GRANTED, user_subject(user_id), str(old), str(new)
        )
        self._record(tx, change)

    def reset(self, tx: Transaction, *, server_id: int, user_id: int, actor_id: int) -> None:
        """Stop counting what a person used, for their own level; open holds still count."""
        write_reset(tx, server_id, user_id, self._clock())
        self._record(tx, NewChange(server_id, actor_id, Action.RESET, user_subject(user_id)))

    def block(
        self, tx: Transaction, *, server_id: int, user_id: int, reason: str, actor_id: int
    ) -> None:
        """Refuse a person's requests from now on, or change the reason.

        The server EVERY_SERVER is the operator's word for all of them.
        """
        write_block(tx, server_id, user_id, reason)
        change = NewChange(
            server_id, actor_id, Action.BLOCKED, user_subject(user_id), reason=reason
        )
        self._record(tx, change)

    def unblock(self, tx: Transaction, *, server_id: int, user_id: int, actor_id: int) -> None:
        """Accept a person's requests again; raises NotBlocked."""
        if not delete_block(tx, server_id, user_id):
            raise NotBlocked
        self._record(tx, NewChange(server_id, actor_id, Action.UNBLOCKED, user_subject(user_id)))

    def check_blocked(self, rows: Transaction, server_id: int, user_id: int) -> None:
        """Raise Blocked or BlockedEverywhere where a person may request nothing."""
        here, everywhere = (
            read_member(rows, server, user_id).block_reason for server in (server_id, EVERY_SERVER)
        )
        refuse_blocked(here, everywhere=everywhere)

    def decided(
        self, rows: Transaction, server_id: int
    ) -> tuple[dict[str, LimitSet], dict[int, Member]]:
        """Return a server's limits by subject, and its members with a grant or block."""
        return self.limits(rows, server_id), self.members(rows, server_id)

    def member(self, rows: Transaction, server_id: int, user_id: int) -> Member:
        """Return a person's grants, reset and block."""
        return read_member(rows, server_id, user_id)

    def members(self, rows: Transaction, server_id: int) -> dict[int, Member]:
        """Return a server's members who have grants left or are blocked, by their ids."""
        return read_members(rows, server_id)

    def set_cost(
        self,
        tx: Transaction,
        *,
        server_id: int,
        model: str,
        quality: str | None,
        credits: int,
        actor_id: int,
    ) -> None:
        """Set what a picture costs in a server; quality None is any. Raises CostOutOfRange."""
        if not 0 <= credits <= MAX_COST:
            raise CostOutOfRange(credits=credits, limit=MAX_COST)
        key = (server_id, model, quality or "")
        tx.lock(f"costs:{server_id}")
        old = read_costs(tx, server_id).get(key)
        write_cost(tx, key, credits)
        was = None if old is None else str(old)
        change = NewChange(server_id, actor_id, Action.COST_SET, _subject(key), was, str(credits))
        self._record(tx, change)

    def remove_cost(
        self, tx: Transaction, *, server_id: int, model: str, quality: str | None, actor_id: int
    ) -> None:
        """Remove a server's own cost of a picture; raises NoSuchCost."""
        key = (server_id, model, quality or "")
        tx.lock(f"costs:{server_id}")
        old = read_costs(tx, server_id).get(key)
        if old is None:
            raise NoSuchCost
        delete_cost(tx, key)
        change = NewChange(server_id, actor_id, Action.COST_REMOVED, _subject(key), old=str(old))
        self._record(tx, change)

    def costs(self, rows: Transaction, server_id: int | None) -> dict[CostKey, int]:
        """Return the costs of a server by (server, model, quality or ''), or with None all."""
        return read_costs(rows, server_id)

    def changes(
        self, rows: Transaction, server_id: int, *, most: int, skip: int = 0
    ) -> list[Change]:
        """Return what was changed in a server, the newest first."""
        return read_changes(rows, server_id, most=most, skip=skip)

    def _check(self, limit: Limit) -> None:
        if limit.credits is None:
            return
        if not 0 <= limit.credits <= MAX_CREDITS:
            raise LimitOutOfRange(credits=limit.credits, limit=MAX_CREDITS)
        for ceiling, period in caps(self._ceiling):
            if period == limit.period and limit.credits > ceiling:
                raise LimitAboveCeiling(credits=limit.credits, limit=ceiling, period=period)

    def _record(self, tx: Transaction, change: NewChange) -> None:
        record(tx, change, at=self._clock())

    def _count(self, tx: Transaction, kind: str, credits: int) -> None:
        if credits and self._metrics.is_on:
            tx.on_commit(partial(self._metrics.count, CREDITS, kind, by=credits))


def refuse_blocked(here: str | None, *, everywhere: str | None) -> None:
    """Raise BlockedEverywhere or Blocked for the reasons of a block; None is no block."""
    if everywhere is not None:
        raise BlockedEverywhere(reason=everywhere)
    if here is not None:
        raise Blocked(reason=here)


def _subject(key: CostKey) -> str:
    _, model, quality = key
    return f"cost:{model} {quality}".rstrip()
