"""What admins and Discord change while everything goes on."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from bot.core.errors.quotas import NoSuchCost, NoSuchLimit, NotBlocked
from bot.quota.audit import Action
from bot.quota.levels import EVERYONE, SERVER, role_subject, user_subject
from bot.quota.limits import Limit, Period
from tests.quota.ledger_driver import ADMIN
from tests.quota.state_machine import MEMBERS, LedgerStateMachine

SERVER_IDS = [10, 10, 10, 11]
SUBJECTS = [
    user_subject(1),
    role_subject(7),
    role_subject(8),
    role_subject(7),
    role_subject(8),
    EVERYONE,
    SERVER,
]
LIMITS = st.builds(Limit, st.sampled_from([None, 0, 2, 3, 5, 8]), st.sampled_from(Period))
REASONS = st.sampled_from(["", "a reason"])
PICTURES = st.tuples(st.sampled_from(["painter", "sketcher"]), st.sampled_from([None, "high"]))


LIMITED = (st.sampled_from(SERVER_IDS), st.sampled_from(SUBJECTS))
WORDS = {
    "change_roles": (st.sampled_from(MEMBERS), st.sampled_from([(), (7,), (8,), (7, 8), (9,)])),
    "set_limit": (*LIMITED, LIMITS),
    "remove_limits": (*LIMITED, st.none() | st.sampled_from(Period)),
    "roles_gone": (st.sampled_from(SERVER_IDS), st.sampled_from([(), (7,), (7, 8), (9,)])),
    "grant": (st.sampled_from(MEMBERS), st.integers(1, 6), REASONS),
    "reset": (st.sampled_from(MEMBERS),),
    "block": (st.sampled_from(MEMBERS), st.none() | REASONS),
    "change_cost": (st.sampled_from(SERVER_IDS), PICTURES, st.none() | st.integers(0, 9)),
}
SAID = st.one_of(
    *(st.tuples(st.just(word), st.tuples(*arguments)) for word, arguments in WORDS.items())
)


class AdminRules(LedgerStateMachine):
    """Every command of an admin, at any moment."""

    @rule(said=st.lists(SAID, min_size=1, max_size=3))
    def decide(self, said: list[tuple[str, tuple[object, ...]]]) -> None:
        """Say some of it: one rule for all, so that holds stay as frequent as commands."""
        for word, arguments in said:
            getattr(self, word)(*arguments)

    def change_roles(self, person: tuple[int, int], roles: tuple[int, ...]) -> None:
        """Change what Discord says about somebody."""
        self.roles[person] = roles

    def set_limit(self, server_id: int, subject: str, limit: Limit) -> None:
        """Set a limit as an admin, unless the operator's ceiling is lower."""
        limits = self.model.limits.setdefault((server_id, subject), {})
        old = str(Limit(limits[limit.period], limit.period)) if limit.period in limits else None
        self.change(
            lambda tx: self.driver.ledger.set_limit(
                tx, server_id=server_id, subject=subject, limit=limit, actor_id=ADMIN
            )
        )
        limits[limit.period] = limit.credits
        self.audited(server_id, "limit-set", subject, old, str(limit))

    def remove_limits(self, server_id: int, subject: str, period: Period | None) -> None:
        """Remove what is there as an admin."""
        removed = self.removed(server_id, subject, period)
        was_removed = self.unless(
            NoSuchLimit,
            lambda tx: self.driver.ledger.remove_limit(
                tx, server_id=server_id, subject=subject, period=period, actor_id=ADMIN
            ),
        )
        assert was_removed == bool(removed)
        for limit in removed:
            self.audited(server_id, "limit-removed", subject, str(limit), None)

    def roles_gone(self, server_id: int, role_ids: tuple[int, ...]) -> None:
        """Delete roles in Discord."""
        subjects = [role_subject(role_id) for role_id in role_ids]
        gone = self.change(
            lambda tx: self.driver.ledger.subjects_gone(
                tx, server_id=server_id, subjects=subjects, action=Action.ROLE_GONE
            )
        )
        for subject in subjects:
            for limit in self.removed(server_id, subject, None):
                self.audited(server_id, "role-gone", subject, str(limit), None, actor_id=0)
                gone -= 1
        assert gone == 0

    def removed(self, server_id: int, subject: str, period: Period | None) -> list[Limit]:
        """Remove limits from the model."""
        limits = self.model.limits.get((server_id, subject), {})
        periods = [each for each in limits if period in {None, each}]
        return [Limit(limits.pop(each), each) for each in periods]

    def grant(self, person: tuple[int, int], credits: int, reason: str) -> None:
        """Give somebody credits as an admin."""
        member, (user_id, server_id) = self.model.member(self.who(person)), person
        balance = self.change(
            lambda tx: self.driver.ledger.grant(
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
        self.audited(
            server_id, "granted", user_subject(user_id), str(old), str(balance), reason=reason
        )

    def reset(self, person: tuple[int, int]) -> None:
        """Reset somebody as an admin."""
        user_id, server_id = person
        self.change(
            lambda tx: self.driver.ledger.reset(
                tx, server_id=server_id, user_id=user_id, actor_id=ADMIN
            )
        )
        self.model.member(self.who(person)).reset_at = self.clock.ms
        self.audited(server_id, "reset", user_subject(user_id), None, None)
        self.check_usage(self.who(person))

    def block(self, person: tuple[int, int], reason: str | None) -> None:
        """Block somebody as an admin, or without a reason lift the block, if there is one."""
        user_id, server_id = person
        member = self.model.member(self.who(person))
        if reason is None:
            was_lifted = self.unless(
                NotBlocked,
                lambda tx: self.driver.ledger.unblock(
                    tx, server_id=server_id, user_id=user_id, actor_id=ADMIN
                ),
            )
            assert was_lifted == (member.block_reason is not None)
            action = "unblocked" if was_lifted else None
        else:
            self.change(
                lambda tx: self.driver.ledger.block(
                    tx, server_id=server_id, user_id=user_id, reason=reason, actor_id=ADMIN
                )
            )
            action = "blocked"
        member.block_reason = reason
        if action:
            self.audited(server_id, action, user_subject(user_id), None, None, reason=reason)

    def change_cost(
        self, server_id: int, picture: tuple[str, str | None], credits: int | None
    ) -> None:
        """Set what a picture costs as an admin, or with None remove the cost, if there is one."""
        model, quality = picture
        key = server_id, model, quality or ""
        old = self.model.costs.pop(key, None)
        was = None if old is None else str(old)
        if credits is None:
            was_removed = self.unless(
                NoSuchCost,
                lambda tx: self.driver.ledger.remove_cost(
                    tx, server_id=server_id, model=model, quality=quality, actor_id=ADMIN
                ),
            )
            assert was_removed == (old is not None)
            if was_removed:
                self.audited(server_id, "cost-removed", _cost(*picture), was, None)
            return
        self.change(
            lambda tx: self.driver.ledger.set_cost(
                tx,
                server_id=server_id,
                model=model,
                quality=quality,
                credits=credits,
                actor_id=ADMIN,
            )
        )
        self.model.costs[key] = credits
        self.audited(server_id, "cost-set", _cost(*picture), was, str(credits))


def _cost(model: str, quality: str | None) -> str:
    return f"cost:{model} {quality}" if quality else f"cost:{model}"
