"""The painter's tasks: taken at once, looked at until they are done."""

import asyncio
import json
from pathlib import Path
from typing import Any

from yarl import URL

from bot.gateways.events import TaskProgress
from bot.gateways.gateway import AsyncSettings, PollSettings
from tests.gateways.generation_harness import run_generation
from tests.playground.painter_client import (
    EDIT,
    GENERATE,
    ORDER,
    SMALL,
    Client,
    data_uri,
    gateway_of,
    plain,
    serving,
)

ASYNC = {"async": "true"}


class ManualClock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


async def submit(client: Client, path: str = GENERATE, **changes: object) -> str:
    """Order a task and return its id."""
    async with client.post(path, params=ASYNC, json=ORDER | changes) as answer:
        reply = await answer.json()
        assert answer.status == 200, reply
    assert reply | {"data": ""} == {"code": "success", "message": "", "data": ""}
    assert isinstance(reply["data"], str)
    return reply["data"]


async def look(client: Client, task_id: str) -> dict[str, Any]:
    """Look at a task."""
    async with client.get(f"/v1/images/tasks/{task_id}") as answer:
        assert answer.status == 200
        reply = await answer.json()
    assert (reply["code"], reply["message"]) == ("success", "")
    facts: dict[str, Any] = reply["data"]
    assert facts["task_id"] == task_id
    return facts


async def done(client: Client, task_id: str) -> dict[str, Any]:
    """Look until a task is over."""
    for _ in range(2000):
        facts = await look(client, task_id)
        if facts["status"] != "IN_PROGRESS":
            return facts
        await asyncio.sleep(0.005)
    raise AssertionError("it never ends")


async def status_of(client: Client, task_id: str) -> int:
    """Return the status of a look."""
    async with client.get(f"/v1/images/tasks/{task_id}") as answer:
        return answer.status


async def test_a_task_ends_with_the_plain_reply() -> None:
    """The pictures lie where new-api puts them, in base64 or at an address."""
    async with serving(now=ManualClock()) as client:
        facts = await done(client, await submit(client))
        async with client.post(GENERATE, json=ORDER) as answer:
            assert facts["data"] == await answer.json()
        by_url = await done(client, await submit(client, response_format="url"))
        async with client.get(URL(by_url["data"]["data"][0]["url"]).path) as answer:
            assert answer.content_type == "image/png"
    assert (facts["status"], facts["progress"], facts["fail_reason"]) == ("SUCCESS", "100%", "")
    assert facts["finish_time"] == facts["submit_time"] == 1_700_000_000


async def test_an_edit_can_be_a_task() -> None:
    """The same envelope on the other path."""
    async with serving() as client:
        images = [{"image_url": data_uri(plain())}]
        facts = await done(client, await submit(client, EDIT, images=images))
    assert facts["action"] == "image_edit"
    assert "your reference" in facts["data"]["data"][0]["revised_prompt"]


async def test_a_task_tells_how_far_it_is() -> None:
    """A bar can be drawn, which never says that it is done before it is."""
    clock = ManualClock()
    async with serving(now=clock, latency_s=1000) as client:
        task_id = await submit(client)
        seen = []
        for spent_s in (0, 430, 2000):
            clock.now_s = 1_700_000_000.0 + spent_s
            facts = await look(client, task_id)
            seen.append((facts["status"], facts["progress"], facts["finish_time"], facts["data"]))
    assert seen == [("IN_PROGRESS", f"{share}%", 0, None) for share in (0, 43, 99)]


async def test_a_task_that_fails_says_why() -> None:
    """Bad luck happens after the order was taken."""
    async with serving(fail_rate=1) as client:
        facts = await done(client, await submit(client))
    assert (facts["status"], facts["progress"], facts["data"]) == ("FAILURE", "100%", None)
    assert "failed on purpose" in facts["fail_reason"]


async def test_a_wrong_order_becomes_no_task() -> None:
    """It is refused at once, as any other; a stream and a task exclude each other."""
    for changes in ({"n": 9}, {"prompt": "forbidden"}, {"stream": True}):
        async with serving() as client:
            answer = await client.post(GENERATE, params=ASYNC, json=ORDER | changes)
            assert answer.status == 400
            assert "error" in await answer.json()


async def test_async_false_is_a_plain_order() -> None:
    """Only "true" asks for a task."""
    async with (
        serving() as client,
        client.post(GENERATE, params={"async": "false"}, json=ORDER) as answer,
    ):
        assert set(await answer.json()) == {"created", "data", "size", "usage"}


async def test_an_unknown_task_is_answered_as_documented() -> None:
    """The status 400 and a body that is not OpenAI's."""
    async with serving() as client, client.get("/v1/images/tasks/7") as answer:
        assert answer.status == 400
        assert await answer.json() == {
            "code": "task_not_exist",
            "message": "task_not_exist",
            "data": None,
        }


async def test_only_the_latest_tasks_are_kept() -> None:
    """Memory is bounded: with room for two, the first of three that are done is gone."""
    async with serving(capacity=2) as client:
        ids = [await submit(client, seed=seed) for seed in (1, 2)]
        for task_id in ids:
            await done(client, task_id)
        ids.append(await submit(client, seed=3))
        assert [await status_of(client, task_id) for task_id in ids] == [400, 200, 200]


async def test_too_many_tasks_at_once_are_refused() -> None:
    """No task that somebody waits for is thrown away."""
    async with serving(capacity=2, latency_s=1000) as client:
        ids = [await submit(client) for _ in range(2)]
        async with client.post(GENERATE, params=ASYNC, json=ORDER) as answer:
            assert answer.status == 429
            assert (await answer.json())["error"]["code"] == "rate_limit_exceeded"
        assert [await status_of(client, task_id) for task_id in ids] == [200, 200]


async def test_the_bot_waits_for_a_task(tmp_path: Path) -> None:
    """Our client gets through, with progress on the way."""
    by_query = AsyncSettings(mode="query", query=ASYNC)
    async with serving(latency_s=0.05) as client:
        poll = PollSettings(interval_s=0.1)
        gateway = gateway_of(client, asynchronous=by_query, poll=poll)
        painted = await run_generation(gateway, tmp_path / "job", size=SMALL)
    assert painted.names[:2] == ["Sending", "TaskAccepted"]
    assert any(isinstance(event, TaskProgress) for event in painted.events)
    assert painted.pictures[0].width == 256


async def test_the_bot_hears_why_a_task_failed(tmp_path: Path) -> None:
    """The reason is the painter's own sentence."""
    by_query = AsyncSettings(mode="query", query=ASYNC)
    async with serving(fail_rate=1) as client:
        gateway = gateway_of(client, asynchronous=by_query)
        painted = await run_generation(gateway, tmp_path / "job", size=SMALL)
    assert "failed on purpose" in json.dumps(str(painted.failed.detail))
