"""The probe: every way in which GET /v1/models can go wrong, as one verdict with facts."""

import asyncio
import socket
from email.utils import formatdate

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.core.clock import Clock
from bot.gateways.gateway import Gateway, Paths
from bot.gateways.gateway_config import single_gateway
from bot.gateways.probe import MAX_BODY_BYTES, Probe, Verdict, clock_ahead_ms, probe
from tests.gateways.bench import KEY, NOW_MS, WatchedSeam
from tests.gateways.raw_gateway import Headers, Says, http, listening, raw_gateway
from tests.gateways.untrusted import untrusted


async def ask(gateway: Gateway, *, timeout_s: float = 10, clock: Clock | None = None) -> Probe:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True, resolver=Nobody()),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        return await probe(gateway, session, clock or WatchedSeam().clock, timeout_s=timeout_s)


class Nobody(AbstractResolver):
    """Knows localhost only: no test reaches past loopback."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Refuse every other name as a DNS does."""
        if host != "localhost":
            raise OSError(None, "Name or service not known")
        known = {"hostname": host, "host": "127.0.0.1", "port": port, "family": socket.AF_INET}
        return [ResolveResult(**known, proto=0, flags=0)]  # type: ignore[typeddict-item]  # by name

    async def close(self) -> None:
        """Hold nothing."""


async def answered(says: Says, **changes: object) -> Probe:
    # aiohttp sends a GET again, once, when the line breaks before an answer.
    async with raw_gateway(says, says) as raw:
        return await ask(raw.gateway(**changes))


def page(status: int) -> Says:
    html = b"<!doctype html><title>Just a moment</title>"
    return http(status, html, {"Content-Type": "text/html"})


async def test_a_list_is_read_and_the_missing_model_is_named() -> None:
    """A typing error in IMAGE_MODELS would show only when somebody pays for nothing."""
    watch = WatchedSeam()
    listed = {"object": "list", "data": [{"id": "painter"}, {"id": "drawer", "owned_by": "x"}]}
    async with raw_gateway(http(200, listed)) as raw:
        gateway = raw.gateway(models=("painter", "dall-e-9"), headers={"X-Group": "art"})
        found = await ask(gateway, clock=watch.clock)
    assert found == Probe(
        gateway="raw",
        verdict=Verdict.LISTED,
        status=200,
        models=("painter", "drawer"),
        missing=("dall-e-9",),
    )
    assert watch.waits == ["gateway"]
    head = raw.requests[0].decode()
    assert head.startswith("GET /v1/models HTTP/1.1")
    assert f"Authorization: Bearer {KEY}" in head
    assert "X-Group: art" in head


async def test_without_a_key_none_is_sent() -> None:
    """A gateway of one's own may need none, and refuse an empty one."""
    async with raw_gateway(http(200, [])) as raw:
        found = await ask(raw.gateway(key=""))
    assert found.models == ()
    assert b"Authorization" not in raw.requests[0]


@pytest.mark.parametrize(
    "listed",
    [
        {"data": ["painter", "drawer"]},
        {"models": [{"id": "painter"}, {"id": "drawer"}]},
        [{"id": "painter"}, "drawer", {"name": "nameless"}],
    ],
)
async def test_other_shapes_of_a_list_are_read_too(listed: object) -> None:
    """No two gateways agree on the shape."""
    found = await answered(http(200, listed))
    assert (found.verdict, found.models) == (Verdict.LISTED, ("painter", "drawer"))


ERROR = {"error": {"message": f"no, {KEY}", "type": "x", "code": None}}


@pytest.mark.parametrize(
    ("says", "verdict"),
    [
        (http(404, {"error": {"message": "Invalid URL"}}), Verdict.NO_LIST),
        (page(404), Verdict.NO_LIST),
        (http(405), Verdict.NO_LIST),
        (http(200, {"object": "list", "data": None}), Verdict.NO_LIST),
        (http(200, {"data": [1, 2]}), Verdict.NO_LIST),
        (http(401, ERROR), Verdict.KEY_REFUSED),
        (page(401), Verdict.KEY_REFUSED),
        (http(403, ERROR), Verdict.KEY_REFUSED),
        (http(200, {"error": {"code": "invalid_api_key", "message": "no"}}), Verdict.KEY_REFUSED),
        (http(402, ERROR), Verdict.NO_CREDIT),
        (http(429, {"error": {"code": "insufficient_quota"}}), Verdict.NO_CREDIT),
        (http(429, b"slow down"), Verdict.BUSY),
        (http(400, ERROR), Verdict.REFUSED),
        (http(200, ERROR), Verdict.REFUSED),
        (http(503, ERROR), Verdict.BROKEN),
        (page(524), Verdict.BROKEN),
        (page(200), Verdict.WEB_PAGE),
        (page(403), Verdict.WEB_PAGE),
        (http(200, b"welcome"), Verdict.NOT_JSON),
        (http(200, b"\xff\xfe"), Verdict.NOT_JSON),
        (http(200, b'"ok"'), Verdict.NOT_JSON),
        (http(200, b""), Verdict.NOT_JSON),
        (Says(b"", then="reset"), Verdict.CUT_OFF),
        (Says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), Verdict.CUT_OFF),
        (Says(b"SSH-2.0-OpenSSH_9.7\r\n"), Verdict.CUT_OFF),
    ],
)
async def test_what_is_no_list_has_a_verdict(says: Says, verdict: Verdict) -> None:
    """Each verdict has another mend, and none shows the key."""
    found = await answered(says)
    assert (found.verdict, found.models) == (verdict, None)
    assert KEY not in repr(found)


async def test_the_gateways_own_words_are_kept_without_the_key() -> None:
    """They often say more than a status, and often quote the key."""
    found = await answered(http(401, ERROR))
    assert found.detail == "no, [secret]"
    assert (await answered(page(200))).detail == ""


