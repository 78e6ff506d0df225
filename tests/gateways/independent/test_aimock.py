"""Our client at aimock: what it reads in our requests is what we meant, and we read its answers."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed, Size
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import AsyncSettings, PathSettings
from bot.gateways.model_abilities import shipped_models
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    SECRET_PROMPT,
    AttachedFile,
    attach_file,
    run_generation,
)
from tests.gateways.independent.aimock import Aimock, Fixture, aimock, why_unavailable
from tests.gateways.sample_pictures import b64, picture_bytes
from tests.gateways.test_image_vendors import TABLES

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=why_unavailable())

GPT, DALL_E = shipped_models()["gpt-image-2"], shipped_models()["dall-e-3"]
ART = picture_bytes(width=40, height=30, noise=True)
ITEM = {"b64Json": b64(ART)}
WORDS = 'ein "Fuchs" \\ 狐狸 🦊\r\n--easel-boundary\r\nContent-Disposition: form-data; name="model"'


def _when(words: str, response: dict[str, object], **match: object) -> Fixture:
    """Answer prompts that hold these words."""
    return {"match": {"userMessage": words, "endpoint": "image", **match}, "response": response}


def _error(status: int, type_: str, code: str | None, **more: object) -> dict[str, object]:
    error = {"message": f"told by aimock, not for {GATEWAY_KEY}", "type": type_, "code": code}
    return {"error": error, "status": status, **more}


RATE = _error(429, "requests", "rate_limit_exceeded", retryAfter=7)
FIXTURES = [
    _when("two foxes", {"images": [ITEM, ITEM]}),
    _when("revised", {"images": [{**ITEM, "revisedPrompt": "a fox, oil on canvas"}]}),
    _when("blood", _error(400, "image_generation_user_error", "moderation_blocked")),
    _when("too poor", _error(429, "insufficient_quota", "insufficient_quota")),
    _when("too early", RATE, sequenceIndex=0),
    _when("too early", {"images": [ITEM]}, sequenceIndex=1),
    _when("broken", _error(500, "server_error", None)),
    _when("a chat", {"content": "no picture"}),
    _when(SECRET_PROMPT, {"images": [ITEM]}),
    _when("狐狸", {"images": [ITEM]}),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    """Start aimock once."""
    with aimock(tmp_path_factory.mktemp("aimock"), FIXTURES) as mock:
        yield mock


def _attached(folder: Path, count: int) -> list[AttachedFile]:
    return [attach_file(folder / f"reference-{number}", picture_bytes()) for number in range(count)]


# --- generations --------------------------------------------------------------------------------


async def test_a_generation(running: Aimock, tmp_path: Path) -> None:
    """It arrives with key, model and prompt, and its picture comes back byte for byte."""
    result = await run_generation(running.gateway(), tmp_path, known=GPT, size=Size(1536, 1024))
    assert [one.path.read_bytes() for one in result.pictures] == [ART]
    (read,) = await running.repository()
    assert (read.line, read.status) == ("POST /v1/images/generations", 200)
    assert read.asked == ("gpt-image-2", SECRET_PROMPT)
    assert read.headers["content-type"] == "application/json"
    assert read.headers["accept"] == "application/json"
    assert read.headers["authorization"] == "[REDACTED]"
    assert "transfer-encoding" not in read.headers


async def test_several_pictures(running: Aimock, tmp_path: Path) -> None:
    """One request, all its pictures."""
    result = await run_generation(running.gateway(), tmp_path, known=GPT, n=2, prompt="two foxes")
    assert [one.path.read_bytes() for one in result.pictures] == [ART, ART]
    assert len(await running.repository()) == 1


async def test_a_revised_prompt(running: Aimock, tmp_path: Path) -> None:
    """It comes with the picture."""
    gateway = running.gateway(models=("dall-e-3",))
    result = await run_generation(
        gateway, tmp_path, known=DALL_E, size=Size(1024, 1024), prompt="revised"
    )
    assert result.pictures[0].revised_prompt == "a fox, oil on canvas"
    (read,) = await running.repository()
    assert read.asked == ("dall-e-3", "revised")


async def test_a_base_url_with_its_version(running: Aimock, tmp_path: Path) -> None:
    """Both spellings lead to the same place."""
    gateway = running.gateway(base_url=f"{running.origin}/v1/")
    assert (await run_generation(gateway, tmp_path, known=GPT)).pictures
    assert [read.line for read in await running.repository()] == ["POST /v1/images/generations"]


async def test_the_table_of_ark(running: Aimock, tmp_path: Path) -> None:
    """Its version is in the base URL, and aimock imitates it there."""
    table, model = TABLES["ark"], TABLES["ark"].models[0]
    gateway = replace(table, name="ark", base_url=f"{running.origin}/api/v3", key=GATEWAY_KEY)
    known = Catalogue.of([gateway]).ability("ark", model)
    await running.repository()
    result = await run_generation(gateway, tmp_path, known=known, size=known.default_size)
    assert [one.path.read_bytes() for one in result.pictures] == [ART]
    (read,) = await running.repository()
    assert (read.line, read.asked) == (
        "POST /api/v3/images/generations",
        (model, SECRET_PROMPT),
    )


# --- edits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 16])
@pytest.mark.parametrize("masked", [False, True], ids=["plain", "masked"])
async def test_an_edit(running: Aimock, tmp_path: Path, count: int, masked: bool) -> None:
    """A parser that is not ours finds the fields among the files."""
    mask = tmp_path / "mask"
    mask.write_bytes(picture_bytes())
    result = await run_generation(
        running.gateway(),
        tmp_path,
        known=GPT,
        attached=_attached(tmp_path, count),
        mask=mask if masked else None,
    )
    assert [one.path.read_bytes() for one in result.pictures] == [ART]
    (read,) = await running.repository()
    assert (read.line, read.status) == ("POST /v1/images/edits", 200)
    assert read.asked == ("gpt-image-2", SECRET_PROMPT)
    assert read.headers["content-type"].startswith("multipart/form-data; boundary=easel-")
    assert int(read.headers["content-length"]) > (count + masked) * len(picture_bytes())
    assert "transfer-encoding" not in read.headers


@pytest.mark.parametrize("references", [0, 1], ids=["JSON", "form"])
async def test_words_arrive_as_they_are(running: Aimock, tmp_path: Path, references: int) -> None:
    """Neither quotes nor other scripts nor a smuggled form field change the request."""
    attached = _attached(tmp_path, references)
    result = await run_generation(
        running.gateway(), tmp_path, known=GPT, prompt=WORDS, attached=attached
    )
    assert result.pictures
    (read,) = await running.repository()
    assert read.asked == ("gpt-image-2", WORDS)


# --- what it ignores ----------------------------------------------------------------------------


@pytest.mark.parametrize("references", [0, 1], ids=["generation", "edit"])
async def test_a_stream_that_is_none(running: Aimock, tmp_path: Path, references: int) -> None:
    """Asked for events it answers plain JSON."""
    gateway, attached = running.gateway(streaming="sse"), _attached(tmp_path, references)
    result = await run_generation(gateway, tmp_path, known=GPT, attached=attached)
    assert result.names == ["Sending", "Received"]
    (read,) = await running.repository()
    assert read.headers["accept"] == "text/event-stream, application/json"


@pytest.mark.parametrize("references", [0, 1], ids=["generation", "edit"])
async def test_a_task_that_is_none(running: Aimock, tmp_path: Path, references: int) -> None:
    """Asked for a task it answers with the picture."""
    asking = AsyncSettings(mode="query", query={"async": "true"})
    gateway, attached = running.gateway(asynchronous=asking), _attached(tmp_path, references)
    result = await run_generation(gateway, tmp_path, known=GPT, attached=attached)
    assert result.names == ["Sending", "Received"]
    assert result.watch.pauses == []
    (read,) = await running.repository()
    path = "edits" if references else "generations"
    assert read.line == f"POST /v1/images/{path}?async=true"


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "kind", "billed", "status"),
    [
        ("blood", Kind.MODERATION, Billed.NO, 400),
        ("too poor", Kind.QUOTA, Billed.NO, 429),
        ("unheard of", Kind.MODEL_UNAVAILABLE, Billed.NO, 404),
        ("broken", Kind.UPSTREAM, Billed.MAYBE, 500),
        ("a chat", Kind.UPSTREAM, Billed.MAYBE, 500),
    ],
)
@pytest.mark.parametrize("references", [0, 1], ids=["generation", "edit"])
async def test_an_error(
    running: Aimock,
    tmp_path: Path,
    prompt: str,
    kind: Kind,
    billed: Billed,
    status: int,
    references: int,
) -> None:
    """It is reported once, without the key, and nothing is sent twice."""
    attached = _attached(tmp_path, references)
    failed = (
        await run_generation(
            running.gateway(), tmp_path, known=GPT, prompt=prompt, attached=attached
        )
    ).failed
    assert (failed.kind, failed.billed, failed.http_status) == (kind, billed, status)
    assert failed.request_id
    assert GATEWAY_KEY not in f"{failed} {failed.detail}"
    assert [read.status for read in await running.repository()] == [status]


async def test_a_wrong_key(running: Aimock, tmp_path: Path) -> None:
    """The gateway is down until the key is replaced."""
    failed = (await run_generation(running.gateway(key="sk-wrong"), tmp_path, known=GPT)).failed
    assert (failed.kind, failed.billed, failed.http_status) == (Kind.AUTH, Billed.NO, 401)
    assert await running.repository() == []


async def test_a_wrong_path(running: Aimock, tmp_path: Path) -> None:
    """It costs nothing."""
    gateway = running.gateway(paths=PathSettings(generate="/v1/images/generation"))
    failed = (await run_generation(gateway, tmp_path, known=GPT)).failed
    assert (failed.billed, failed.http_status) == (Billed.NO, 404)


async def test_a_hint_to_wait(running: Aimock, tmp_path: Path) -> None:
    """After 429 with Retry-After the same request is sent again, as late as was asked for."""
    result = await run_generation(running.gateway(), tmp_path, known=GPT, prompt="too early")
    assert result.names == ["Sending", "RequestRefused", "Waiting", "Sending", "Received"]
    assert result.watch.pauses == [7]
    assert [read.status for read in await running.repository()] == [429, 200]


@pytest.mark.parametrize(
    ("trouble", "kind", "status"),
    [
        ("disconnect", Kind.TIMEOUT_UNKNOWN, None),
        ("drop", Kind.UPSTREAM, 500),
        ("malformed", Kind.BAD_RESPONSE, 200),
    ],
)
async def test_trouble_after_which_nobody_knows(
    running: Aimock, tmp_path: Path, trouble: str, kind: Kind, status: int | None
) -> None:
    """Aimock can be told to fail by a header; such a request is never sent again."""
    gateway = running.gateway(headers={f"x-aimock-chaos-{trouble}": "1"})
    failed = (await run_generation(gateway, tmp_path, known=GPT)).failed
    assert (failed.kind, failed.billed, failed.http_status) == (kind, Billed.MAYBE, status)
    assert len(await running.repository()) == 1


async def test_a_gateway_that_stays_busy(running: Aimock, tmp_path: Path) -> None:
    """It is asked three times, after its hints, and then the request fails."""
    gateway = running.gateway(headers={"x-aimock-chaos-ratelimit": "1"})
    result = await run_generation(gateway, tmp_path, known=GPT)
    assert (result.failed.kind, result.failed.billed) == (Kind.RATE_LIMITED, Billed.NO)
    assert result.names == ["Sending", "RequestRefused", "Waiting"] * 2 + ["Sending"]
    assert [read.status for read in await running.repository()] == [429] * 3
    assert len(result.watch.pauses) == 2
