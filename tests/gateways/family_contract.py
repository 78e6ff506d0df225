"""What holds for every request at every family, whatever its server did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from PIL import Image

from bot.core.i18n.texts import Texts
from bot.core.models import Billed
from bot.gateways.events import TaskProgress
from bot.gateways.gateway import PollSettings
from tests.gateways.generation_harness import GATEWAY_KEY, SECRET_PROMPT, GenerationResult, files_in
from tests.gateways.replayed_replies import (
    Fault,
    FaultyServer,
    Recording,
    Stage,
    faulty_server,
    stage_of,
)
from tests.gateways.vendor_families import FAMILIES, Family, recording_of

_TEXTS = Texts()
_SECRETS = (GATEWAY_KEY, SECRET_PROMPT, "planted")
MOST_REQUESTS = 3  # of one POST that certainly made nothing


@dataclass(frozen=True)
class Trial:
    """The result of a request, and the server that it was sent to."""

    result: GenerationResult
    server: FaultyServer

    @property
    def outcome(self) -> tuple[str, Billed]:
        """Return the kind of the failure and whether it was billed, or that it paints."""
        if self.result.failure is None:
            return "paints", Billed.YES
        return self.result.failure.kind, self.result.failure.billed


async def try_request(
    name: str,
    folder: Path,
    faults: Mapping[Stage, Sequence[Fault]],
    *,
    forever: bool = False,
    family: Family | None = None,
    recording: Recording | None = None,
    n: int = 1,
    prompt: str = SECRET_PROMPT,
    timeout_s: float = 5,
    posts: int = 1,
) -> Trial:
    """Send one request of a family to a server with faults, and check what always holds.

    Where it may be paid, it is received once: ``posts`` counts redirects that come before.
    """
    family = family or FAMILIES[name]
    recording = recording or await recording_of(name)
    with structlog.testing.capture_logs() as logs:
        async with faulty_server(recording, faults, forever=forever) as server:
            gateway = family.at(server.origin, poll=PollSettings(interval_s=3, budget_s=30))
            result = await family.run(
                gateway, folder / "job", n=n, prompt=prompt, timeout_s=timeout_s
            )
    _check_payments(result, server, posts)
    _check_files(result)
    _check_words(result, logs)
    return Trial(result, server)


def _check_payments(result: GenerationResult, server: FaultyServer, posts: int) -> None:
    """Nothing that may be paid is sent twice, nothing goes elsewhere, and no store gets the key."""
    is_certain = result.failure is not None and result.failure.billed is Billed.NO
    refused = "RequestRefused" in result.names
    assert server.asked["submit"] <= (MOST_REQUESTS if is_certain or refused else posts)
    assert server.asked["modal"] <= 1
    for request in server.requests:
        assert b" /elsewhere " not in request
        assert stage_of(request) != "download" or GATEWAY_KEY.encode() not in request


def _check_files(result: GenerationResult) -> None:
    """Only the pictures are left, and each of them is whole."""
    fractions = [event.fraction or 0 for event in result.events if isinstance(event, TaskProgress)]
    assert fractions == sorted(fractions)
    if result.failure is not None:
        assert result.left == []
        return
    assert {one.path for one in result.pictures} == set(files_in(result.folder))
    for one in result.pictures:
        with Image.open(one.path) as image:
            image.load()


def _check_words(result: GenerationResult, logs: Sequence[Mapping[str, object]]) -> None:
    """Neither logs nor the failure hold a secret, and a person reads a sentence."""
    told = repr(logs) + repr(result.failure)
    assert not [secret for secret in _SECRETS if secret in told]
    if result.failure is not None:
        sentence = _TEXTS.sentence(result.failure)
        assert sentence.endswith((".", "?"))
        assert "planted" not in sentence
