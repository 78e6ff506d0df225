"""The same faults where words are asked for: at a chat model, and at calls that describe."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.gateway import GatewayFailure
from bot.core.i18n.texts import Texts
from bot.core.models import Billed
from bot.gateways import text_tasks
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import Gateway, PollSettings
from bot.gateways.gateway_config import single_gateway
from bot.gateways.request.chat import ChatQuestion
from bot.gateways.routing.router import Router
from bot.gateways.text_call_client import Asked, TextCallClient
from bot.gateways.text_client import TextClient, TextModel
from tests.gateways import fake_text_chat as chat
from tests.gateways.fake_ideogram import FakeIdeogram
from tests.gateways.fake_midjourney_words import FakeWords
from tests.gateways.faults import large
from tests.gateways.generation_harness import GATEWAY_KEY, SECRET_PROMPT, RecordingClock
from tests.gateways.replayed_replies import (
    Fault,
    FaultyServer,
    Recording,
    Stage,
    faulty_server,
    recorder,
)
from tests.gateways.sample_pictures import picture_bytes
from tests.gateways.test_family_faults import FAULTS, HINTS, NO, PAINTS, TIMEOUT_S
from tests.gateways.test_family_tasks import FINAL, PASSING, SILENCE
from tests.gateways.test_text_call_client import TABLES

SAID = ("said", Billed.YES)
"""The outcome where words came."""
# A call's reply that is no failure was paid for; a chat model's may be anything.
NO_WORDS = (Kind.BAD_RESPONSE, Billed.YES)


@dataclass(frozen=True)
class Question:
    """A gateway, the strict fake of it, and what it is asked."""

    gateway: Gateway
    app: Callable[[], web.Application]
    ask: Callable[[Router, Clock, Path, float], Awaitable[object]]


async def _note(_: str) -> None:
    """Write nothing down."""


async def _ask_chat(router: Router, clock: Clock, picture: Path, timeout_s: float) -> object:
    model = TextModel(name=chat.MODEL, constants={}, timeout_s=timeout_s)
    question = ChatQuestion("Answer with a list.", SECRET_PROMPT, picture)
    return await TextClient(router, model, clock).ask(question, before_sending=_note)


async def _describe(router: Router, clock: Clock, picture: Path, timeout_s: float) -> object:
    return await TextCallClient(router, clock, timeout_s).ask(
        "describe", Asked(picture=picture), before_sending=_note, on_task=_note
    )


async def _shorten(router: Router, clock: Clock, _: Path, timeout_s: float) -> object:
    return await TextCallClient(router, clock, timeout_s).ask(
        "shorten", Asked(words=SECRET_PROMPT), before_sending=_note, on_task=_note
    )


def _chat_app() -> web.Application:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat.FakeTextChat().answer)
    return app


QUESTIONS: Mapping[str, Question] = {
    "chat": Question(
        single_gateway(url="http://x", key=chat.KEY, models=("m",)), _chat_app, _ask_chat
    ),
    "describe": Question(TABLES["ideogram"], lambda: FakeIdeogram().app(), _describe),
    "describe as a task": Question(TABLES["midjourney"], lambda: FakeWords().app(), _describe),
    "shorten": Question(TABLES["midjourney"], lambda: FakeWords().app(), _shorten),
}
TASKS = ("describe as a task", "shorten")
_KEYS = (GATEWAY_KEY, chat.KEY)
_WITH_WORDS = ("chat", "shorten")  # the others send none that could be repeated
_TEXTS = Texts()


def _check_words(name: str, told: str) -> None:
    assert not [key for key in _KEYS if key in told]
    assert name not in _WITH_WORDS or "planted" not in told


async def _asked(name: str, origin: str, folder: Path, timeout_s: float = 5) -> tuple[str, Billed]:
    """Ask once; return how it ends, after checks of what holds for every end."""
    question, watch = QUESTIONS[name], RecordingClock()
    poll = PollSettings(interval_s=3, budget_s=30)
    gateway = replace(question.gateway, base_url=origin, poll=poll)
    picture = folder / "picture"
    picture.write_bytes(picture_bytes("jpeg"))
    async with Router((gateway,), Catalogue.of((gateway,)), clock=watch.clock) as router:
        try:
            assert await question.ask(router, watch.clock, picture, timeout_s)
        except GatewayFailure as failure:
            _check_words(name, repr(failure) + _TEXTS.sentence(failure))
            return failure.kind, failure.billed
        finally:
            assert list(folder.iterdir()) == [picture]
    return SAID


_RECORDINGS: dict[str, Recording] = {}


async def _recording_of(name: str, folder: Path) -> Recording:
    if name not in _RECORDINGS:
        async with TestServer(QUESTIONS[name].app()) as server:
            assert server.port is not None
            async with recorder(server.port) as one:
                assert await _asked(name, one.origin, folder) == SAID
        _RECORDINGS[name] = one.replies
    return _RECORDINGS[name]


@asynccontextmanager
async def _meeting(
    name: str,
    folder: Path,
    faults: Mapping[Stage, Sequence[Fault]],
    *,
    forever: bool = False,
    timeout_s: float = 5,
) -> AsyncIterator[tuple[tuple[str, Billed], FaultyServer]]:
    """Ask a server with faults: how it ends, and what the server received."""
    recording = await _recording_of(name, folder)
    with structlog.testing.capture_logs() as logs:
        async with faulty_server(recording, faults, forever=forever) as server:
            yield await _asked(name, server.origin, folder, timeout_s), server
    _check_words(name, repr(logs))
    assert server.asked["submit"] == 1
    assert not [one for one in server.requests if b" /elsewhere " in one]


@pytest.mark.parametrize("fault", [*FAULTS, *HINTS])
@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_fault_of_the_question(name: str, fault: str, tmp_path: Path) -> None:
    """It means the same as where pictures are asked for; nothing is asked twice."""
    spoils, outcome = FAULTS.get(fault) or (HINTS[fault], (Kind.RATE_LIMITED, NO))
    outcome = NO_WORDS if outcome[0] == Kind.NO_IMAGE and name != "chat" else outcome
    timeout_s = TIMEOUT_S.get(fault, 5)
    meeting = _meeting(name, tmp_path, {"submit": [spoils]}, timeout_s=timeout_s)
    async with meeting as (found, _):
        assert found == (SAID if outcome == PAINTS else outcome)


@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_reply_without_end(name: str, tmp_path: Path) -> None:
    """Words are few: more is read of no reply."""
    async with _meeting(name, tmp_path, {"submit": [large(8_000_000)]}) as (found, _):
        assert found == (Kind.BAD_RESPONSE, Billed.MAYBE)


@pytest.mark.parametrize("fault", [*PASSING, *FINAL])
@pytest.mark.parametrize("name", TASKS)
async def test_a_poll_that_always_fails(
    name: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is an end to it, and the same one as of a picture's task."""
    if fault == SILENCE:
        monkeypatch.setattr(text_tasks, "POLL_TIMEOUT_S", 0.03)
    spoils, outcome = {**PASSING, **FINAL}[fault]
    async with _meeting(name, tmp_path, {"poll": [spoils]}, forever=True) as (found, server):
        assert found == (SAID if outcome == PAINTS else outcome)
        is_final = fault in FINAL
        assert outcome == PAINTS or (server.asked["poll"] == 1) is is_final


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("name", TASKS)
async def test_a_poll_that_fails_once(
    name: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Polling is free, so it goes on."""
    if fault == SILENCE:
        monkeypatch.setattr(text_tasks, "POLL_TIMEOUT_S", 0.2)
    async with _meeting(name, tmp_path, {"poll": [PASSING[fault][0]]}) as (found, _):
        assert found == SAID
