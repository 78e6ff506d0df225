"""The action proxy lets one action through at a time, with the newest revision."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import aiohttp
import pytest
from aiohttp import web

from playground.action_proxy import action_proxy
from playground.time_sync import Synchronizer

REVISION = 7
PROMPT: dict[str, object] = {"name": "prompt", "type": "string", "required": True}
PROMPT |= {"description": "What", "choices": [], "autocomplete": False}
PROMPT |= {"minLength": 1, "maxLength": 100}


@dataclass
class FakePage:
    """The page behind the proxy: records what reaches it."""

    bodies: list[bytes] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    port: int = 0
    running: int = 0
    most_at_once: int = 0

    async def action(self, request: web.Request) -> web.Response:
        """Take an action and record how many run at once."""
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        self.bodies.append(await request.read())
        self.hosts |= {request.headers["Host"], request.headers["Origin"].partition("//")[2]}
        await asyncio.sleep(0)
        self.running -= 1
        return web.json_response({"requestId": "r"})

    async def commands(self, request: web.Request) -> web.Response:
        """List one command."""
        entry: dict[str, object] = {"invocation": "used", "commandId": "1", "path": ["used"]}
        entry |= {"schemaFingerprint": "sf", "options": [PROMPT]}
        return web.json_response({"entries": [entry]})

    async def state(self, request: web.Request) -> web.Response:
        """Know the newest revision, for those who may ask."""
        status = 200 if request.headers.get("X-Simcord-Context") == "p" else 401
        return web.json_response({"publishedRevision": REVISION}, status=status)


class Turns:
    """A synchroniser without a simulation: only the lock."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the others."""
        async with self._lock:
            yield


@pytest.fixture
async def page() -> AsyncIterator[FakePage]:
    page = FakePage()
    app = web.Application(client_max_size=30_000_000)
    app.router.add_post("/api/action", page.action)
    app.router.add_get("/api/state", page.state)
    app.router.add_get("/api/commands", page.commands)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    page.port = runner.addresses[0][1]
    yield page
    await runner.cleanup()


@pytest.fixture
async def session(page: FakePage) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a browser's session at the proxy."""
    async with AsyncExitStack() as stack:
        sync = cast("Synchronizer", Turns())  # the proxy only takes turns
        url = await stack.enter_async_context(
            action_proxy(f"http://127.0.0.1:{page.port}/#key", sync)
        )
        assert url.endswith("/#key")
        origin = url.removesuffix("/#key")
        headers = {"Origin": origin, "X-Simcord-Context": "p"}
        yield await stack.enter_async_context(aiohttp.ClientSession(origin, headers=headers))


async def test_an_action_knows_the_newest_revision(
    session: aiohttp.ClientSession, page: FakePage
) -> None:
    """A click in the half second after a publication is not refused."""
    prompt = 'say "published_revision":1 aloud'
    sent = {"options": {"prompt": prompt}, "published_revision": 3}
    async with session.post("/api/action", json=sent) as answer:
        assert answer.status == 200
    assert json.loads(page.bodies[0]) == sent | {"published_revision": REVISION}


async def test_an_upload_is_passed_on_whole(session: aiohttp.ClientSession, page: FakePage) -> None:
    """A reference keeps every byte, whatever it contains."""
    picture = b'"published_revision":1' + bytes(20_000_000)
    form = aiohttp.FormData()
    form.add_field("payload", '{"published_revision":3}')
    form.add_field("file:reference1", io.BytesIO(picture), filename="a.png")
    async with session.post("/api/action", data=form) as answer:
        assert answer.status == 200
    assert b'{"published_revision":7}' in page.bodies[0]
    arrived = picture in page.bodies[0]
    assert arrived


async def test_a_stranger_reaches_no_further_than_the_page_lets_him(
    session: aiohttp.ClientSession, page: FakePage
) -> None:
    """What the page cannot tell is left as it was, and its answer is passed on."""
    for headers in ({"X-Simcord-Context": "other"}, {"X-Simcord-Context": ""}):
        async with session.post(
            "/api/action", data=b'{"published_revision":3}', headers=headers
        ) as answer:
            assert answer.status == 200
        assert page.bodies.pop() == b'{"published_revision":3}'


