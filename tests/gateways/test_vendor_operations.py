"""Blending, enlarging and swapping faces by the tables of the example, against strict fakes."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import AnySize, Billed, NamedSize
from bot.core.operations import Operation
from bot.gateways.calls import Call, CallName
from bot.gateways.catalogue import Catalogue
from bot.gateways.events import TaskAccepted
from bot.gateways.gateway_config import parse_gateways
from tests.gateways import fake_ideogram as ideogram
from tests.gateways import fake_midjourney as mj
from tests.gateways import fake_replicate as replicate
from tests.gateways.fake_task_gateway import JsonReply
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    AttachedFile,
    GenerationResult,
    attach_file,
)
from tests.gateways.router_harness import collect_events, open_router
from tests.gateways.sample_pictures import b64, picture_bytes
from tests.gateways.test_gateways_example import EXAMPLE
from tests.gateways.test_vendor_gateways import FAKES, TABLES, UNCOMMENTED, Open, opened

URL = "https://cdn.example/fox.png?ex=1"
# With what the operator must uncomment twice.
WITH_SWAP = {
    gateway.name: gateway
    for gateway in parse_gateways(
        re.sub(r"(?m)^##?(?=\S|$)", "", re.sub(r"<.*>", "images.example", EXAMPLE)),
        dict.fromkeys(FAKES, GATEWAY_KEY),
    )
}
ABILITIES = Catalogue.of([WITH_SWAP[name] for name in FAKES])
PAIRS: list[tuple[str, str, Operation]] = [
    (name, model, operation)
    for name in FAKES
    for model in WITH_SWAP[name].models
    for operation in ABILITIES.ability(name, model).operations
]


def picture(folder: Path, number: int = 0, *, url: str | None = None) -> AttachedFile:
    """Return an attached picture that differs from the others."""
    data = picture_bytes(width=20 + number)
    return attach_file(folder / f"{number}.png", data, url=url)


async def operate(
    at: Open,
    folder: Path,
    operation: Operation,
    count: int,
    *,
    prompt: str = "",
    size: AnySize = "auto",
    url: str | None = None,
) -> GenerationResult:
    """Run an operation on pictures with the first model of an open gateway."""
    known = ABILITIES.ability(at.gateway.name, at.gateway.models[0])
    at.services.polls = 0
    attached = [picture(folder, number, url=url) for number in range(count)]
    return await at.generate(
        folder / "job",
        known=known,
        size=size,
        attached=attached,
        operation=operation,
        prompt=prompt,
    )


def test_what_the_example_can_do() -> None:
    """Nobody's face is in a picture unless the operator wants that."""
    assert {(name, operation) for name, _, operation in PAIRS} == {
        ("flux", "upscale"),
        ("ideogram", "upscale"),
        ("midjourney", "blend"),
        ("midjourney", "swap"),
        ("midjourney-speeds", "blend"),
    }
    assert "swap" not in TABLES["midjourney"].calls
    assert "calls.swap" in UNCOMMENTED


@pytest.mark.parametrize(("name", "model", "operation"), PAIRS)
async def test_it_is_done_and_paid_once(
    name: str, model: str, operation: Operation, tmp_path: Path
) -> None:
    """With the fewest pictures and the most."""
    ability = ABILITIES.ability(name, model).operations[operation]
    counts = (ability.least, ability.pictures.max_count)
    async with opened(name, models=(model,), calls=WITH_SWAP[name].calls) as at:
        for count in counts:
            result = await operate(at, tmp_path, operation, count)
            assert result.received.units == 1, result.failure
        assert (at.services.posts, at.services.paid) == (2, 2)


@pytest.mark.parametrize(
    ("size", "dimensions"),
    [("2:3", "PORTRAIT"), ("1:1", "SQUARE"), ("3:2", "LANDSCAPE"), ("auto", None)],
)
async def test_midjourney_has_its_own_words_for_the_sizes_of_a_blend(
    size: str, dimensions: str | None, tmp_path: Path
) -> None:
    """And decides itself where nobody chose one."""
    wanted: AnySize = "auto" if size == "auto" else NamedSize(size)
    async with opened("midjourney") as at:
        assert (await operate(at, tmp_path, "blend", 2, size=wanted)).pictures
    body: dict[str, object] = dict(*at.services.bodies)
    assert body.pop("dimensions", None) == dimensions
    pictures = [b64(picture_bytes(width=20 + number)) for number in range(2)]
    assert body == {
        "base64Array": [f"data:image/png;base64,{data}" for data in pictures],
        "botType": "MID_JOURNEY",
    }


async def test_the_task_of_a_blend_is_polled_by_the_next_process(tmp_path: Path) -> None:
    """It was paid: nothing is sent again."""
    async with opened("midjourney") as at:
        result = await operate(at, tmp_path, "blend", 2)
        accepted = result.events[1]
        assert isinstance(accepted, TaskAccepted)
        at.services.polls = 0
        known = ABILITIES.ability("midjourney", "midjourney")
        async with open_router(tmp_path, at.gateway, known=(known,)) as after:
            plain = after.new_request(model="midjourney")
            wanted = replace(
                plain.image_request,
                prompt="",
                operation="blend",
                references=tuple(picture(tmp_path, number).reference for number in range(2)),
            )
            request = replace(plain, image_request=wanted)
            resumed = after.router.resume(request, gateway="midjourney", task_id=accepted.task_id)
            heard = await collect_events(resumed)
    assert heard.has_pictures
    assert at.services.posts == 1


