"""A gateway that repeats the request in its reply: nobody is delivered their own reference."""

from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.gateways.gateway import AsyncSettings
from bot.gateways.reference_limits import ReferenceLimits
from tests.gateways import fake_sse as sse
from tests.gateways.generation_harness import (
    GenerationResult,
    attach_file,
    make_model,
    run_generation,
)
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

SENT = "https://cdn.discordapp.com/attachments/1/2/a%20fox.png?ex=1&is=2&hm=3"
REFERENCE = picture_bytes(width=90, height=60, noise=True)
SMALL_REFERENCE = picture_bytes(width=3)
MADE = picture_bytes(width=91, height=60, noise=True)
PAINTER = make_model(
    "painter",
    timeout_s=5,
    references=ReferenceLimits(
        transport="json_image_urls", max_count=2, max_bytes=10**6, formats=("png",)
    ),
)
RESULT = {"picture_data": b64(MADE)}
ECHOES: dict[str, object] = {
    "input": {"input": {"image": SENT}},
    "image": {"image": SENT},
    "reference_image": {"data": {"reference_image": {"url": SENT}}},
    "a nested image": {"data": {"image": SENT}},
    "a list": {"data": {"image": [SENT], "urls": [SENT]}},
    "a task": {"task": {"image": SENT}},
    "the url of the result": {"result": {"url": SENT}},
    "fresh again": {"result": {"url": SENT.replace("ex=1", "ex=9")}},
    "without its query": {"url": SENT.partition("?")[0]},
    "spelt in another way": {"url": SENT.replace("%20", " ")},
    "in words": {"choices": [{"message": {"content": f"You sent ![this]({SENT})"}}]},
    "data": {"data": {"image": b64(REFERENCE)}},
    "small data": {"data": [{"image": f"data:image/png;base64,{b64(SMALL_REFERENCE)}"}]},
    "data of the whole": {"init_image": b64(REFERENCE), "image": b64(REFERENCE)},
    "two of them": {"data": {"images": [SENT, b64(SMALL_REFERENCE)]}},
}


async def _paint(folder: Path, *answers: RawReply, mode: str = "off") -> GenerationResult:
    attached = [
        attach_file(folder / "one", REFERENCE, url=SENT),
        attach_file(folder / "two", SMALL_REFERENCE),
    ]
    async with replay_gateway(*answers) as raw:
        return await run_generation(
            raw.gateway(asynchronous=AsyncSettings(mode=mode)),  # type: ignore[arg-type]  # a mode
            folder / "out",
            known=PAINTER,
            attached=attached,
        )


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
async def test_the_result_beside_the_reference_is_found(
    echo: dict[str, object], tmp_path: Path
) -> None:
    """Under whichever key the gateway has put it."""
    result = await _paint(tmp_path, http_reply(200, {**echo, **RESULT}))
    assert [one.path.read_bytes() for one in result.pictures] == [MADE]


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
async def test_the_reference_alone_is_no_result(echo: object, tmp_path: Path) -> None:
    """The request may have been billed, and brought nothing."""
    assert (await _paint(tmp_path, http_reply(200, echo))).failed.kind is Kind.NO_IMAGE


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
async def test_a_task_that_repeats_its_request(echo: dict[str, object], tmp_path: Path) -> None:
    """It is polled until it has a result of its own."""
    task = {"task_id": "t-1", "status": "pending"}
    answers = [task | echo, {"status": "running"} | echo, {"status": "succeeded"} | echo | RESULT]
    replies = [http_reply(200, answer) for answer in answers]
    result = await _paint(tmp_path, *replies, mode="always")
    assert [one.path.read_bytes() for one in result.pictures] == [MADE]


async def test_under_the_name_of_results_the_same_picture_is_a_result(tmp_path: Path) -> None:
    """Nothing is sent under it: the gateway changed nothing, and that is what was asked for."""
    result = await _paint(tmp_path, http_reply(200, {"data": [{"b64_json": b64(REFERENCE)}]}))
    assert [one.path.read_bytes() for one in result.pictures] == [REFERENCE]


async def test_a_stream_that_repeats_its_request(tmp_path: Path) -> None:
    """Beside the result, in one event."""
    event = sse.sse_event("image_generation.completed", {"url": SENT, **RESULT})
    result = await _paint(tmp_path, sse.stream_reply(event))
    assert [one.path.read_bytes() for one in result.pictures] == [MADE]