async def test_actions_come_one_by_one(session: aiohttp.ClientSession, page: FakePage) -> None:
    """SimCord breaks a page whose action meets another one."""

    async def act() -> int:
        async with session.post("/api/action", json={"published_revision": 1}) as answer:
            return answer.status

    assert await asyncio.gather(*(act() for _ in range(10))) == [200] * 10
    assert page.most_at_once == 1


async def test_the_page_can_still_tell_its_own_address(
    session: aiohttp.ClientSession, page: FakePage
) -> None:
    """Only the port is exchanged: a page of another site stays a stranger."""
    async with session.post("/api/action", json={}) as answer:
        assert answer.status == 200
    assert page.hosts == {f"127.0.0.1:{page.port}"}
    page.hosts.clear()
    async with session.post("/api/action", json={}, headers={"Host": "evil.example:80"}) as answer:
        assert answer.status == 200
    assert "evil.example:80" in page.hosts


async def test_a_typed_command_becomes_the_command(
    session: aiohttp.ClientSession, page: FakePage
) -> None:
    """The page behind takes commands only from its list."""
    sent = {"kind": "send_message", "content": "/used a boat", "published_revision": 3}
    async with session.post("/api/action", json=sent) as answer:
        assert answer.status == 200
    assert json.loads(page.bodies[0]) == {
        "kind": "run_command",
        "published_revision": REVISION,
        "command_id": "1",
        "path": ["used"],
        "schema_fingerprint": "sf",
        "options": {"prompt": "a boat"},
    }


async def test_options_beside_a_file_are_read(
    session: aiohttp.ClientSession, page: FakePage
) -> None:
    """A request with a reference is a form; its picture keeps every byte."""
    picture = b'name="payload"\r\n\r\n{"kind": "send_message"}\r\n--' + bytes(1_000)
    action = {"kind": "run_command", "command_id": "1", "path": ["used"], "published_revision": 3}
    action |= {"options": {"prompt": "prompt: a boat", "file": {"upload": 0}}}
    form = aiohttp.FormData()
    form.add_field("payload", json.dumps(action))
    form.add_field("file:file", io.BytesIO(picture), filename="a.png")
    async with session.post("/api/action", data=form) as answer:
        assert answer.status == 200
    assert b'"options": {"file": {"upload": 0}, "prompt": "a boat"}' in page.bodies[0]
    assert picture in page.bodies[0]


async def test_what_is_not_understood_stays_before_the_page(
    session: aiohttp.ClientSession, page: FakePage
) -> None:
    """It would be a chat line, and the page's next action would be out of order."""
    sent = {"kind": "send_message", "content": "/used", "request_id": "r7"}
    async with session.post("/api/action", json=sent) as answer:
        refused = await answer.json()
    assert (refused["requestId"], refused["rejected"]) == ("r7", True)
    assert refused["playgroundLine"].startswith("/used still needs prompt:")
    assert page.bodies == []


async def test_nonsense_is_passed_on(session: aiohttp.ClientSession, page: FakePage) -> None:
    """What is no action is the page's affair."""
    actions = (b'{"kind": "run_command"}', b'{"kind": "send_message"}')
    for body in (b"", b"[]", b"{", b"\xff", *actions):
        async with session.post("/api/action", data=body) as answer:
            assert answer.status == 200
    assert len(page.bodies) == 6


async def test_our_scripts_are_served_and_nothing_beside_them(
    session: aiohttp.ClientSession,
) -> None:
    """A path is no way into the folder."""
    async with session.get("/easel/main.js") as answer:
        assert answer.content_type == "application/javascript"
    for path in ("/easel/none.js", "/easel/..%2fpage.py", "/easel/../page.py"):
        async with session.get(path) as answer:
            assert answer.status in (404, 405)
    async with session.post("/easel/menu", json={"name": "x", "message": "1"}) as answer:
        assert answer.status == 403