async def test_ideogram_enlarges_a_file_with_an_object(tmp_path: Path) -> None:
    """The object is wanted also where nobody wrote a prompt."""
    async with opened("ideogram") as at:
        assert (await operate(at, tmp_path, "upscale", 1)).pictures
        assert (await operate(at, tmp_path, "upscale", 1, prompt="a fox")).pictures
    assert at.services.paths == ["/ideogram/upscale"] * 2
    plain: Mapping[str, object] = {"resemblance": 80, "detail": 50}
    assert [body["image_request"] for body in at.services.bodies] == [
        plain,
        {"prompt": "a fox", **plain},
    ]


async def test_replicate_enlarges_by_the_address_of_a_picture(tmp_path: Path) -> None:
    """With the version of a model of the community, whatever model painted it."""
    async with opened("flux") as at:
        assert (await operate(at, tmp_path, "upscale", 1, url=URL)).pictures
    (body,) = at.services.bodies
    assert at.services.paths[0] == replicate.ANY_MODEL
    assert body["input"] == {"image": URL, "scale": 4}


async def test_the_face_is_the_first_picture(tmp_path: Path) -> None:
    """The second is the one that people see again."""
    async with opened("midjourney", calls=WITH_SWAP["midjourney"].calls) as at:
        assert (await operate(at, tmp_path, "swap", 2)).pictures
    face, target = (b64(picture_bytes(width=20 + number)) for number in range(2))
    assert at.services.paths[0] == mj.SWAP_PATH
    assert at.services.bodies == [
        {
            "sourceBase64": f"data:image/png;base64,{face}",
            "targetBase64": f"data:image/png;base64,{target}",
        }
    ]


WRONG: dict[str, tuple[str, CallName, int, Call, Kind]] = {
    "six pictures": (
        "midjourney",
        "blend",
        6,
        Call(path="/mj/submit/blend", body={"base64Array": ["{images:data}"]}),
        Kind.UPSTREAM,
    ),
    "a dimension that is none": (
        "midjourney",
        "blend",
        2,
        Call(
            path="/mj/submit/blend",
            body={"base64Array": ["{images:data}"], "dimensions": "3:2"},
        ),
        Kind.UPSTREAM,
    ),
    "bare base64": (
        "midjourney",
        "swap",
        2,
        Call(
            path=mj.SWAP_PATH,
            body={"sourceBase64": "{image:base64}", "targetBase64": "{image2:base64}"},
        ),
        Kind.UPSTREAM,
    ),
    "without the object": (
        "ideogram",
        "upscale",
        1,
        Call(path="/ideogram/upscale", form=True, body={"image_file": "{image:file}"}),
        Kind.INVALID_REQUEST,
    ),
    "with a model": (
        "ideogram",
        "upscale",
        1,
        Call(
            path="/ideogram/upscale",
            form=True,
            body={"image_file": "{image:file}", "image_request": {"model": "{model}"}},
        ),
        Kind.INVALID_REQUEST,
    ),
    "without a version": (
        "flux",
        "upscale",
        1,
        Call(path=replicate.ANY_MODEL, body={"input": {"image": "{image:address}"}}),
        Kind.INVALID_REQUEST,
    ),
    "with another field": (
        "flux",
        "upscale",
        1,
        Call(
            path=replicate.ANY_MODEL,
            body={"version": f"a/b:{'0' * 64}", "input": {"picture": "{image:address}"}},
        ),
        Kind.INVALID_REQUEST,
    ),
}


@pytest.mark.parametrize(("name", "operation", "count", "call", "kind"), WRONG.values(), ids=WRONG)
async def test_a_wrong_table_gets_the_documented_refusal(
    name: str, operation: Operation, count: int, call: Call, kind: Kind, tmp_path: Path
) -> None:
    """It costs nothing, and nothing is sent twice."""
    known = ABILITIES.ability(name, TABLES[name].models[0])
    ability = known.operations[operation]
    generous = replace(ability, pictures=replace(ability.pictures, max_count=9))
    async with opened(name, calls={operation: [call]}) as at:
        result = await at.generate(
            tmp_path / "job",
            known=replace(known, operations={operation: generous}),
            size="auto",
            attached=[picture(tmp_path, number) for number in range(count)],
            operation=operation,
            prompt="",
        )
    assert (result.failed.kind, result.failed.billed) == (kind, Billed.NO)
    assert (at.services.posts, at.services.paid) == (1, 0)


ENDS: dict[str, tuple[str, Operation, int, JsonReply, Kind]] = {
    "midjourney declines": ("midjourney", "blend", 2, mj.BANNED, Kind.MODERATION),
    "midjourney is full": ("midjourney", "blend", 2, mj.FULL, Kind.RATE_LIMITED),
    "ideogram declines": ("ideogram", "upscale", 1, ideogram.UNSAFE_PROMPT, Kind.MODERATION),
    "replicate unpaid": ("flux", "upscale", 1, replicate.UNPAID, Kind.QUOTA),
}


@pytest.mark.parametrize(("name", "operation", "count", "reply", "kind"), ENDS.values(), ids=ENDS)
async def test_an_operation_that_is_refused(
    name: str, operation: Operation, count: int, reply: JsonReply, kind: Kind, tmp_path: Path
) -> None:
    """The codes of a system mean the same as when it paints."""
    async with opened(name, submit_replies=[reply]) as at:
        result = await operate(at, tmp_path, operation, count)
    assert (result.failed.kind, result.failed.billed) == (kind, Billed.NO)
    assert (at.services.posts, at.services.paid, result.names) == (1, 0, ["Sending"])
