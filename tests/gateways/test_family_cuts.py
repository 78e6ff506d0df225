"""Every reply of every family, cut anywhere: no second payment, no half picture, no other error."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.models import Billed
from tests.gateways.family_contract import try_request
from tests.gateways.faults import cut
from tests.gateways.replay_gateway import RawReply
from tests.gateways.replayed_replies import Fault, Reply, Stage
from tests.gateways.test_exchange_any_framing import EXAMPLES, folder_in_memory
from tests.gateways.vendor_families import FAMILIES, recording_of

Places = st.floats(0, 1, exclude_max=True) | st.integers(0, 40)


def _ended(place: float, then: str) -> Fault:
    """Lose the rest of a reply: noticed by HTTP, or not at all."""

    def fault(reply: Reply) -> RawReply:
        if then != "unnoticed":
            return cut(min(place, len(reply.body)), then)(reply)
        kept = round(place * len(reply.body)) if isinstance(place, float) else place
        return reply.holding(reply.body[:kept]).raw()

    return fault


@pytest.mark.parametrize("name", FAMILIES)
@settings(
    max_examples=max(5, EXAMPLES // 4),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    place=Places, then=st.sampled_from(["close", "reset", "unnoticed"]), number=st.integers(0, 3)
)
async def test_a_reply_that_is_cut_anywhere(
    name: str, place: float, then: str, number: int
) -> None:
    """A whole picture, or a failure that does not say that nothing was paid."""
    stages: list[Stage] = sorted(await recording_of(name))
    stage = stages[number % len(stages)]
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as folder:
        faults = {stage: [_ended(place, then)]}
        trial = await try_request(name, Path(folder), faults, forever=True, timeout_s=60)
    # Where a button asks back, nothing is painted before the prompt is sent.
    is_before_prompt = (name, stage) == ("button that asks back", "submit")
    assert trial.outcome[1] is not Billed.NO or is_before_prompt
    assert trial.server.asked["submit"] == 1
