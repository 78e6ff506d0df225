"""What admins and Discord change while everything goes on."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from bot.errors import NoSuchCost, NoSuchLimit, NotBlocked
from bot.ledger import EVERYONE, SERVER, Limit, Period, role, user
from tests.ledger.machine_core import Core
from tests.ledger.till import ADMIN

MEMBERS = [(1, 10), (2, 10), (1, 11)]  # person and server
SERVER_IDS = [10, 10, 10, 11]
SUBJECTS = [user(1), role(7), role(8), role(7), role(8), EVERYONE, SERVER]
LIMITS = st.builds(Limit, st.sampled_from([None, 0, 2, 3, 5, 8]), st.sampled_from(Period))
REASONS = st.sampled_from(["", "a reason"])
PICTURES = st.tuples(st.sampled_from(["painter", "sketcher"]), st.sampled_from([None, "high"]))


class Admins(Core):
    """Every command of an admin, at any moment."""

    @rule(person=st.sampled_from(MEMBERS), roles=st.sampled_from([(), (7,), (8,), (7, 8), (9,)]))
    def change_roles(self, person: tuple[int, int], roles: tuple[int, ...]) -> None:
        """Change what Discord says about somebody."""
        self.roles[person] = roles

    @rule(user_id=st.sampled_from([1, 2]))
    def make_anonymous(self, user_id: int) -> None:
        """Delete somebody's data."""
        self.change(lambda tx: self.till.ledger.make_anonymous(tx, user_id))
        self.model.anonymous.add(user_id)

    @rule(server_id=st.sampled_from(SERVER_IDS), subject=st.sampled_from(SUBJECTS), limit=LIMITS)
    def set_limit(self, server_id: int, subject: str, limit: Limit) -> None:
        """Set a limit as an admin, unless the operator's ceiling is lower."""
        limits = self.model.limits.setdefault((server_id, subject), {})
        old = str(Limit(limits[limit.period], limit.period)) if limit.period in limits else None
        self.change(
            lambda tx: self.till.ledger.set_limit(
                tx, server_id=server_id, subject=subject, limit=limit, actor_id=ADMIN
            )
        )
        limits[limit.period] = limit.credits
        self.audited(server_id, "limit-set", subject, old, str(limit))

    @rule(
        server_id=st.sampled_from(SERVER_IDS),
        subject=st.sampled_from(SUBJECTS),
        period=st.none() | st.sampled_from(Period),
    )
    def remove_limits(self, server_id: int, subject: str, period: Period | None) -> None:
        """Remove what is there as an admin."""
        removed = self.removed(server_id, subject, period)
        was_removed = self.unless(
            NoSuchLimit,
            lambda tx: self.till.ledger.remove_limit(
                tx, server_id=server_id, subject=subject, period=period, actor_id=ADMIN
            ),
        )
        assert was_removed == bool(removed)
        for limit in removed:
            self.audited(server_id, "limit-removed", subject, str(limit), None)

    @rule(server_id=st.sampled_from(SERVER_IDS), role_ids=st.sampled_from([(), (7,), (7, 8), (9,)]))
    def roles_gone(self, server_id: int, role_ids: tuple[int, ...]) -> None:
        """Delete roles in Discord."""
        gone = self.change(
            lambda tx: self.till.ledger.roles_gone(tx, server_id=server_id, role_ids=role_ids)
        )
        for role_id in role_ids:
            for limit in self.removed(server_id, role(role_id), None):
                self.audited(server_id, "role-gone", role(role_id), str(limit), None, actor_id=0)
                gone -= 1
        assert gone == 0

    def removed(self, server_id: int, subject: str, period: Period | None) -> list[Limit]:
        """Remove limits from the model."""
        limits = self.model.limits.get((server_id, subject), {})
        periods = [each for each in limits if period in {None, each}]
        return [Limit(limits.pop(each), each) for each in periods]

    @rule(person=st.sampled_from(MEMBERS), credits=st.integers(1, 6), reason=REASONS)
    def grant(self, person: tuple[int, int], credits: int, reason: str) -> None:
        """Give somebody credits as an admin."""
        member, (user_id, server_id) = self.model.member(self.who(person)), person
        balance = self.change(
            lambda tx: self.till.ledger.grant(
                tx,
                server_id=server_id,
                user_id=user_id,
                credits=credits,
                reason=reason,
                actor_id=ADMIN,
            )
        )
        old, member.granted = member.granted, member.granted + credits
        member.granted_in_all += credits
        assert balance == member.granted
        self.audited(server_id, "granted", user(user_id), str(old), str(balance), reason=reason)

    @rule(person=st.sampled_from(MEMBERS))
    def reset(self, person: tuple[int, int]) -> None:
        """Reset somebody as an admin."""
        user_id, server_id = person
        self.change(
            lambda tx: self.till.ledger.reset(
                tx, server_id=server_id, user_id=user_id, actor_id=ADMIN
            )
        )
        self.model.member(self.who(person)).reset_at = self.clock.ms
        self.audited(server_id, "reset", user(user_id), None, None)

    @rule(person=st.sampled_from(MEMBERS), reason=REASONS, often=st.integers(0, 3))
    def block(self, person: tuple[int, int], reason: str, often: int) -> None:
        """Block somebody as an admin, and most of the time think better of it."""
        user_id, server_id = person
        self.change(
            lambda tx: self.till.ledger.block(
                tx, server_id=server_id, user_id=user_id, reason=reason, actor_id=ADMIN
            )
        )
        self.model.member(self.who(person)).block_reason = reason
        self.audited(server_id, "blocked", user(user_id), None, None, reason=reason)
        if often:
            self.unblock(person)

    @rule(person=st.sampled_from(MEMBERS))
    def unblock(self, person: tuple[int, int]) -> None:
        """Lift a block, if there is one."""
        user_id, server_id = person
        member = self.model.member(self.who(person))
        was_lifted = self.unless(
            NotBlocked,
            lambda tx: self.till.ledger.unblock(
                tx, server_id=server_id, user_id=user_id, actor_id=ADMIN
            ),
        )
        assert was_lifted == (member.block_reason is not None)
        member.block_reason = None
        if was_lifted:
            self.audited(server_id, "unblocked", user(user_id), None, None)

    @rule(server_id=st.sampled_from(SERVER_IDS), picture=PICTURES, credits=st.integers(0, 9))
    def set_cost(self, server_id: int, picture: tuple[str, str | None], credits: int) -> None:
        """Set what a picture costs as an admin."""
        model, quality = picture
        self.change(
            lambda tx: self.till.ledger.set_cost(
                tx,
                server_id=server_id,
                model=model,
                quality=quality,
                credits=credits,
                actor_id=ADMIN,
            )
        )
        key = server_id, model, quality or ""
        old = self.model.costs.get(key)
        self.model.costs[key] = credits
        was = None if old is None else str(old)
        self.audited(server_id, "cost-set", _cost(*picture), was, str(credits))

    @rule(server_id=st.sampled_from(SERVER_IDS), picture=PICTURES)
    def remove_cost(self, server_id: int, picture: tuple[str, str | None]) -> None:
        """Remove a cost, if there is one."""
        model, quality = picture
        was_removed = self.unless(
            NoSuchCost,
            lambda tx: self.till.ledger.remove_cost(
                tx, server_id=server_id, model=model, quality=quality, actor_id=ADMIN
            ),
        )
        old = self.model.costs.pop((server_id, model, quality or ""), None)
        assert was_removed == (old is not None)
        if was_removed:
            self.audited(server_id, "cost-removed", _cost(*picture), str(old), None)


def _cost(model: str, quality: str | None) -> str:
    return f"cost:{model} {quality}" if quality else f"cost:{model}"
