"""Requests to gateways and downloads go through the proxy that the environment names."""

from pathlib import Path

import pytest
from yarl import URL

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.core.proxies import Proxies
from bot.gateways.probe import ProbeOutcome, probe_gateways
from tests.gateways.generation_harness import GenerationResult, RecordingClock, run_generation
from tests.gateways.replay_gateway import RawReply, ReplayGateway, http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes
from tests.gateways.test_download import PAINTER, Names

GATEWAY = "http://images.example"
FILE = http_reply(200, picture_bytes())
INLINE = http_reply(200, {"data": [{"b64_json": b64(picture_bytes())}]})
NAMES = {
    "cdn.example": ["8.8.8.8"],
    "evil.example": ["127.0.0.1"],
    "two.example": ["8.8.8.8", "::1"],
}


def answering(url: str) -> RawReply:
    """Return a reply with the address of a picture."""
    return http_reply(200, {"data": [{"url": url}]})


async def generated(
    folder: Path, *answers: RawReply, trusted: bool = False, base_url: str = GATEWAY
) -> tuple[ReplayGateway, GenerationResult]:
    """Generate through a proxy that gives these answers; return it and the result."""
    async with replay_gateway(*answers) as proxy:
        address = str(URL(proxy.origin).with_user("me").with_password("p@ss"))
        proxies = Proxies.parse(both=address, are_trusted=trusted)
        gateway = proxy.gateway(base_url=base_url)
        names = Names(NAMES)
        return proxy, await run_generation(
            gateway, folder, known=PAINTER, resolver=names, proxies=proxies
        )


async def test_a_gateway_is_reached_through_the_proxy(tmp_path: Path) -> None:
    """Behind many companies' firewalls there is no other way out; the password is the proxy's."""
    proxy, result = await generated(tmp_path, INLINE)
    assert result.pictures
    head = proxy.requests[0].decode()
    assert head.startswith("POST http://images.example/v1/images/generations HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic bWU6cEBzcw==" in head


async def test_a_proxy_that_refuses_to_connect_cost_nothing(tmp_path: Path) -> None:
    """No byte of the paid request was sent: it may be sent again."""
    refusals = [http_reply(407)] * 3
    proxy, result = await generated(tmp_path, *refusals, base_url="https://images.example")
    assert (result.failed.kind, result.failed.billed) == (Kind.UNREACHABLE, Billed.NO)
    assert proxy.requests[0].startswith(b"CONNECT images.example:443 ")


async def test_a_picture_is_downloaded_through_the_proxy(tmp_path: Path) -> None:
    """Its host is resolved and judged here, then the proxy fetches it."""
    proxy, result = await generated(tmp_path, answering("http://cdn.example/x%2F1?s=%7E"), FILE)
    assert result.pictures
    assert proxy.requests[1].startswith(b"GET http://cdn.example/x%2F1?s=%7E HTTP/1.1")


@pytest.mark.parametrize(
    "url",
    ["http://evil.example/x", "http://two.example/x", "http://10.0.0.1/", "http://127.0.0.1/"],
)
async def test_a_proxy_is_no_way_inside(url: str, tmp_path: Path) -> None:
    """The proxy stands in the operator's network, and would fetch what the bot may not."""
    proxy, result = await generated(tmp_path, answering(url))
    assert result.failed.kind is Kind.DOWNLOAD_FAILED
    assert result.failed.detail.startswith("the address is private")
    assert len(proxy.requests) == 1


async def test_a_redirect_through_a_proxy_is_judged_too(tmp_path: Path) -> None:
    """The first address is harmless, the second one is not."""
    away = http_reply(302, headers={"Location": "http://evil.example/x"})
    proxy, result = await generated(tmp_path, answering("http://cdn.example/x"), away)
    assert result.failed.kind is Kind.DOWNLOAD_FAILED
    assert len(proxy.requests) == 2


async def test_what_cannot_be_judged_is_refused_unless_the_proxy_is_trusted(tmp_path: Path) -> None:
    """Some networks resolve no outer names; the operator knows what their proxy refuses."""
    answers = (answering("http://unknown.example/x"), FILE)
    proxy, result = await generated(tmp_path, answers[0])
    assert "DOWNLOAD_PROXY_TRUSTED=true" in result.failed.detail
    assert len(proxy.requests) == 1
    _, result = await generated(tmp_path, *answers, trusted=True)
    assert result.pictures


async def test_the_list_of_models_is_asked_for_through_the_proxy() -> None:
    """The doctor looks the way that requests take."""
    async with replay_gateway(http_reply(200, {"data": [{"id": "painter"}]})) as proxy:
        proxies = Proxies.parse(http=proxy.origin)
        gateways = [proxy.gateway(base_url=GATEWAY)]
        (found,) = await probe_gateways(gateways, RecordingClock().clock, proxies=proxies)
    assert found.outcome is ProbeOutcome.LISTED
    assert proxy.requests[0].startswith(b"GET http://images.example/v1/models ")


async def test_a_dead_proxy_is_told_as_what_it_is() -> None:
    """The gateway's address is right."""
    async with replay_gateway() as proxy:
        gateways = [proxy.gateway(base_url=GATEWAY)]
        dead = proxy.origin
    proxies = Proxies.parse(http=dead)
    (found,) = await probe_gateways(gateways, RecordingClock().clock, proxies=proxies)
    assert found.outcome is ProbeOutcome.NO_PROXY
