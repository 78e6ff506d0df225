from contextlib import aclosing
from pathlib import Path

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.events import Received, TaskAccepted
from tests.gateways.replay_gateway import http_reply, replay_gateway
from tests.gateways.router_harness import collect_events, open_router
from tests.gateways.sample_pictures import b64, picture_bytes

RUNNING = http_reply(200, {"status": "running"})
DONE = http_reply(200, {"status": "succeeded", "data": [{"b64_json": b64(picture_bytes())}]})


async def test_a_task_of_an_earlier_process_is_polled_on(tmp_path: Path) -> None:
    """It was paid for: a restart must not lose it."""
    async with replay_gateway(RUNNING, DONE) as raw, open_router(tmp_path, raw.gateway()) as one:
        heard = await collect_events(
            one.router.resume(one.new_request(), gateway="raw", task_id="t-1")
        )
    assert [type(event).__name__ for event in heard.events] == ["TaskProgress", "Received"]
    assert raw.posts == 0


async def test_a_task_whose_path_the_gateway_gave(tmp_path: Path) -> None:
    """The next process polls it there, too; a path on another host is ignored."""
    accepted = http_reply(202, {"id": "t-1", "poll_url": "/jobs/t-1?a=b"})
    answers = accepted, RUNNING, DONE, DONE
    async with replay_gateway(*answers) as raw, open_router(tmp_path, raw.gateway()) as one:
        async with aclosing(one.router.generate(one.new_request())) as events:
            task = [await anext(events) for _ in range(3)][1]
        assert isinstance(task, TaskAccepted)
        for name in (task.task_id, "//other.example/x"):
            heard = await collect_events(
                one.router.resume(one.new_request(), gateway="raw", task_id=name)
            )
            assert heard.has_pictures
    asked = [request.split(b" ")[1] for request in raw.requests[1:]]
    assert asked[:2] == [b"/jobs/t-1?a=b"] * 2
    assert asked[2] == b"/v1/images/tasks/%2F%2Fother.example%2Fx"


async def test_a_task_of_an_earlier_process_that_failed(tmp_path: Path) -> None:
    """Its failure is reported like any other."""
    failed = http_reply(200, {"status": "failed"}, {"x-request-id": "req_7"})
    async with replay_gateway(failed) as raw, open_router(tmp_path, raw.gateway()) as one:
        heard = await collect_events(
            one.router.resume(one.new_request(), gateway="raw", task_id="t-1")
        )
    assert (heard.failed.kind, heard.failed.billed) == (Kind.TASK_FAILED, Billed.NO)
    assert heard.failed.request_id == "req_7"


async def test_urls_of_an_earlier_process_are_fetched(tmp_path: Path) -> None:
    """The database has them; at most the requested number, without invalid ones."""
    file = http_reply(200, picture_bytes())
    async with replay_gateway(file, file) as raw, open_router(tmp_path, raw.gateway()) as one:
        urls = ["http://[", *(f"{raw.origin}/{name}" for name in "abc")]
        heard = await collect_events(
            one.router.fetch(one.new_request(n=2), gateway="raw", urls=urls)
        )
    assert heard.has_pictures
    assert len(raw.requests) == 2


async def test_urls_of_an_earlier_process_are_asked_for_as_they_were_written(
    tmp_path: Path,
) -> None:
    """Their signature holds after a restart, too."""
    path = "/a%2Fb?sig=%7E%2F%3D"
    async with (
        replay_gateway(http_reply(200, picture_bytes())) as raw,
        open_router(tmp_path, raw.gateway()) as one,
    ):
        urls = [raw.origin + path]
        heard = await collect_events(one.router.fetch(one.new_request(), gateway="raw", urls=urls))
    assert heard.has_pictures
    assert raw.requests[0].startswith(f"GET {path} HTTP/1.1".encode())


async def test_an_expired_url_of_an_earlier_process_was_made_too(tmp_path: Path) -> None:
    """The gateway bills both."""
    gone, file = http_reply(410), http_reply(200, picture_bytes())
    async with replay_gateway(gone, file) as raw, open_router(tmp_path, raw.gateway()) as one:
        urls = [f"{raw.origin}/a", f"{raw.origin}/b"]
        heard = await collect_events(
            one.router.fetch(one.new_request(n=2), gateway="raw", urls=urls)
        )
    received = heard.events[-1]
    assert isinstance(received, Received)
    assert (len(received.pictures), received.made) == (1, 2)


async def test_urls_of_an_earlier_process_that_expired(tmp_path: Path) -> None:
    """The pictures were made and paid for."""
    async with (
        replay_gateway(http_reply(410)) as raw,
        open_router(tmp_path, raw.gateway()) as one,
    ):
        urls = [f"{raw.origin}/a"]
        heard = await collect_events(one.router.fetch(one.new_request(), gateway="raw", urls=urls))
    assert (heard.failed.kind, heard.failed.billed) == (Kind.DOWNLOAD_FAILED, Billed.YES)


async def test_a_full_disk_for_a_task_of_an_earlier_process(tmp_path: Path) -> None:
    """The task may be made all the same."""
    (tmp_path / "file").touch()
    async with replay_gateway() as raw, open_router(tmp_path / "file", raw.gateway()) as one:
        heard = await collect_events(
            one.router.resume(one.new_request(), gateway="raw", task_id="t-1")
        )
    assert (heard.failed.kind, heard.failed.billed) == (Kind.DISK_FULL, Billed.MAYBE)
