"""Request a gateway's list of models: this costs nothing and shows configuration errors."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus

import aiohttp
import msgspec
from yarl import URL

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.proxies import NO_PROXIES, Proxies
from bot.gateways.gateway import Gateway
from bot.gateways.reply.error_classifier import GatewayResponse, classify_error
from bot.gateways.reply.redaction import redact

MAX_LIST_BYTES = 1 << 20
PROBE_TIMEOUT_S = 15.0
_MAX_NAME = 200


class ProbeOutcome(StrEnum):
    """The result of ``GET /v1/models``."""

    LISTED = "listed"
    NO_LIST = "no-list"
    NONE_EXPECTED = "none-expected"
    LIST_TOO_LONG = "list-too-long"
    KEY_REFUSED = "key-refused"
    NO_CREDIT = "no-credit"
    BUSY = "busy"
    REFUSED = "refused"
    BROKEN = "broken"
    WEB_PAGE = "web-page"
    NOT_JSON = "not-json"
    ADD_SLASH = "add-slash"
    DROP_SLASH = "drop-slash"
    USE_HTTPS = "use-https"
    ELSEWHERE = "elsewhere"
    NO_ADDRESS = "no-address"
    NO_CONNECTION = "no-connection"
    NO_PROXY = "no-proxy"
    NOT_TRUSTED = "not-trusted"
    NO_TLS = "no-tls"
    SILENT = "silent"
    CUT_OFF = "cut-off"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """The reply of one gateway.

    ``status`` is None if there was no HTTP response, ``models`` None if there was no list.
    ``missing`` are the configured models that the list does not contain, ``shutdowns`` the days
    on which models retire. ``target`` is where a redirect leads, ``detail`` the gateway's message,
    redacted. ``clock_ahead_ms`` is how far this machine's clock is ahead of the gateway's.
    """

    gateway: str
    outcome: ProbeOutcome
    status: int | None = None
    models: tuple[str, ...] | None = None
    missing: tuple[str, ...] = ()
    shutdowns: Mapping[str, date] = field(default_factory=dict)
    target: str = ""
    detail: str = ""
    clock_ahead_ms: int | None = None


async def probe_gateway(
    gateway: Gateway,
    session: aiohttp.ClientSession,
    clock: Clock,
    *,
    proxies: Proxies = NO_PROXIES,
    timeout_s: float = PROBE_TIMEOUT_S,
) -> ProbeResult:
    """Send one request, following no redirect; errors of the gateway become an outcome."""
    outcome = ProbeOutcome.CUT_OFF
    try:
        return await clock.wait(_get(gateway, session, clock, proxies, timeout_s), "gateway")
    except (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError):
        outcome = ProbeOutcome.NO_PROXY
    except aiohttp.ClientConnectorDNSError:
        outcome = ProbeOutcome.NO_ADDRESS
    except aiohttp.ClientConnectorCertificateError:
        outcome = ProbeOutcome.NOT_TRUSTED
    except aiohttp.ClientConnectorSSLError:
        outcome = ProbeOutcome.NO_TLS
    except TimeoutError:
        outcome = ProbeOutcome.SILENT
    except aiohttp.ClientConnectorError:
        outcome = ProbeOutcome.NO_CONNECTION
    except aiohttp.ClientError:
        pass
    return ProbeResult(gateway=gateway.name, outcome=outcome)


async def probe_gateways(
    gateways: Sequence[Gateway],
    clock: Clock,
    *,
    proxies: Proxies = NO_PROXIES,
    timeout_s: float = PROBE_TIMEOUT_S,
) -> list[ProbeResult]:
    """Probe all gateways at the same time; the results are in their order."""
    connector = aiohttp.TCPConnector(force_close=True)
    cookies = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(connector=connector, cookie_jar=cookies) as session:
        probes = (
            probe_gateway(one, session, clock, proxies=proxies, timeout_s=timeout_s)
            for one in gateways
        )
        return await asyncio.gather(*probes)


def clock_ahead_ms(headers: Mapping[str, str], now_ms: int) -> int | None:
    """Return how far ``now_ms`` is ahead of a response's ``Date``; None if that is unknown."""
    # A cache sends the date of its copy, and Age (RFC 9111, 5.1).
    if "Age" in headers:
        return None
    try:
        moment = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    answered_s = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    # Date has whole seconds: half a second was cut off on average.
    return now_ms - round(answered_s * 1000) - 500


async def _get(
    gateway: Gateway,
    session: aiohttp.ClientSession,
    clock: Clock,
    proxies: Proxies,
    timeout_s: float,
) -> ProbeResult:
    async with session.get(
        gateway.models_url,
        proxy=proxies.proxy_of(gateway.models_url),
        headers=gateway.request_headers(),
        timeout=aiohttp.ClientTimeout(timeout_s),
        allow_redirects=False,
    ) as response:
        ahead = clock_ahead_ms(response.headers, clock.now())
        found = _read(gateway, response, await _body(response))
        return replace(found, clock_ahead_ms=ahead)


async def _body(response: aiohttp.ClientResponse) -> bytes | None:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_LIST_BYTES:
            return None
    return bytes(body)


