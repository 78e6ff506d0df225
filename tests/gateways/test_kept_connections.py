"""Connections to gateways are used again, and no paid request is lost to an old one."""

import asyncio
import random
from pathlib import Path

import pytest

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind
from bot.core.models import Billed
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import AsyncSettings
from bot.gateways.routing.router import Router
from tests.gateways.keeping_server import PICTURE, KeepingServer, keeping, trusted_tls
from tests.gateways.router_harness import PAINTER, RouterHarness, collect_events, open_router


async def generate(router: RouterHarness, times: int) -> None:
    """Run requests one after the other; each must bring its picture."""
    for _ in range(times):
        events = await router.generate()
        assert events.has_pictures, events


def expectations(server: KeepingServer) -> list[bool]:
    """Return of each request whether its body waited for the server."""
    return [b"Expect: 100-continue" in head for head in server.heads]


async def test_paid_requests_share_a_connection(tmp_path: Path) -> None:
    """Else each costs a handshake: 4 ms of CPU, and one round trip more."""
    async with keeping(KeepingServer(), trusted_tls()) as server:
        async with open_router(tmp_path, server.gateway()) as router:
            await generate(router, 3)
        assert (server.connections, len(server.bodies)) == (1, 3)
        assert expectations(server) == [False, True, True]


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n", id="refused"),
        pytest.param(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", id="an error"),
        pytest.param(b"\xff\xfe no HTTP", id="nonsense"),
        pytest.param(b"HTTP/1.1 1", id="cut"),
        pytest.param(b"", id="silence"),
    ],
)
async def test_a_server_that_does_not_ask_for_the_body_gets_it_on_a_new_connection(
    tmp_path: Path, asked: bytes
) -> None:
    """Not one byte of the body had left, so nothing was made; it is not tried again soon."""
    async with keeping(KeepingServer(asked=asked)) as server:
        async with open_router(tmp_path, server.gateway()) as router:
            await generate(router, 4)
        assert expectations(server) == [False, True, False, False, False]
        assert (server.connections, len(server.bodies)) == (4, 4)


async def test_a_server_that_asks_for_the_body_as_it_is_given_up_gets_it_on_a_new_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection was closed with the body still here: it is not in doubt."""
    monkeypatch.setattr("bot.gateways.connections.CONTINUE_TIMEOUT_S", 0.05)
    async with keeping(KeepingServer(busy_s=0.1)) as server:
        async with open_router(tmp_path, server.gateway()) as router:
            await generate(router, 3)
        assert expectations(server) == [False, True, False, False]
        assert len(server.bodies) == 3


async def test_what_a_server_sends_unasked_is_not_taken_for_the_next_reply(tmp_path: Path) -> None:
    """A 408 for an idle connection would look as if the paid request had been refused."""
    late = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
    async with keeping(KeepingServer(unasked=late)) as server:
        async with open_router(tmp_path, server.gateway()) as router:
            await generate(router, 3)
        assert len(server.bodies) == 3


async def test_a_request_whose_body_left_on_a_kept_connection_is_in_doubt_and_not_sent_again(
    tmp_path: Path,
) -> None:
    """The server read it: sent twice, it would be paid twice."""
    async with keeping(KeepingServer(silent=frozenset({2}))) as server:
        async with open_router(tmp_path, server.gateway()) as router:
            await generate(router, 1)
            failed = (await router.generate()).failed
        assert (failed.kind, failed.billed) == (GatewayErrorKind.TIMEOUT_UNKNOWN, Billed.MAYBE)
        assert (server.connections, len(server.bodies)) == (1, 2)


async def test_a_gateway_that_went_away_is_unreachable_also_after_a_kept_connection(
    tmp_path: Path,
) -> None:
    """It is certain that nothing was made: another gateway may be asked."""
    server = KeepingServer(idle_s=lambda: 0.0)
    async with keeping(server):
        harness = open_router(tmp_path, server.gateway())
        router = await harness.__aenter__()
        await generate(router, 1)
    failed = (await router.generate()).failed
    await harness.__aexit__(None, None, None)
    assert (failed.kind, failed.billed) == (GatewayErrorKind.UNREACHABLE, Billed.NO)


@pytest.mark.parametrize("longest_idle_s", [0.0, 0.1])
async def test_no_paid_request_is_lost_to_a_server_that_closes_when_it_likes(
    tmp_path: Path, longest_idle_s: float
) -> None:
    """It closes right after a reply, or after a random pause: often as the next request comes."""
    chance = random.Random(7)
    server = KeepingServer(idle_s=lambda: longest_idle_s * chance.random())

    async def generate_some() -> None:
        async with open_router(tmp_path, server.gateway()) as router:
            for _ in range(4):
                await generate(router, 1)
                await asyncio.sleep(longest_idle_s * chance.random() / 2)

    async with keeping(server, trusted_tls()):
        await asyncio.gather(*(generate_some() for _ in range(20)))
    assert len(server.bodies) == 80


async def test_polls_and_downloads_share_connections(tmp_path: Path) -> None:
    """A task is polled every few seconds: each poll was a handshake."""
    answers = iter(['{"task_id": "t1"}', *['{"status": "running"}'] * 3])

    def reply(head: bytes) -> bytes:
        if head.startswith(b"GET /picture"):
            return PICTURE
        done = f'{{"status": "succeeded", "data": [{{"url": "{server.origin}/picture.png"}}]}}'
        return next(answers, done).encode()

    server = KeepingServer(reply=reply)
    async with keeping(server):
        gateway = server.gateway(asynchronous=AsyncSettings(mode="always"))
        async with open_router(tmp_path, gateway) as router:
            await generate(router, 2)
        assert len(server.heads) > 6
        assert server.connections == 2


async def test_no_timer_is_left_where_the_time_is_simulated(tmp_path: Path) -> None:
    """The simulation waits for every timer, such as the one that closes idle connections."""
    async with keeping(KeepingServer()) as server:
        gateway = server.gateway()
        catalogue = Catalogue(gateway.models, {PAINTER.name: PAINTER})
        async with (
            open_router(tmp_path, gateway) as harness,
            Router([gateway], catalogue, clock=Clock(is_simulated=True)) as router,
        ):
            for _ in range(2):
                events = await collect_events(router.generate(harness.new_request()))
                assert events.has_pictures
        assert all(b"Connection: close" in head for head in server.heads)
        assert server.connections == 2
