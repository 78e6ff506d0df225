"""The doorman lets one action in at a time, and tells it what the page would not know yet."""

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

from playground.doorman import doorman
from playground.live import Live

REVISION = 7


@dataclass
class Inside:
    """The page behind: it notes what reaches it."""

    bodies: list[bytes] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    port: int = 0
    inside: int = 0
    crowd: int = 0

    async def action(self, request: web.Request) -> web.Response:
        """Take an action; how many are here at once is noted."""
        self.inside += 1
        self.crowd = max(self.crowd, self.inside)
        self.bodies.append(await request.read())
        self.hosts |= {request.headers["Host"], request.headers["Origin"].partition("//")[2]}
        await asyncio.sleep(0)
        self.inside -= 1
        return web.json_response({"requestId": "r"})

    async def state(self, request: web.Request) -> web.Response:
        """Know the newest revision, for those who may ask."""
        status = 200 if request.headers.get("X-Simcord-Context") == "p" else 401
        return web.json_response({"publishedRevision": REVISION}, status=status)


class Turns:
    """Live without a simulation: only the turn."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the others."""
        async with self._lock:
            yield


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    inside = Inside()
    app = web.Application(client_max_size=30_000_000)
    app.router.add_post("/api/action", inside.action)
    app.router.add_get("/api/state", inside.state)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    inside.port = runner.addresses[0][1]
    yield inside
    await runner.cleanup()


@pytest.fixture
async def door(inside: Inside) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a browser's session at the door."""
    async with AsyncExitStack() as stack:
        live = cast("Live", Turns())  # the doorman asks for turns only
        url = await stack.enter_async_context(doorman(f"http://127.0.0.1:{inside.port}/#key", live))
        assert url.endswith("/#key")
        origin = url.removesuffix("/#key")
        headers = {"Origin": origin, "X-Simcord-Context": "p"}
        yield await stack.enter_async_context(aiohttp.ClientSession(origin, headers=headers))


async def test_an_action_knows_the_newest_revision(
    door: aiohttp.ClientSession, inside: Inside
) -> None:
    """A click in the half second after a publication is not refused."""
    prompt = 'say "published_revision":1 aloud'
    sent = {"options": {"prompt": prompt}, "published_revision": 3}
    async with door.post("/api/action", json=sent) as answer:
        assert answer.status == 200
    assert json.loads(inside.bodies[0]) == sent | {"published_revision": REVISION}


async def test_an_upload_is_passed_on_whole(door: aiohttp.ClientSession, inside: Inside) -> None:
    """A reference keeps every byte, whatever it contains."""
    picture = b'"published_revision":1' + bytes(20_000_000)
    form = aiohttp.FormData()
    form.add_field("payload", '{"published_revision":3}')
    form.add_field("file:reference1", io.BytesIO(picture), filename="a.png")
    async with door.post("/api/action", data=form) as answer:
        assert answer.status == 200
    assert b'{"published_revision":7}' in inside.bodies[0]
    arrived = picture in inside.bodies[0]
    assert arrived


async def test_a_stranger_reaches_no_further_than_the_page_lets_him(
    door: aiohttp.ClientSession, inside: Inside
) -> None:
    """What the page cannot tell is left as it was, and its answer is passed on."""
    for headers in ({"X-Simcord-Context": "other"}, {"X-Simcord-Context": ""}):
        async with door.post(
            "/api/action", data=b'{"published_revision":3}', headers=headers
        ) as answer:
            assert answer.status == 200
        assert inside.bodies.pop() == b'{"published_revision":3}'


async def test_actions_come_one_by_one(door: aiohttp.ClientSession, inside: Inside) -> None:
    """SimCord breaks a page whose action meets another one."""

    async def act() -> int:
        async with door.post("/api/action", json={"published_revision": 1}) as answer:
            return answer.status

    assert await asyncio.gather(*(act() for _ in range(10))) == [200] * 10
    assert inside.crowd == 1


async def test_the_page_can_still_tell_its_own_address(
    door: aiohttp.ClientSession, inside: Inside
) -> None:
    """Only the port is exchanged: a page of another site stays a stranger."""
    async with door.post("/api/action", json={}) as answer:
        assert answer.status == 200
    assert inside.hosts == {f"127.0.0.1:{inside.port}"}
    inside.hosts.clear()
    async with door.post("/api/action", json={}, headers={"Host": "evil.example:80"}) as answer:
        assert answer.status == 200
    assert "evil.example:80" in inside.hosts