@pytest.mark.parametrize(
    ("location", "changes", "verdict", "target"),
    [
        ("/v1/models/", {}, Verdict.ADD_SLASH, "/v1/models/"),
        (
            "/v1/models",
            {"paths": Paths(generate="/v1/images/generations/")},
            Verdict.DROP_SLASH,
            "/v1/models",
        ),
        ("https://127.0.0.1/v1/models", {}, Verdict.USE_HTTPS, "https://127.0.0.1"),
        ("/login?next=%2Fv1", {}, Verdict.ELSEWHERE, "/login"),
        ("http://127.0.0.2/v1/models", {}, Verdict.ELSEWHERE, "http://127.0.0.2/v1/models"),
        ("http://[", {}, Verdict.ELSEWHERE, ""),
    ],
)
async def test_a_redirect_is_not_followed_but_understood(
    location: str, changes: dict[str, object], verdict: Verdict, target: str
) -> None:
    """The key must not travel, and the operator must learn which letter is wrong."""
    async with raw_gateway(http(301, b"", {"Location": location})) as raw:
        found = await ask(raw.gateway(**changes))
    assert (found.verdict, found.status) == (verdict, 301)
    assert found.target.removeprefix(raw.origin) == target
    assert len(raw.requests) == 1


async def test_no_more_than_a_mebibyte_is_read() -> None:
    """A wrong address may be that of a large file."""
    body = b"[" + b" " * MAX_BODY_BYTES + b"]"
    assert (await answered(http(200, body))).verdict is Verdict.LIST_TOO_LONG


async def test_a_silent_gateway_ends_by_time() -> None:
    """The doctor must not hang where a firewall drops packets."""
    async with raw_gateway(Says(then="silence")) as raw:
        found = await ask(raw.gateway(), timeout_s=0.05)
    assert found == Probe(gateway="raw", verdict=Verdict.SILENT)


async def test_a_closed_port_is_no_connection() -> None:
    """The commonest of all: the gateway is not running."""
    async with raw_gateway() as raw:
        pass
    assert (await ask(raw.gateway())).verdict is Verdict.NO_CONNECTION


async def test_a_host_that_nobody_knows_is_no_address() -> None:
    """A typing error in the host is not a broken network."""
    gateway = Gateway(name="x", base_url="https://api.exmaple.invalid/v1", models=("painter",))
    assert (await ask(gateway)).verdict is Verdict.NO_ADDRESS


async def test_https_to_a_port_that_speaks_http_is_named() -> None:
    """https:// written for a gateway in one's own network."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(http(400).data)
        await writer.drain()

    async with listening(plain) as origin:
        base = origin.replace("http://", "https://")
        found = await ask(Gateway(name="x", base_url=base, models=("painter",)))
    assert found.verdict is Verdict.NO_TLS


async def test_a_certificate_that_nobody_trusts_is_named() -> None:
    """It is neither a network failure nor a wrong key."""
    async with untrusted() as port:
        base = f"https://localhost:{port}/v1"
        found = await ask(Gateway(name="x", base_url=base, models=("painter",)))
    assert found.verdict is Verdict.NOT_TRUSTED


@pytest.mark.parametrize(
    ("base_url", "path", "expected"),
    [
        ("https://h.example", "/v1/images/generations", "https://h.example/v1/models"),
        ("https://h.example/v1", "/v1/images/generations", "https://h.example/v1/models"),
        ("https://h.example/v1/", "images/generations", "https://h.example/v1/models"),
        ("https://h.example/api", "/v1/images/generations/", "https://h.example/api/v1/models/"),
        ("https://h.example", "/v1/images/generations?async=true", "https://h.example/v1/models"),
        (
            "https://h.example",
            "/images/v2/images/generations",
            "https://h.example/images/v2/models",
        ),
        ("https://h.example/v1", "/v1/chat/completions", "https://h.example/v1/models"),
        ("https://h.example/x", "/paint", "https://h.example/x/v1/models"),
    ],
)
def test_the_list_lies_beside_the_pictures(base_url: str, path: str, expected: str) -> None:
    """A doubled or lost /v1 would blame a gateway that works."""
    gateway = Gateway(name="x", base_url=base_url, models=("painter",), paths=Paths(generate=path))
    assert str(gateway.models_url) == expected


def test_the_whole_address_of_the_generations_works_too() -> None:
    """IMAGE_API_URL may be pasted from a gateway's documentation."""
    url = "https://h.example/api/v1/images/generations"
    gateway = single_gateway(url=url, key=KEY, models=("painter",))
    assert str(gateway.models_url) == "https://h.example/api/v1/models"


@pytest.mark.parametrize(
    ("headers", "ahead_ms"),
    [
        ({"Date": formatdate(NOW_MS // 1000, usegmt=True)}, -500),
        ({"Date": formatdate(NOW_MS // 1000 - 90, usegmt=True)}, 89_500),
        ({"Date": formatdate(NOW_MS // 1000 + 90, usegmt=False)}, -90_500),
        ({"Date": formatdate(NOW_MS // 1000, usegmt=True), "Age": "12"}, None),
        ({"Date": "yesterday"}, None),
        ({}, None),
    ],
)
def test_the_clock_is_compared_with_the_date(headers: Headers, ahead_ms: int | None) -> None:
    """A wrong clock moves every quota window; a cached answer says nothing about it."""
    assert clock_ahead_ms(headers, NOW_MS) == ahead_ms


async def test_the_probe_brings_the_clock_along() -> None:
    """Without Discord the gateway is the only other clock."""
    date = formatdate(NOW_MS // 1000 - 7, usegmt=True)
    assert (await answered(http(404, b"", {"Date": date}))).clock_ahead_ms == 6_500
