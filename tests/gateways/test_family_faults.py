"""The same faults at every family of gateways, at the paid request: what each of them ends with."""

from email.utils import formatdate
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.events import ModalSending
from tests.gateways import test_gateways_example as examples
from tests.gateways import test_image_vendors as image_vendors
from tests.gateways import test_vendor_gateways as task_vendors
from tests.gateways.family_contract import try_request
from tests.gateways.faults import (
    PAGE,
    TALKATIVE,
    cut,
    ends,
    error,
    half_a_chunk,
    in_header,
    longer,
    no_last_chunk,
    redirects,
    says,
    shorter,
    typed,
    zipped,
)
from tests.gateways.generation_harness import CLOCK_START_MS
from tests.gateways.replayed_replies import Fault, faulty_server
from tests.gateways.untrusted_tls import untrusted_tls_port
from tests.gateways.vendor_families import FAMILIES, SAME_SHAPES, recording_of

SAFETY = "Your request was rejected as a result of our safety system."
NO, MAYBE, PAINTS = Billed.NO, Billed.MAYBE, ("paints", Billed.YES)
LOST = (Kind.TIMEOUT_UNKNOWN, MAYBE)
UNREAD = (Kind.BAD_RESPONSE, MAYBE)
REDIRECTED = (Kind.BAD_RESPONSE, NO)
WRONG = (Kind.INVALID_REQUEST, NO)
DECLINED = (Kind.MODERATION, NO)
UNPAID = (Kind.QUOTA, NO)
DEEP = b'{"data":' * 5_000 + b"1" + b"}" * 5_000

