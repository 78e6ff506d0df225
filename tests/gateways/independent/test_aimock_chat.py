"""Painting through chat at aimock: it reads our messages, and we find the picture in its words."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.reference_limits import ReferenceLimits
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    SECRET_PROMPT,
    GenerationResult,
    attach_file,
    make_model,
    run_generation,
)
from tests.gateways.independent.aimock import Aimock, Fixture, aimock, why_unavailable
from tests.gateways.sample_pictures import b64, picture_bytes

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=why_unavailable())

ART = picture_bytes(width=40, height=30, noise=True)
MARKDOWN = f"Here is the fox:\n![image](data:image/png;base64,{b64(ART)})\nEnjoy!"
PAINTER = make_model(
    "painter", max_n=1, references=ReferenceLimits(max_count=3, max_bytes=99_999_999)
)


def _when(words: str, response: dict[str, object], **match: object) -> Fixture:
    """Answer prompts that hold these words."""
    return {"match": {"userMessage": words, "endpoint": "chat", **match}, "response": response}


def _error(status: int, type_: str, code: str | None) -> dict[str, object]:
    error = {"message": f"told by aimock, not for {GATEWAY_KEY}", "type": type_, "code": code}
    return {"error": error, "status": status}


FIXTURES = [
    _when("no picture", {"content": "What a lovely idea."}),
    _when("blood", {"content": "I can’t help with that request."}),
    _when("too poor", _error(429, "insufficient_quota", "insufficient_quota")),
    _when("too early", _error(429, "requests", "rate_limit_exceeded")),
    _when("broken", _error(500, "server_error", None)),
    _when(SECRET_PROMPT, {"content": MARKDOWN}),
    _when("狐狸", {"content": MARKDOWN}),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    """Start aimock once."""
    with aimock(tmp_path_factory.mktemp("aimock"), FIXTURES) as mock:
        yield mock


async def _paint(
    running: Aimock, folder: Path, *, base: str = "", stream: bool = False, **asked: object
) -> GenerationResult:
    gateway: Gateway = running.gateway(
        base_url=f"{running.origin}{base}",
        models=("painter",),
        api="chat",
        abilities={"painter": PAINTER},
        streaming="sse" if stream else "off",
        body={"modalities": ["image", "text"]},
    )
    known: ModelAbilities = Catalogue.of([gateway]).ability("aimock", "painter")
    return await run_generation(gateway, folder, known=known, **asked)  # type: ignore[arg-type]  # passed on


@pytest.mark.parametrize("base", ["", "/v1", "/api/v1"])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_picture_in_its_words(
    running: Aimock, base: str, stream: bool, tmp_path: Path
) -> None:
    """It cuts a stream anywhere; the last of the addresses is OpenRouter's."""
    await running.repository()
    result = await _paint(running, tmp_path, base=base, stream=stream)
    assert result.failure is None
    assert [one.path.read_bytes() for one in result.pictures] == [ART]
    (read,) = await running.repository()
    path = f"{base if base.startswith('/api') else '/v1'}/chat/completions"
    assert (read.line, read.status) == (f"POST {path}", 200)
    assert read.asked == ("painter", SECRET_PROMPT)


async def test_a_message_with_references(running: Aimock, tmp_path: Path) -> None:
    """The pictures come behind the words, and aimock still finds these."""
    attached = [attach_file(tmp_path / f"{number}", picture_bytes()) for number in range(3)]
    result = await _paint(running, tmp_path / "job", attached=attached, prompt='a 狐狸 \\ "🦊"')
    assert [one.path.read_bytes() for one in result.pictures] == [ART]


ENDINGS = [
    ("no picture", Kind.NO_IMAGE, Billed.MAYBE),
    ("blood", Kind.MODERATION, Billed.MAYBE),
    ("too poor", Kind.QUOTA, Billed.NO),
    ("too early", Kind.RATE_LIMITED, Billed.NO),
    ("broken", Kind.UPSTREAM, Billed.MAYBE),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("prompt", "kind", "billed"), ENDINGS)
async def test_what_brings_no_picture(
    running: Aimock, prompt: str, kind: Kind, billed: Billed, stream: bool, tmp_path: Path
) -> None:
    """Words without a picture were paid for, perhaps; its errors were not."""
    failed = (await _paint(running, tmp_path, prompt=prompt, stream=stream)).failed
    assert (failed.kind, failed.billed) == (kind, billed)
    assert GATEWAY_KEY not in failed.detail
