"""The probe: every way in which GET /v1/models can go wrong, as one outcome with facts."""

import asyncio
import socket
from email.utils import formatdate

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.core.clock import Clock
from bot.gateways.gateway import Gateway, PathSettings
from bot.gateways.gateway_config import single_gateway
from bot.gateways.probe import (
    MAX_LIST_BYTES,
    ProbeOutcome,
    ProbeResult,
    clock_ahead_ms,
    probe_gateway,
)
from tests.gateways.generation_harness import CLOCK_START_MS, GATEWAY_KEY, RecordingClock
from tests.gateways.replay_gateway import (
    RawHeaders,
    RawReply,
    http_reply,
    loopback_server,
    replay_gateway,
)
from tests.gateways.untrusted_tls import untrusted_tls_port


async def ask(
    gateway: Gateway, *, timeout_s: float = 10, clock: Clock | None = None
) -> ProbeResult:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True, resolver=Nobody()),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        return await probe_gateway(
            gateway, session, clock or RecordingClock().clock, timeout_s=timeout_s
        )


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


async def answered(says: RawReply, **changes: object) -> ProbeResult:
    # aiohttp sends a GET again, once, when the connection breaks before a reply.
    async with replay_gateway(says, says) as raw:
        return await ask(raw.gateway(**changes))


def page(status: int) -> RawReply:
    html = b"<!doctype html><title>Just a moment</title>"
    return http_reply(status, html, {"Content-Type": "text/html"})


async def test_a_list_is_read_and_the_missing_model_is_named() -> None:
    """A typing error in IMAGE_MODELS would show only when somebody pays for nothing."""
    watch = RecordingClock()
    listed = {"object": "list", "data": [{"id": "painter"}, {"id": "drawer", "owned_by": "x"}]}
    async with replay_gateway(http_reply(200, listed)) as raw:
        gateway = raw.gateway(models=("painter", "dall-e-9"), headers={"X-Group": "art"})
        found = await ask(gateway, clock=watch.clock)
    assert found == ProbeResult(
        gateway="raw",
        outcome=ProbeOutcome.LISTED,
        status=200,
        models=("painter", "drawer"),
        missing=("dall-e-9",),
    )
    assert watch.waits == ["gateway"]
    head = raw.requests[0].decode()
    assert head.startswith("GET /v1/models HTTP/1.1")
    assert f"Authorization: Bearer {GATEWAY_KEY}" in head
    assert "X-Group: art" in head


async def test_without_a_key_none_is_sent() -> None:
    """A gateway of one's own may need none, and refuse an empty one."""
    async with replay_gateway(http_reply(200, [])) as raw:
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
    found = await answered(http_reply(200, listed))
    assert (found.outcome, found.models) == (ProbeOutcome.LISTED, ("painter", "drawer"))


async def test_the_names_of_googles_list_are_the_models() -> None:
    """It lists models/NAME, but a table names them as requests do."""
    async with replay_gateway(http_reply(200, {"data": [{"id": "models/painter"}]})) as raw:
        found = await ask(raw.gateway())
    assert (found.models, found.missing) == (("painter",), ())


async def test_the_path_of_the_list_may_hold_a_query() -> None:
    """Some lists leave out what paints unless they are asked for it."""
    paths = PathSettings(models="/v1/models?output_modalities=image")
    async with replay_gateway(http_reply(200, [])) as raw:
        await ask(raw.gateway(paths=paths, query={"v": "1"}))
    assert raw.requests[0].startswith(b"GET /v1/models?output_modalities=image&v=1 HTTP/1.1")


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (http_reply(404, {"error": {"message": "no such resource"}}), ProbeOutcome.NONE_EXPECTED),
        (http_reply(405), ProbeOutcome.NONE_EXPECTED),
        (http_reply(400, {"error": {"message": "empty body"}}), ProbeOutcome.NONE_EXPECTED),
        (http_reply(403, {"error": {"message": "POST only"}}), ProbeOutcome.NONE_EXPECTED),
        (http_reply(401, {"error": {"message": "bad key"}}), ProbeOutcome.KEY_REFUSED),
        (http_reply(503, {"error": {"message": "down"}}), ProbeOutcome.BROKEN),
        (http_reply(200, b"<!doctype html>"), ProbeOutcome.WEB_PAGE),
        (http_reply(301, b"", {"Location": "/login"}), ProbeOutcome.ELSEWHERE),
        (RawReply(b"", then="reset"), ProbeOutcome.CUT_OFF),
    ],
)
async def test_a_gateway_without_a_list_is_only_looked_at(
    says: RawReply, outcome: ProbeOutcome
) -> None:
    """That it has none is no fault; a wrong host or key is one, and a GET is never paid."""
    async with replay_gateway(says, says) as raw:
        found = await ask(raw.gateway(paths=PathSettings(models="none")))
    assert (found.outcome, found.models) == (outcome, None)
    assert raw.requests[0].startswith(b"GET /v1/images/generations HTTP/1.1")