FAULTS: dict[str, tuple[Fault, tuple[str, Billed]]] = {
    # the connection
    "closed before a reply": (ends(b""), LOST),
    "reset before a reply": (ends(b"", "reset"), LOST),
    "reset in a header": (in_header, LOST),
    "no HTTP": (ends(b"hello\r\n\r\n"), LOST),
    "closed before the body": (cut(0), LOST),
    "reset before the body": (cut(0, "reset"), LOST),
    "closed in the body": (cut(5), LOST),
    "reset in the body": (cut(5, "reset"), LOST),
    "silent before the body": (cut(0, "silence"), LOST),
    "silent in the body": (cut(5, "silence"), LOST),
    "half a chunk": (half_a_chunk, LOST),
    "a length that is too small": (shorter, LOST),
    "a length that is too large": (longer, PAINTS),
    "no last chunk": (no_last_chunk, PAINTS),
    "compressed": (zipped, PAINTS),
    "not compressed": (lambda reply: reply.raw(Content_Encoding="gzip"), LOST),
    "another type": (typed("application/octet-stream"), PAINTS),
    "text": (typed("text/plain"), PAINTS),
    # a body that is none
    "an empty body": (says(200), UNREAD),
    "no content": (says(204), UNREAD),
    "a page": (says(200, PAGE), UNREAD),
    "null": (says(200, b"null"), UNREAD),
    "a number": (says(200, b"7"), UNREAD),
    "a text": (says(200, b'"x"'), UNREAD),
    "no JSON": (says(200, b'{"a": nope}'), UNREAD),
    "too deep": (says(200, DEEP), UNREAD),
    "too deep a list": (says(200, b"[" * 10_000), UNREAD),
    "an empty list": (says(200, []), (Kind.NO_IMAGE, MAYBE)),
    "an empty object": (says(200, {}), (Kind.NO_IMAGE, MAYBE)),
    "no data": (says(200, {"data": None}), (Kind.NO_IMAGE, MAYBE)),
    "empty data": (says(200, {"data": []}), (Kind.NO_IMAGE, MAYBE)),
    "empty sources": (says(200, {"data": [{"url": "", "b64_json": ""}]}), (Kind.NO_IMAGE, MAYBE)),
    "an error with 200": (error(200), (Kind.UPSTREAM, NO)),
    "an error that is text, with 200": (says(200, {"error": TALKATIVE}), (Kind.UPSTREAM, NO)),
    # a status
    **{f"{status}": (error(status), WRONG) for status in (400, 409, 413, 415, 422, 451)},
    **{f"{status}": (error(status), (Kind.AUTH, NO)) for status in (401, 403)},
    **{f"{status}": (error(status), (Kind.MODEL_UNAVAILABLE, NO)) for status in (404, 405)},
    **{f"{status}": (error(status), (Kind.UPSTREAM, MAYBE)) for status in (500, 502, 503, 529)},
    **{f"{status}": (error(status), LOST) for status in (408, 504, 520, 524)},
    "402": (error(402), UNPAID),
    "429": (error(429), (Kind.RATE_LIMITED, NO)),
    "a page with 502": (says(502, PAGE), LOST),
    "a page with 524": (says(524, PAGE), LOST),
    "nothing with 400": (says(400), WRONG),
    "nothing with 500": (says(500), LOST),
    # a redirect
    "303": (redirects(303), UNREAD),
    **{f"{status}": (redirects(status), REDIRECTED) for status in (301, 302, 307, 308)},
    # words
    "declined by code": (error(400, "moderation_blocked"), DECLINED),
    "declined in words": (error(400, message=SAFETY), DECLINED),
    "declined through LiteLLM": (
        error(400, "400", f"litellm.BadRequestError: {SAFETY}"),
        DECLINED,
    ),
    "declined in Chinese": (error(400, message="内容违规,请修改"), DECLINED),
    "no money, 403": (error(403, "insufficient_user_quota"), UNPAID),
    "no money, 400": (error(400, "billing_hard_limit_reached"), UNPAID),
    "no money, 429": (error(429, "insufficient_quota"), UNPAID),
    "no channel": (
        error(503, message="当前分组 default 下对于模型 X 无可用渠道"),
        (Kind.MODEL_UNAVAILABLE, NO),
    ),
    "an error that is text": (says(400, {"error": TALKATIVE}), WRONG),
    "a detail": (says(400, {"detail": TALKATIVE}), WRONG),
    "details": (says(422, {"detail": [{"loc": ["body"], "msg": TALKATIVE}]}), WRONG),
    "a description": (says(400, {"description": TALKATIVE}), WRONG),
    "a problem": (says(400, {"title": "Bad", "status": 400, "detail": TALKATIVE}), WRONG),
}
PAUSE = "Please wait."
HINTS = {
    "seconds": error(429, message=PAUSE, Retry_After="7"),
    "milliseconds": error(429, message=PAUSE, retry_after_ms="7000"),
    "a date": error(
        429, message=PAUSE, Retry_After=formatdate(CLOCK_START_MS // 1000 + 7, usegmt=True)
    ),
    "words": error(429, message="Please try again in 7s."),
    "of a timeout": error(408, Retry_After="7"),
}
TIMEOUT_S = {"silent before the body": 0.15, "silent in the body": 0.15}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", FAMILIES)
async def test_a_fault_of_the_paid_request(name: str, fault: str, tmp_path: Path) -> None:
    """What it means for the operator's money depends on no family."""
    spoils, outcome = FAULTS[fault]
    trial = await try_request(
        name, tmp_path, {"submit": [spoils]}, timeout_s=TIMEOUT_S.get(fault, 5)
    )
    assert trial.outcome == outcome
    assert trial.server.asked["submit"] == 1
    assert outcome == PAINTS or trial.result.names == ["Sending"]


@pytest.mark.parametrize("hint", HINTS)
@pytest.mark.parametrize("name", FAMILIES)
async def test_a_hint_when_to_come_back_is_kept(name: str, hint: str, tmp_path: Path) -> None:
    """Nothing was made yet, so the same request is sent again after that time."""
    trial = await try_request(name, tmp_path, {"submit": [HINTS[hint]]})
    assert trial.outcome == PAINTS
    assert (trial.server.asked["submit"], 7 in trial.result.watch.pauses) == (2, True)


@pytest.mark.parametrize("name", FAMILIES)
async def test_a_slash_redirect_is_followed(name: str, tmp_path: Path) -> None:
    """On the same origin, with the same body: nothing was read before."""
    there = says(307, Location="/there?like=submit")
    trial = await try_request(name, tmp_path, {"submit": [there]}, posts=2)
    first, second = [one for one in trial.server.requests if one.startswith(b"POST")][:2]
    assert trial.outcome == PAINTS
    assert first.partition(b"\r\n\r\n")[2] == second.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("name", FAMILIES)
async def test_nobody_is_there(name: str, tmp_path: Path) -> None:
    """The gateway is down: nothing was sent, so it is tried again twice."""
    async with faulty_server({}, {}) as gone:
        origin = gone.origin
    family = FAMILIES[name]
    result = await family.run(family.at(origin), tmp_path / "job")
    assert (result.failed.kind, result.failed.billed) == (Kind.UNREACHABLE, NO)
    assert (result.watch.pauses, result.left) == ([1, 4], [])


@pytest.mark.parametrize("name", FAMILIES)
async def test_a_certificate_that_nobody_trusts(name: str, tmp_path: Path) -> None:
    """Neither key nor prompt are sent to whoever answers there."""
    family = FAMILIES[name]
    async with untrusted_tls_port() as port:
        result = await family.run(family.at(f"https://localhost:{port}"), tmp_path / "job")
    assert (result.failed.kind, result.failed.billed) == (Kind.UNREACHABLE, NO)
    assert result.left == []


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_where_a_button_asks_back(fault: str, tmp_path: Path) -> None:
    """Where the reply to the prompt is in doubt, polling tells; it is never sent twice."""
    spoils, outcome = FAULTS[fault]
    trial = await try_request(
        "button that asks back",
        tmp_path,
        {"modal": [spoils]},
        timeout_s=TIMEOUT_S.get(fault, 5),
    )
    assert trial.outcome == (PAINTS if outcome[1] is not NO else outcome)
    assert (trial.server.asked["submit"], trial.server.asked["modal"]) == (1, 1)
    assert ModalSending() in trial.result.events


def test_every_table_of_the_example_is_of_a_family() -> None:
    """Another system must not be sold without its faults."""
    tables = {*examples.TABLES, *image_vendors.TABLES, *task_vendors.TABLES}
    assert tables <= {*FAMILIES, *SAME_SHAPES}
    assert {*SAME_SHAPES.values()} <= FAMILIES.keys()


async def test_the_recordings_have_every_stage() -> None:
    """A family that is recorded without its download would be tried without it."""
    stages = {name: set(await recording_of(name)) for name in FAMILIES}
    assert stages["images"] == {"submit"}
    assert stages["gpt4o"] == {"submit", "download"}
    assert stages["kling"] == {"submit", "poll", "download"}
    assert stages["button that asks back"] == {"submit", "modal", "poll", "download"}
