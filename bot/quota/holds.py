"""The row of a hold: written where every rule has room for it, and turned into a charge."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.database.transaction import Transaction
from bot.quota.allowance import Claim, all_hold, room
from bot.quota.meters import Charged, Values
from bot.quota.rules import HOUR_MS, split, split_back


@dataclass(frozen=True, slots=True)
class Hold:
    """What a job holds; ``at`` is in milliseconds since the epoch, ``user_id`` may be a pseudonym.

    Of ``credits`` the person's own level pays ``own_credits``, a grant the rest. ``price`` is what
    the operator is expected to pay, in millionths of their currency.
    """

    job_id: str
    server_id: int
    user_id: int
    at: int
    credits: int
    own_credits: int
    price: int

    @property
    def hour(self) -> int:
        """Return the hour that its meters count it in."""
        return self.at // HOUR_MS

    @property
    def granted(self) -> int:
        """Return what the grant pays."""
        return self.credits - self.own_credits

    @property
    def charged(self) -> Charged:
        """Return what it adds to the meters."""
        return {
            "own_credits": self.own_credits,
            "credits": self.credits,
            "operator_credits": self.credits,
            "price": self.price,
        }


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a hold: ``credits`` are charged, and ``operator_credits`` were made."""

    credits: int
    own_credits: int
    operator_credits: int
    price: int

    @property
    def granted(self) -> int:
        """Return what the grant paid."""
        return self.credits - self.own_credits

    def change(self, hold: Hold) -> Charged:
        """Return how its meters move."""
        return {
            "own_credits": self.own_credits - hold.own_credits,
            "credits": self.credits - hold.credits,
            "operator_credits": self.operator_credits - hold.credits,
            "price": self.price - hold.price,
        }


def placed(tx: Transaction, hold: Hold, claims: Sequence[Claim]) -> bool:
    """Write the hold where every claim's rule has room for it: the database decides."""
    values = Values()
    job_id, credits = values.add(hold.job_id), values.add_number(hold.credits)
    written = tx.one(
        f"""
        INSERT INTO charges (
            job_id, server_id, user_id, at, hour, state,
            asked, credits, operator_credits, own_credits, price
        )
        SELECT {job_id},
               {values.add_number(hold.server_id)},
               {values.add_number(hold.user_id)},
               {values.add_number(hold.at)},
               {values.add_number(hold.hour)},
               'held',
               {credits},
               {credits},
               {credits},
               {values.add_number(hold.own_credits)},
               {values.add_number(hold.price)}
        WHERE {all_hold(claims, hold.at, values)}
        RETURNING job_id
        """,
        *values.all,
    )
    return written is not None


def placed_with_grant(tx: Transaction, hold: Hold, claims: Sequence[Claim]) -> Hold | None:
    """Write the hold with a grant's help: it pays what the person's own level has no room for."""
    mine = next((claim for claim in claims if claim.granted), None)
    if mine is None:
        return None
    own = split(hold.credits, room=room(tx, mine, hold.at), granted=mine.granted)
    if own is None or own == hold.credits:
        return None
    helped = replace(hold, own_credits=own)
    less = [replace(claim, asked=own) if claim is mine else claim for claim in claims]
    return helped if placed(tx, helped, less) else None


def read_hold(rows: Transaction, job_id: str) -> Hold | None:
    """Return what a job holds; None when it holds nothing (any more)."""
    found = rows.one(
        """
        SELECT job_id, server_id, user_id, at, credits, own_credits, price
        FROM charges
        WHERE job_id = $1 AND state = 'held'
        """,
        job_id,
    )
    return Hold(*found) if found else None


def charge(
    tx: Transaction, hold: Hold, *, charged: int, made: int, price: int | None
) -> Settled | None:
    """Turn a hold into a charge; None when somebody else did."""
    if price is None:
        # Of what costs no credits nobody can say which part was made.
        price = -(-hold.price * made // hold.credits) if hold.credits else hold.price
    own = split_back(hold.own_credits, charged=charged)
    written = tx.one(
        """
        UPDATE charges
        SET state = 'settled', credits = $2, own_credits = $3, operator_credits = $4,
            price = $5, forgiven = $6
        WHERE job_id = $1 AND state = 'held'
        RETURNING job_id
        """,
        hold.job_id,
        charged,
        own,
        made,
        price,
        int(charged < made),
    )
    return Settled(charged, own, made, price) if written else None