ERROR = {"error": {"message": f"no, {GATEWAY_KEY}", "type": "x", "code": None}}


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (http_reply(404, {"error": {"message": "Invalid URL"}}), ProbeOutcome.NO_LIST),
        (page(404), ProbeOutcome.NO_LIST),
        (http_reply(405), ProbeOutcome.NO_LIST),
        (http_reply(200, {"object": "list", "data": None}), ProbeOutcome.NO_LIST),
        (http_reply(200, {"data": [1, 2]}), ProbeOutcome.NO_LIST),
        (http_reply(401, ERROR), ProbeOutcome.KEY_REFUSED),
        (page(401), ProbeOutcome.KEY_REFUSED),
        (http_reply(403, ERROR), ProbeOutcome.KEY_REFUSED),
        (
            http_reply(200, {"error": {"code": "invalid_api_key", "message": "no"}}),
            ProbeOutcome.KEY_REFUSED,
        ),
        (http_reply(402, ERROR), ProbeOutcome.NO_CREDIT),
        (http_reply(429, {"error": {"code": "insufficient_quota"}}), ProbeOutcome.NO_CREDIT),
        (http_reply(429, b"slow down"), ProbeOutcome.BUSY),
        (http_reply(400, ERROR), ProbeOutcome.REFUSED),
        (http_reply(200, ERROR), ProbeOutcome.REFUSED),
        (http_reply(503, ERROR), ProbeOutcome.BROKEN),
        (page(524), ProbeOutcome.BROKEN),
        (page(200), ProbeOutcome.WEB_PAGE),
        (page(403), ProbeOutcome.WEB_PAGE),
        (http_reply(200, b"welcome"), ProbeOutcome.NOT_JSON),
        (http_reply(200, b"\xff\xfe"), ProbeOutcome.NOT_JSON),
        (http_reply(200, b'"ok"'), ProbeOutcome.NOT_JSON),
        (http_reply(200, b""), ProbeOutcome.NOT_JSON),
        (RawReply(b"", then="reset"), ProbeOutcome.CUT_OFF),
        (RawReply(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), ProbeOutcome.CUT_OFF),
        (RawReply(b"SSH-2.0-OpenSSH_9.7\r\n"), ProbeOutcome.CUT_OFF),
    ],
)
async def test_what_is_no_list_has_a_verdict(says: RawReply, outcome: ProbeOutcome) -> None:
    """Each outcome has its own remedy, and none shows the key."""
    found = await answered(says)
    assert (found.outcome, found.models) == (outcome, None)
    assert GATEWAY_KEY not in repr(found)


async def test_the_gateways_own_words_are_kept_without_the_key() -> None:
    """They often say more than a status, and often quote the key."""
    found = await answered(http_reply(401, ERROR))
    assert found.detail == "no, [secret]"
    assert (await answered(page(200))).detail == ""


@pytest.mark.parametrize(
    ("location", "changes", "outcome", "target"),
    [
        ("/v1/models/", {}, ProbeOutcome.ADD_SLASH, "/v1/models/"),
        (
            "/v1/models",
            {"paths": PathSettings(generate="/v1/images/generations/")},
            ProbeOutcome.DROP_SLASH,
            "/v1/models",
        ),
        ("https://127.0.0.1/v1/models", {}, ProbeOutcome.USE_HTTPS, "https://127.0.0.1"),
        ("/login?next=%2Fv1", {}, ProbeOutcome.ELSEWHERE, "/login"),
        ("http://127.0.0.2/v1/models", {}, ProbeOutcome.ELSEWHERE, "http://127.0.0.2/v1/models"),
        ("http://[", {}, ProbeOutcome.ELSEWHERE, ""),
    ],
)
async def test_a_redirect_is_not_followed_but_understood(
    location: str, changes: dict[str, object], outcome: ProbeOutcome, target: str
) -> None:
    """The key must not be sent there, and the operator must see which character is wrong."""
    async with replay_gateway(http_reply(301, b"", {"Location": location})) as raw:
        found = await ask(raw.gateway(**changes))
    assert (found.outcome, found.status) == (outcome, 301)
    assert found.target.removeprefix(raw.origin) == target
    assert len(raw.requests) == 1


