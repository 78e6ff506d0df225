"""The same faults at every family: in the pictures, where they lie, and how many there are."""

import base64
import json
import re
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways import download
from bot.gateways.reply import download_spool
from tests.gateways.family_contract import try_request
from tests.gateways.faults import (
    PAGE,
    TALKATIVE,
    cut,
    ends,
    error,
    half_a_chunk,
    in_header,
    large,
    longer,
    no_last_chunk,
    redirects,
    says,
    shorter,
    typed,
    zipped,
    zipped_bomb,
)
from tests.gateways.replayed_replies import Fault, Recording, Reply, Stage
from tests.gateways.sample_pictures import b64, picture_bytes
from tests.gateways.test_family_faults import DEEP, PAINTS
from tests.gateways.vendor_families import FAMILIES, REFERENCE, recording_of

NOT_FETCHED = (Kind.DOWNLOAD_FAILED, Billed.YES)
ADDRESS = re.compile(rb"(http://[\w.]+)?/files/\w+\.png")
NO_PICTURE = (Kind.BAD_RESPONSE, Billed.YES)
BY_ADDRESS = (
    *("siliconflow", "localai", "gpt4o", "ideogram", "workflow", "task", "kling", "flux"),
    *("ideogram-v3", "midjourney", "button", "button that asks back"),
)
OPERATIONS = ("blend", "enlarging")  # whose polls and pictures are their gateway's
INSIDE = sorted(FAMILIES.keys() - {*BY_ADDRESS, *OPERATIONS})
HALF = picture_bytes(width=90, height=60, noise=True)[:5_000]
SILENCE = "silent in the body"
EVERY_TIME: dict[str, tuple[Fault, tuple[str, Billed]]] = {
    "closed before a reply": (ends(b""), NOT_FETCHED),
    "reset before a reply": (ends(b"", "reset"), NOT_FETCHED),
    "reset in a header": (in_header, NOT_FETCHED),
    "closed before the body": (cut(0), NOT_FETCHED),
    "reset in the body": (cut(5, "reset"), NOT_FETCHED),
    "half of it": (cut(0.5), NOT_FETCHED),
    SILENCE: (cut(5, "silence"), NOT_FETCHED),
    "half a chunk": (half_a_chunk, NOT_FETCHED),
    "a length that is too small": (shorter, NOT_FETCHED),
    **{f"{status}": (error(status), NOT_FETCHED) for status in (404, 408, 425, 429, 500, 502, 503)},
}
AT_ONCE: dict[str, tuple[Fault, tuple[str, Billed]]] = {
    "a length that is too large": (longer, PAINTS),
    "no last chunk": (no_last_chunk, PAINTS),
    "compressed": (zipped, PAINTS),
    "another type": (typed("text/html"), PAINTS),
    "without a type": (typed(""), PAINTS),
    "an empty body": (says(200), NO_PICTURE),
    "a page": (says(200, PAGE), NO_PICTURE),
    "words": (says(200, {"error": TALKATIVE}), NO_PICTURE),
    "half a picture that says so": (says(200, HALF), NO_PICTURE),
    "deep JSON": (says(200, DEEP), NO_PICTURE),
    **{f"{status}": (error(status), NOT_FETCHED) for status in (400, 401, 402, 403, 410)},
    **{f"{status}": (redirects(status), NOT_FETCHED) for status in (301, 302, 303, 307, 308)},
    "no content": (says(204), NOT_FETCHED),
    "a private host": (says(302, Location="http://10.0.0.1/files/fox.png"), NOT_FETCHED),
    "no web address": (says(302, Location="file:///etc/passwd"), NOT_FETCHED),
    "in a circle": (says(302, Location="/files/fox.png"), NOT_FETCHED),
    "too large": (lambda reply: reply.raw(Content_Length=f"{10**9}"), NOT_FETCHED),
}


async def test_every_family_with_downloads_is_tried() -> None:
    """A new one must be in the list, too."""
    recordings = {name: await recording_of(name) for name in FAMILIES}
    by_address = {name for name, recorded in recordings.items() if "download" in recorded}
    assert by_address == {*BY_ADDRESS, *OPERATIONS}