def _read(gateway: Gateway, response: aiohttp.ClientResponse, body: bytes | None) -> ProbeResult:
    found = ProbeResult(
        gateway=gateway.name, outcome=ProbeOutcome.LIST_TOO_LONG, status=response.status
    )
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        outcome, target = _redirect(response.url, response.headers.get("Location", ""))
        return replace(found, outcome=outcome, target=target)
    if body is None:
        return found
    text = body.decode(errors="replace").strip()
    answer = GatewayResponse(response.status, response.headers, _parsed(body), text)
    models = _models(answer.body) if response.status < HTTPStatus.BAD_REQUEST else None
    if models is not None:
        missing = tuple(name for name in gateway.models if name not in models)
        shutdowns = dict(_shutdowns(answer.body))
        return replace(
            found, outcome=ProbeOutcome.LISTED, models=models, missing=missing, shutdowns=shutdowns
        )
    outcome, words = _verdict(answer) if gateway.paths.has_model_list else _without_list(answer)
    return replace(found, outcome=outcome, detail=redact(words, gateway.secrets))


def _redirect(asked: URL, location: str) -> tuple[ProbeOutcome, str]:
    try:
        target = asked.join(URL(location))
        origin = target.origin()
    except ValueError:
        return ProbeOutcome.ELSEWHERE, ""
    if asked.scheme == "http" and target.scheme == "https" and target.host == asked.host:
        return ProbeOutcome.USE_HTTPS, str(origin)
    if origin == asked.origin():
        if target.path == asked.path + "/":
            return ProbeOutcome.ADD_SLASH, target.path
        if target.path + "/" == asked.path:
            return ProbeOutcome.DROP_SLASH, target.path
    return ProbeOutcome.ELSEWHERE, f"{origin}{target.path}"[:_MAX_NAME]


def _parsed(body: bytes) -> object:
    try:
        return msgspec.json.decode(body.strip())
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _entries(body: object) -> object:
    return (body.get("data") or body.get("models")) if isinstance(body, dict) else body


def _models(body: object) -> tuple[str, ...] | None:
    """Read ``{"data": [{"id": …}]}``, ``{"models": […]}`` or a list, of objects or names.

    Google's interface lists ``models/NAME`` and takes the name alone, too
    (https://ai.google.dev/api/compatibility).
    """
    listed = _entries(body)
    if not isinstance(listed, list):
        return None
    named = (one.get("id") if isinstance(one, dict) else one for one in listed)
    texts = (name for name in named if isinstance(name, str))
    names = tuple(name.removeprefix("models/")[:_MAX_NAME] for name in texts)
    return names if names or not listed else None


def _shutdowns(body: object) -> Iterator[tuple[str, date]]:
    listed = _entries(body)
    tables = (one for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()
    for one in tables:
        name, day = one.get("id"), _day(one.get("shutdown_date"))
        if isinstance(name, str) and day:
            yield name[:_MAX_NAME], day


def _day(value: object) -> date | None:
    """Parse a day: ``2026-12-01``, with or without a time, or seconds since the epoch."""
    try:
        if isinstance(value, str):
            return date.fromisoformat(value[:10])
        if isinstance(value, int) and value > 1:  # false and true are integers, too
            return datetime.fromtimestamp(value, UTC).date()
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _without_list(answer: GatewayResponse) -> tuple[ProbeOutcome, str]:
    """Classify the response to a GET where only POST is known: a refusal of that is no fault."""
    outcome, words = _verdict(answer)
    is_about_key = answer.status == HTTPStatus.UNAUTHORIZED
    if is_about_key or outcome in (ProbeOutcome.WEB_PAGE, ProbeOutcome.BROKEN):
        return outcome, words
    return ProbeOutcome.NONE_EXPECTED, ""


_NO_LIST = frozenset({404, 405, 410, 501})
_OUTCOMES = {
    Kind.AUTH: ProbeOutcome.KEY_REFUSED,
    Kind.QUOTA: ProbeOutcome.NO_CREDIT,
    Kind.RATE_LIMITED: ProbeOutcome.BUSY,
    Kind.NO_IMAGE: ProbeOutcome.NO_LIST,  # JSON without an error, but no list of models
    Kind.BAD_RESPONSE: ProbeOutcome.NOT_JSON,
}


def _verdict(answer: GatewayResponse) -> tuple[ProbeOutcome, str]:
    """Classify a response without a list: by its status if that is clear, else by its body."""
    error = classify_error(answer, now_ms=0)
    if answer.status in _NO_LIST:
        return ProbeOutcome.NO_LIST, error.message
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ProbeOutcome.BROKEN, error.message
    # Firewalls and sign-in pages send 403 with a page; only 401 is about the key.
    if answer.text.startswith("<") and answer.status != HTTPStatus.UNAUTHORIZED:
        return ProbeOutcome.WEB_PAGE, ""
    outcome = _OUTCOMES.get(error.kind, ProbeOutcome.REFUSED)
    return outcome, "" if outcome is ProbeOutcome.NOT_JSON else error.message