async def test_no_more_than_a_mebibyte_is_read() -> None:
    """A wrong address may be that of a large file."""
    body = b"[" + b" " * MAX_LIST_BYTES + b"]"
    assert (await answered(http_reply(200, body))).outcome is ProbeOutcome.LIST_TOO_LONG


async def test_a_silent_gateway_ends_by_time() -> None:
    """The doctor must not hang where a firewall drops packets."""
    async with replay_gateway(RawReply(then="silence")) as raw:
        found = await ask(raw.gateway(), timeout_s=0.05)
    assert found == ProbeResult(gateway="raw", outcome=ProbeOutcome.SILENT)


async def test_a_closed_port_is_no_connection() -> None:
    """The commonest of all: the gateway is not running."""
    async with replay_gateway() as raw:
        pass
    assert (await ask(raw.gateway())).outcome is ProbeOutcome.NO_CONNECTION


async def test_a_host_that_nobody_knows_is_no_address() -> None:
    """A typing error in the host is not a broken network."""
    gateway = Gateway(name="x", base_url="https://api.exmaple.invalid/v1", models=("painter",))
    assert (await ask(gateway)).outcome is ProbeOutcome.NO_ADDRESS


async def test_https_to_a_port_that_speaks_http_is_named() -> None:
    """https:// written for a gateway in one's own network."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(http_reply(400).data)
        await writer.drain()

    async with loopback_server(plain) as origin:
        base = origin.replace("http://", "https://")
        found = await ask(Gateway(name="x", base_url=base, models=("painter",)))
    assert found.outcome is ProbeOutcome.NO_TLS


async def test_a_certificate_that_nobody_trusts_is_named() -> None:
    """It is neither a network failure nor a wrong key."""
    async with untrusted_tls_port() as port:
        base = f"https://localhost:{port}/v1"
        found = await ask(Gateway(name="x", base_url=base, models=("painter",)))
    assert found.outcome is ProbeOutcome.NOT_TRUSTED


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
    gateway = Gateway(
        name="x", base_url=base_url, models=("painter",), paths=PathSettings(generate=path)
    )
    assert str(gateway.models_url) == expected


def test_the_whole_address_of_the_generations_works_too() -> None:
    """IMAGE_API_URL may be pasted from a gateway's documentation."""
    url = "https://h.example/api/v1/images/generations"
    gateway = single_gateway(url=url, key=GATEWAY_KEY, models=("painter",))
    assert str(gateway.models_url) == "https://h.example/api/v1/models"


@pytest.mark.parametrize(
    ("headers", "ahead_ms"),
    [
        ({"Date": formatdate(CLOCK_START_MS // 1000, usegmt=True)}, -500),
        ({"Date": formatdate(CLOCK_START_MS // 1000 - 90, usegmt=True)}, 89_500),
        ({"Date": formatdate(CLOCK_START_MS // 1000 + 90, usegmt=False)}, -90_500),
        ({"Date": formatdate(CLOCK_START_MS // 1000, usegmt=True), "Age": "12"}, None),
        ({"Date": "yesterday"}, None),
        ({}, None),
    ],
)
def test_the_clock_is_compared_with_the_date(headers: RawHeaders, ahead_ms: int | None) -> None:
    """A wrong clock moves every quota window; a cached answer says nothing about it."""
    assert clock_ahead_ms(headers, CLOCK_START_MS) == ahead_ms


@pytest.mark.parametrize("path", ["", "/images/generations", "/images/generations/"])
def test_a_version_of_its_own_is_kept_for_every_path(path: str) -> None:
    """Ark, Google and Zhipu have other versions than /v1."""
    gateway = single_gateway(url=f"https://h/api/v3{path}", key=GATEWAY_KEY, models=("painter",))
    slash = "/" if path.endswith("/") else ""
    assert str(gateway.models_url) == f"https://h/api/v3/models{slash}"
    assert str(gateway.edit_url) == f"https://h/api/v3/images/edits{slash}"
    assert str(gateway.task_url("t")) == f"https://h/api/v3/images/tasks/t{slash}"


async def test_the_probe_brings_the_clock_along() -> None:
    """Without Discord the gateway is the only other clock."""
    date = formatdate(CLOCK_START_MS // 1000 - 7, usegmt=True)
    assert (await answered(http_reply(404, b"", {"Date": date}))).clock_ahead_ms == 6_500
