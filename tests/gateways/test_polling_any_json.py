import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gateways.gateway import AsyncSettings, PollSettings
from tests.gateways.generation_harness import make_model, run_generation
from tests.gateways.replay_gateway import http_reply, replay_gateway

PAINTER = make_model("painter", timeout_s=5)
ACCEPTED = http_reply(200, {"task_id": "t-1"})
ALWAYS = AsyncSettings(mode="always")
KEYS = [
    *("data", "result", "output", "results", "images", "url", "b64_json", "usage", "input_tokens"),
    *("task_id", "id", "poll_url", "status", "state", "progress", "progress_pct"),
    *("error", "code", "message", "fail_reason"),
]
Json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**400)
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["succeeded", "FAILURE", "running", "NOT_FOUND", "43%", "/files/a.png"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=12,
)
Looks = st.builds(
    lambda look, spoil: json.dumps(look).encode()[: -spoil or None],
    Json,
    st.just(0) | st.integers(0, 30),
) | st.binary(max_size=60)


@settings(max_examples=150, deadline=None)
@given(
    bodies=st.lists(Looks, min_size=1, max_size=3),
    status=st.sampled_from([200, 200, 202, 301, 400, 404, 500]),
)
async def test_any_look_is_pictures_or_a_failure(bodies: list[bytes], status: int) -> None:
    """Never another exception, never a hang, never a second order."""
    looks = [http_reply(status, body) for body in bodies]
    ends = [http_reply(200, {"status": "failed"})] * 9
    with tempfile.TemporaryDirectory() as folder:
        async with replay_gateway(ACCEPTED, *looks, *ends) as raw:
            gateway = raw.gateway(asynchronous=ALWAYS, poll=PollSettings(budget_s=9))
            result = await run_generation(gateway, Path(folder), known=PAINTER)
        assert result.failure or result.pictures
        assert raw.posts == 1
        assert set(result.left) <= {".png", ".raw"}


@settings(max_examples=100, deadline=None)
@given(body=Looks, asynchronous=st.sampled_from([ALWAYS, AsyncSettings()]))
async def test_any_answer_to_an_order(body: bytes, asynchronous: AsyncSettings) -> None:
    """Pictures, a task or a failure, whether or not tasks are expected."""
    ends = [http_reply(200, {"status": "failed"})] * 9
    with tempfile.TemporaryDirectory() as folder:
        async with replay_gateway(http_reply(200, body), *ends) as raw:
            gateway = raw.gateway(asynchronous=asynchronous)
            result = await run_generation(gateway, Path(folder), known=PAINTER)
        assert result.failure or result.pictures
