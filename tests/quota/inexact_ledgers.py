"""Ledgers without a part of what makes them exact: tests must see that they are not."""

from collections.abc import Sequence
from dataclasses import replace
from secrets import token_hex
from typing import Any

from bot.database.transaction import Transaction
from bot.quota.ledger import Ledger
from bot.quota.levels import LimitCheck
from bot.quota.locks import LimitLocks


class _NoLocks(LimitLocks):
    def lock(
        self, tx: Transaction, checks: Sequence[LimitCheck], *, server_id: int
    ) -> list[LimitCheck]:
        return list(checks)


class _NoMargin(LimitLocks):
    def lock(
        self, tx: Transaction, checks: Sequence[LimitCheck], *, server_id: int
    ) -> list[LimitCheck]:
        locked = super().lock(tx, checks, server_id=server_id)
        return [replace(check, margin=0) for check in locked]


class LedgerWithoutLocks(Ledger):
    """Two holds of one person, or of one total, may decide at the same time."""

    def __init__(self, **options: Any) -> None:  # those of Ledger
        super().__init__(**options)
        self._locks = _NoLocks(self._now)

    def person_lock(self, user_id: int) -> str:
        """Return a lock that nobody else takes."""
        return f"nobody:{token_hex(8)}"


class LedgerWithoutMargin(Ledger):
    """Those who share a total leave nothing for the others."""

    def __init__(self, **options: Any) -> None:  # those of Ledger
        super().__init__(**options)
        self._locks = _NoMargin(self._now)