@pytest.mark.parametrize("fault", [*EVERY_TIME, *AT_ONCE])
@pytest.mark.parametrize("name", BY_ADDRESS)
async def test_a_picture_that_cannot_be_fetched(
    name: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was made and paid for: it is fetched again where that may help, and never painted anew."""
    monkeypatch.setattr(download, "DOWNLOAD_TIMEOUT_S", 0.05 if fault == SILENCE else 5)
    spoils, outcome = {**EVERY_TIME, **AT_ONCE}[fault]
    trial = await try_request(name, tmp_path, {"download": [spoils]}, forever=True, timeout_s=60)
    assert trial.outcome == outcome
    asked = trial.server.asked["download"]
    if fault in EVERY_TIME:  # aiohttp itself repeats a GET that nobody answered
        assert asked in (times := 1 + len(download.DOWNLOAD_PAUSES_S), 2 * times)
    else:
        assert asked == (1 + download.MAX_REDIRECTS if fault == "in a circle" else 1)


@pytest.mark.parametrize("fault", [name for name in EVERY_TIME if name != SILENCE])
@pytest.mark.parametrize("name", BY_ADDRESS)
async def test_a_picture_that_is_fetched_again(name: str, fault: str, tmp_path: Path) -> None:
    """A store may be late or busy; nobody notices."""
    spoils, _ = EVERY_TIME[fault]
    trial = await try_request(name, tmp_path, {"download": [spoils]}, timeout_s=60)
    assert trial.outcome == PAINTS
    assert trial.server.asked["download"] == 2


# --- inside of the reply --------------------------------------------------------------------------


def _result_stage(recording: Recording) -> Stage:
    return "poll" if "poll" in recording else "submit"


async def _with_result(name: str, change: Callable[[Reply], Reply]) -> Recording:
    """Return the recording of a family whose last reply before the download is another one."""
    recording = await recording_of(name)
    stage = _result_stage(recording)
    *before, result = recording[stage]
    changed = change(result)
    assert changed.body != result.body
    return {**recording, stage: [*before, changed]}


def _pictures(value: object) -> Sequence[str]:
    """Return the base64 of the pictures in JSON or in events, as it is written there."""
    starts = (b64(picture_bytes(kind))[:12] for kind in ("png", "jpeg", "webp"))
    return [start for start in starts if start in str(value)]


def _other_pictures(art: bytes) -> Callable[[Reply], Reply]:
    """Put other bytes in the place of each picture inside of a reply."""

    def change(reply: Reply) -> Reply:
        text = reply.body.decode()
        for start in _pictures(text):
            while (at := text.find(start)) >= 0:
                rest = text[at:]
                length = next(
                    number
                    for number, letter in enumerate(rest)
                    if not (letter.isalnum() or letter in "+/=")
                )
                text = text[:at] + base64.b64encode(art).decode() + rest[length:]
        return reply.holding(text.encode())

    return change


NO_PICTURES = {"words": b"these are only words" * 9, "a page": PAGE, "half a picture": HALF[8:]}


@pytest.mark.parametrize("art", NO_PICTURES.values(), ids=NO_PICTURES)
@pytest.mark.parametrize("name", INSIDE)
async def test_a_picture_that_is_none(name: str, art: bytes, tmp_path: Path) -> None:
    """Base64 of something else: it may have been paid, and is no result."""
    recording = await _with_result(name, _other_pictures(art))
    trial = await try_request(name, tmp_path, {}, recording=recording)
    assert trial.outcome[0] in (Kind.BAD_RESPONSE, Kind.NO_IMAGE)
    assert trial.outcome[1] is not Billed.NO


@pytest.mark.parametrize("name", BY_ADDRESS)
@pytest.mark.parametrize("address", ["http://10.0.0.1/x.png", "http://[::1]:9/x.png", "ftp://a/b"])
async def test_an_address_that_nobody_may_visit(name: str, address: str, tmp_path: Path) -> None:
    """The gateway must not make the bot connect to its operator's network."""

    def change(reply: Reply) -> Reply:
        return reply.holding(ADDRESS.sub(address.encode(), reply.body))

    recording = await _with_result(name, change)
    trial = await try_request(name, tmp_path, {}, recording=recording, timeout_s=60)
    assert trial.server.asked["download"] == 0
    assert trial.outcome[0] in (Kind.DOWNLOAD_FAILED, Kind.NO_IMAGE)
    assert trial.outcome[1] is not Billed.NO


# --- how many there are ---------------------------------------------------------------------------

IN_LISTS = [
    name
    for name in FAMILIES
    if name not in ("azure", "openrouter-images", "openai-responses", "chat, streamed")
    and name not in ("midjourney", *OPERATIONS)
    and "button" not in name
]
SEVERAL = [name for name in IN_LISTS if FAMILIES[name].known.max_n > 1]


def _twice(value: object) -> object:
    """Repeat the innermost list that holds the picture."""
    match value:
        case dict():
            return {key: _twice(one) for key, one in value.items()}
        case list():
            changed = [_twice(one) for one in value]
            holds = _pictures(value) or "/files/" in str(value)
            return value * 2 if holds and changed == value else changed
    return value


async def _doubled(name: str) -> Recording:
    return await _with_result(
        name,
        lambda reply: reply.holding(json.dumps(_twice(json.loads(reply.body))).encode()),
    )


@pytest.mark.parametrize("name", IN_LISTS)
async def test_more_pictures_than_were_asked_for(name: str, tmp_path: Path) -> None:
    """One was asked for, and one is delivered and charged."""
    trial = await try_request(name, tmp_path, {}, recording=await _doubled(name))
    assert trial.outcome == PAINTS
    assert trial.result.received.units == 1


@pytest.mark.parametrize("name", SEVERAL)
async def test_fewer_pictures_than_were_asked_for(name: str, tmp_path: Path) -> None:
    """Two were asked for: what came is delivered, and no more is charged."""
    trial = await try_request(name, tmp_path, {}, n=2)
    assert trial.outcome == PAINTS
    assert (trial.result.received.units, trial.result.received.made) == (1, 1)


@pytest.mark.parametrize("name", SEVERAL)
async def test_the_same_picture_twice(name: str, tmp_path: Path) -> None:
    """Two were asked for and two came: nobody decides here that they are too much alike."""
    trial = await try_request(name, tmp_path, {}, recording=await _doubled(name), n=2)
    assert trial.outcome == PAINTS
    assert (trial.result.received.units, trial.result.received.made) == (2, 2)


FROM_REFERENCES = [name for name in IN_LISTS if FAMILIES[name].known.references]


@pytest.mark.parametrize("name", FROM_REFERENCES)
async def test_the_reference_comes_back(name: str, tmp_path: Path) -> None:
    """Whatever the reply repeats of the request, the person gets what was painted."""
    echo = {"input": {"image": f"data:image/png;base64,{b64(REFERENCE)}"}}

    def change(reply: Reply) -> Reply:
        body = {**echo, "init_image": b64(REFERENCE), **json.loads(reply.body)}
        return reply.holding(json.dumps(body).encode())

    trial = await try_request(
        name,
        tmp_path,
        {},
        recording=await _with_result(name, change),
        family=replace(FAMILIES[name], references=1),
    )
    assert trial.outcome == PAINTS
    assert REFERENCE not in [one.path.read_bytes() for one in trial.result.pictures]


# --- how large they are ---------------------------------------------------------------------------

MOST_IN_MEMORY = 9_000_000  # the first sentence loads all texts
TOO_LARGE: dict[str, Fault] = {"text": large(16_000_000), "compressed": zipped_bomb(16_000_000)}


@pytest.mark.parametrize("fault", TOO_LARGE.values(), ids=TOO_LARGE)
@pytest.mark.parametrize("name", FAMILIES)
async def test_a_reply_that_is_too_large(
    name: str, fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read no further than any reply may be long, and fills neither memory nor disk."""
    monkeypatch.setattr(download_spool, "MIN_BODY_BYTES", 200_000)
    monkeypatch.setattr(download_spool, "BODY_BYTES_PER_PICTURE", 100_000)
    for stage in {"submit", _result_stage(await recording_of(name))}:
        tracemalloc.start()
        try:
            trial = await try_request(name, tmp_path, {stage: [fault]})
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert trial.outcome == NO_PICTURE
        assert peak < MOST_IN_MEMORY
