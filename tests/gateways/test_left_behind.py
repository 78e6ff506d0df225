from contextlib import aclosing
from pathlib import Path

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.events import Task
from tests.gateways.art import b64, picture
from tests.gateways.crew import crew, told
from tests.gateways.raw_gateway import http, raw_gateway

RUNNING = http(200, {"status": "running"})
DONE = http(200, {"status": "succeeded", "data": [{"b64_json": b64(picture())}]})


async def test_a_task_of_a_dead_process_is_looked_at_on(tmp_path: Path) -> None:
    """It was paid: a restart must not lose it."""
    async with raw_gateway(RUNNING, DONE) as raw, crew(tmp_path, raw.gateway()) as one:
        heard = await told(one.router.resume(one.order(), gateway="raw", task_id="t-1"))
    assert [type(event).__name__ for event in heard.events] == ["Progress", "Received"]
    assert raw.posts == 0


async def test_a_task_whose_place_the_gateway_gave(tmp_path: Path) -> None:
    """The next process finds it there, too; a stranger's place is none."""
    accepted = http(202, {"id": "t-1", "poll_url": "/jobs/t-1?a=b"})
    answers = accepted, RUNNING, DONE, DONE
    async with raw_gateway(*answers) as raw, crew(tmp_path, raw.gateway()) as one:
        async with aclosing(one.router.paint(one.order())) as events:
            task = [await anext(events) for _ in range(3)][1]
        assert isinstance(task, Task)
        for name in (task.task_id, "//stranger.example/x"):
            heard = await told(one.router.resume(one.order(), gateway="raw", task_id=name))
            assert heard.has_pictures
    asked = [request.split(b" ")[1] for request in raw.requests[1:]]
    assert asked[:2] == [b"/jobs/t-1?a=b"] * 2
    assert asked[2] == b"/v1/images/tasks/%2F%2Fstranger.example%2Fx"


async def test_a_task_of_a_dead_process_that_failed(tmp_path: Path) -> None:
    """Its end is told like any other."""
    failed = http(200, {"status": "failed"}, {"x-request-id": "req_7"})
    async with raw_gateway(failed) as raw, crew(tmp_path, raw.gateway()) as one:
        heard = await told(one.router.resume(one.order(), gateway="raw", task_id="t-1"))
    assert (heard.failed.kind, heard.failed.billed) == (Kind.TASK_FAILED, Billed.MAYBE)
    assert heard.failed.request_id == "req_7"


async def test_addresses_of_a_dead_process_are_fetched(tmp_path: Path) -> None:
    """The journal has them; no more than were ordered, and broken ones are left out."""
    file = http(200, picture())
    async with raw_gateway(file, file) as raw, crew(tmp_path, raw.gateway()) as one:
        urls = ["http://[", *(f"{raw.origin}/{name}" for name in "abc")]
        heard = await told(one.router.fetch(one.order(n=2), gateway="raw", urls=urls))
    assert heard.has_pictures
    assert len(raw.requests) == 2


async def test_addresses_of_a_dead_process_that_expired(tmp_path: Path) -> None:
    """The pictures were made and paid for."""
    async with raw_gateway(http(404)) as raw, crew(tmp_path, raw.gateway()) as one:
        urls = [f"{raw.origin}/a"]
        heard = await told(one.router.fetch(one.order(), gateway="raw", urls=urls))
    assert (heard.failed.kind, heard.failed.billed) == (Kind.DOWNLOAD_FAILED, Billed.YES)


async def test_a_disk_that_refuses_a_task_of_a_dead_process(tmp_path: Path) -> None:
    """The task may be made all the same."""
    (tmp_path / "file").touch()
    async with raw_gateway() as raw, crew(tmp_path / "file", raw.gateway()) as one:
        heard = await told(one.router.resume(one.order(), gateway="raw", task_id="t-1"))
    assert (heard.failed.kind, heard.failed.billed) == (Kind.DISK_FULL, Billed.MAYBE)
