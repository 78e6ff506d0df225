"""Reference pictures at Kling, Replicate, Ideogram and Midjourney, by the tables of the example."""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.options import OptionBesideReference, TooManyReferences
from bot.core.models import Billed, ImageOptions, PictureFormat
from bot.gateways.calls import Call
from bot.gateways.events import TaskAccepted
from bot.gateways.model_abilities import ModelAbilities
from tests.gateways import fake_ideogram as ideogram
from tests.gateways import fake_kling as kling
from tests.gateways import fake_midjourney as mj
from tests.gateways import fake_replicate as replicate
from tests.gateways.fake_task_gateway import JsonReply
from tests.gateways.fake_vendor import PICTURE_PATH
from tests.gateways.generation_harness import (
    SECRET_PROMPT,
    AttachedFile,
    GenerationResult,
    attach_file,
)
from tests.gateways.router_harness import collect_events, open_router
from tests.gateways.sample_pictures import b64, picture_bytes
from tests.gateways.test_vendor_gateways import ABILITIES, TABLES, Open, opened
from tests.images.test_content_store import mask_bytes

URL = "https://cdn.example/fox.png?ex=1"
FORMATS: tuple[PictureFormat, ...] = ("png", "jpeg", "webp", "gif")
PAIRS = [
    (name, model)
    for name, table in TABLES.items()
    for model in table.models
    if ABILITIES.ability(name, model).references
]


def known(name: str, model: str) -> ModelAbilities:
    """Return a model as people are offered it at a gateway."""
    return ABILITIES.ability(name, model)


@asynccontextmanager
async def open_model(name: str, model: str, **changes: object) -> AsyncIterator[Open]:
    """Open the fake of a table whose first model is this one."""
    changes = {"models": (model,), **changes}
    async with opened(name, **changes) as at:  # type: ignore[arg-type]  # by name
        yield at


async def paint(
    at: Open, folder: Path, *attached: AttachedFile, **asked: object
) -> GenerationResult:
    """Paint from references with the model of an open gateway."""
    folder.mkdir(exist_ok=True)
    model = known(at.gateway.name, at.gateway.models[0])
    at.services.polls = 0
    return await at.generate(
        folder, known=model, size=model.default_size, attached=attached, **asked
    )


def fox(
    folder: Path, kind: PictureFormat = "png", *, url: str | None = None, number: int = 0
) -> AttachedFile:
    """Return an attached picture."""
    return attach_file(folder / f"{number}.{kind}", picture_bytes(kind), kind=kind, url=url)


def inner(body: Mapping[str, object], key: str) -> dict[str, object]:
    """Return the object in a body."""
    return cast("dict[str, object]", body[key])


def test_every_family_takes_references() -> None:
    """Only one of the models in the example has no field for pictures."""
    assert {name for name, _ in PAIRS} == TABLES.keys()
    assert {model for table in TABLES.values() for model in table.models} - {
        model for _, model in PAIRS
    } == {replicate.MODEL}


@pytest.mark.parametrize(("name", "model"), PAIRS)
async def test_it_paints_from_references(name: str, model: str, tmp_path: Path) -> None:
    """Each format that the table allows, and as many pictures as it takes; each is paid once."""
    limits = known(name, model).references
    assert limits is not None
    async with open_model(name, model) as at:
        sent = [[fox(tmp_path, kind)] for kind in limits.formats]
        sent.append([fox(tmp_path, "png", number=n, url=URL) for n in range(limits.max_count)])
        for number, attached in enumerate(sent):
            result = await paint(at, tmp_path / str(number), *attached, n=known(name, model).max_n)
            assert result.received.units == known(name, model).max_n, result.failure
    assert (at.services.posts, at.services.paid) == (len(sent), len(sent))


async def test_kling_gets_bare_base64_and_the_likeness(tmp_path: Path) -> None:
    """A prefix would be refused; a high strength keeps little of the picture."""
    async with open_model("kling", "kling-v2-1") as at:
        result = await paint(at, tmp_path, fox(tmp_path), strength=30)
    assert result.pictures
    assert at.services.bodies == [
        {
            "model_name": "kling-v2-1",
            "prompt": SECRET_PROMPT,
            "image": b64(picture_bytes()),
            "image_reference": "subject",
            "image_fidelity": 0.7,
            "aspect_ratio": "1:1",
            "n": 1,
        }
    ]


async def test_several_pictures_of_kling_have_another_path(tmp_path: Path) -> None:
    """Its task is polled there, also by a process that was started meanwhile."""
    async with open_model("kling", "kling-v2-1") as at:
        two = [fox(tmp_path), fox(tmp_path, "jpeg")]
        result = await paint(at, tmp_path, *two)
        path = f"/kling/v1/images/multi-image2image/{kling.TASK_ID}"
        assert result.events[1] == TaskAccepted(path)
        assert set(at.services.paths[1:]) == {path}
        assert at.services.bodies[0]["subject_image_list"] == [
            {"subject_image": base64.b64encode(one.path.read_bytes()).decode()} for one in two
        ]
        at.services.polls = 0
        restarted = replace(at.gateway, name="kling")
        model = known("kling", "kling-v2-1")
        async with open_router(tmp_path, restarted, known=(model,)) as after:
            request = after.new_request(model=model.name)
            heard = await collect_events(
                after.router.resume(request, gateway="kling", task_id=path)
            )
    assert heard.has_pictures
    assert at.services.posts == 1


async def test_kling_has_no_negative_words_beside_a_picture(tmp_path: Path) -> None:
    """People are told before anything is held; an old request is refused before it is sent."""
    words = ImageOptions(prompt="a fox", model="kling-v1", negative="cars")
    assert ABILITIES.build_request(words).negative == "cars"
    with pytest.raises(OptionBesideReference):
        ABILITIES.build_request(words, references=1)
    with pytest.raises(TooManyReferences):
        ABILITIES.build_request(replace(words, negative=None), references=2)
    async with open_model("kling", "kling-v1") as at:
        result = await paint(at, tmp_path, fox(tmp_path), negative="cars")
    assert (result.failed.kind, result.failed.param) == (Kind.INVALID_REQUEST, "negative")
    assert at.services.posts == 0


async def test_each_model_of_replicate_has_its_own_field(tmp_path: Path) -> None:
    """By address where one is fresh, else as a data URI."""
    uri = f"data:image/png;base64,{b64(picture_bytes())}"
    fields = {
        "black-forest-labs/flux-dev": ("image", uri),
        "black-forest-labs/flux-kontext-pro": ("input_image", uri),
        "bytedance/seedream-4.5": ("image_input", [uri]),
    }
    for model, (field, value) in fields.items():
        async with open_model("flux", model) as at:
            assert (await paint(at, tmp_path, fox(tmp_path))).pictures
            assert (await paint(at, tmp_path, fox(tmp_path, url=URL))).pictures
        sent = [inner(body, "input")[field] for body in at.services.bodies]
        assert sent == [value, [URL] if isinstance(value, list) else URL]
        assert at.services.paths[0] == f"/replicate/v1/models/{model}/predictions"


async def test_the_reply_of_replicate_repeats_the_reference(tmp_path: Path) -> None:
    """Only what is in ``output`` was made."""
    model = "black-forest-labs/flux-kontext-pro"
    done = replicate.prediction("succeeded", input={"input_image": URL}, output=PICTURE_PATH)
    async with open_model("flux", model, task_replies=[done]) as at:
        result = await paint(at, tmp_path, fox(tmp_path, url=URL))
    assert result.urls == (f"{at.gateway.base_url.rstrip('/')}{PICTURE_PATH}",)


async def test_a_remix_of_ideogram_is_a_form_with_an_object(tmp_path: Path) -> None:
    """The picture is a file; all fields are in one part of JSON."""
    async with open_model("ideogram", "V_2") as at:
        result = await paint(
            at, tmp_path, fox(tmp_path, "webp"), strength=100, seed=5, negative="cars"
        )
    assert result.pictures
    assert at.services.paths == ["/ideogram/remix"]
    assert at.services.bodies == [
        {
            "image_file": picture_bytes("webp"),
            "image_request": {
                "prompt": SECRET_PROMPT,
                "model": "V_2",
                "aspect_ratio": "ASPECT_1_1",
                "image_weight": 1,
                "num_images": 1,
                "seed": 5,
                "negative_prompt": "cars",
            },
        }
    ]


async def test_ideogram_repaints_what_is_black(tmp_path: Path) -> None:
    """The mask of a person is transparent there, and says nothing to Ideogram."""
    mask = tmp_path / "mask.png"
    mask.write_bytes(mask_bytes())
    async with open_model("ideogram", "V_2") as at:
        assert (await paint(at, tmp_path / "job", fox(tmp_path), mask=mask)).pictures
        assert at.services.paths == ["/ideogram/edit"]
        wrong = Call(
            path="/ideogram/edit",
            form=True,
            body={
                "image_file": "{image:file}",
                "mask": "{mask:file}",
                "prompt": "{prompt}",
                "model": "{model}",
            },
        )
        at.gateway = replace(at.gateway, calls={"inpaint": [wrong]})
        refused = await paint(at, tmp_path / "job", fox(tmp_path), mask=mask)
    assert (refused.failed.kind, refused.failed.billed) == (Kind.INVALID_REQUEST, Billed.NO)


async def test_ideogram_3_has_flat_forms(tmp_path: Path) -> None:
    """Every field is text; an edit has no ratio, and repaints what is black, too."""
    mask = tmp_path / "mask.png"
    mask.write_bytes(mask_bytes())
    turbo = {"options": {"quality": "TURBO"}}
    async with open_model("ideogram-v3", "V_3") as at:
        assert (await paint(at, tmp_path, fox(tmp_path), strength=30, seed=5, **turbo)).pictures
        assert (await paint(at, tmp_path / "job", fox(tmp_path), mask=mask, **turbo)).pictures
    remix, edit = at.services.bodies
    assert remix == {
        "image": picture_bytes(),
        "image_weight": "70",
        "prompt": SECRET_PROMPT,
        "aspect_ratio": "1x1",
        "rendering_speed": "TURBO",
        "num_images": "1",
        "seed": "5",
    }
    assert edit.keys() == {"image", "mask", "prompt", "rendering_speed", "num_images"}


async def test_midjourney_gets_data_uris_beside_the_prompt(tmp_path: Path) -> None:
    """The proxies that take nothing else are the most."""
    async with open_model("midjourney", "midjourney") as at:
        pictures = [fox(tmp_path, url=URL), fox(tmp_path, "webp")]
        assert (await paint(at, tmp_path, *pictures)).pictures
    assert at.services.bodies == [
        {
            "prompt": SECRET_PROMPT,
            "botType": "MID_JOURNEY",
            "base64Array": [
                f"data:image/{kind};base64,{b64(picture_bytes(kind))}" for kind in ("png", "webp")
            ],
        }
    ]


# --- what is wrong --------------------------------------------------------------------------------

WRONG: dict[str, tuple[str, str, Call, Kind]] = {
    "kling with a prefix": (
        "kling",
        "kling-v1",
        Call(
            path="/kling/v1/images/generations",
            body={"model_name": "{model}", "prompt": "{prompt}", "image": "{image:data}"},
        ),
        Kind.INVALID_REQUEST,
    ),
    "kling with negative words": (
        "kling",
        "kling-v1",
        Call(
            path="/kling/v1/images/generations",
            body={"prompt": "{prompt}", "image": "{image:base64}", "negative_prompt": "cars"},
        ),
        Kind.INVALID_REQUEST,
    ),
    "kling with a strange field": (
        "kling",
        "kling-v2-1",
        Call(
            path="/kling/v1/images/multi-image2image",
            body={"prompt": "{prompt}", "images": ["{images:base64}"]},
        ),
        Kind.INVALID_REQUEST,
    ),
    "replicate with another model's field": (
        "flux",
        "black-forest-labs/flux-dev",
        Call(
            path="/replicate/v1/models/{model}/predictions",
            body={"input": {"prompt": "{prompt}", "input_image": "{image:address}"}},
        ),
        Kind.INVALID_REQUEST,
    ),
    "ideogram as JSON": (
        "ideogram",
        "V_2",
        Call(
            path="/ideogram/remix",
            body={"image_request": {"prompt": "{prompt}"}, "image_file": "{image:data}"},
        ),
        Kind.INVALID_REQUEST,
    ),
    "ideogram without its object": (
        "ideogram",
        "V_2",
        Call(
            path="/ideogram/remix",
            form=True,
            body={"prompt": "{prompt}", "image_file": "{image:file}"},
        ),
        Kind.INVALID_REQUEST,
    ),
    "midjourney with bare base64": (
        "midjourney",
        "midjourney",
        Call(
            path="/mj/submit/imagine",
            body={"prompt": "{prompt}", "base64Array": ["{images:base64}"]},
        ),
        Kind.UPSTREAM,
    ),
}


@pytest.mark.parametrize(("name", "model", "call", "kind"), WRONG.values(), ids=WRONG)
async def test_a_wrong_table_gets_the_documented_refusal(
    name: str, model: str, call: Call, kind: Kind, tmp_path: Path
) -> None:
    """It costs nothing, and nothing is sent twice."""
    async with open_model(name, model, calls={"edit": [call]}) as at:
        result = await paint(at, tmp_path, fox(tmp_path))
    assert (result.failed.kind, result.failed.billed) == (kind, Billed.NO)
    assert (at.services.posts, at.services.paid) == (1, 0)


ENDS: dict[str, tuple[str, str, JsonReply, Kind]] = {
    "kling declines": ("kling", "kling-v1", kling.DECLINED, Kind.MODERATION),
    "kling is busy": ("kling", "kling-v1", kling.TOO_MANY, Kind.RATE_LIMITED),
    "replicate unpaid": ("flux", "bytedance/seedream-4.5", replicate.UNPAID, Kind.QUOTA),
    "ideogram declines": ("ideogram", "V_2", ideogram.UNSAFE_PROMPT, Kind.MODERATION),
    "midjourney declines": ("midjourney", "midjourney", mj.BANNED, Kind.MODERATION),
}


@pytest.mark.parametrize(("name", "model", "reply", "kind"), ENDS.values(), ids=ENDS)
async def test_an_edit_that_is_refused(
    name: str, model: str, reply: JsonReply, kind: Kind, tmp_path: Path
) -> None:
    """Their codes mean the same as without pictures."""
    async with open_model(name, model, submit_replies=[reply]) as at:
        result = await paint(at, tmp_path, fox(tmp_path))
    assert (result.failed.kind, result.failed.billed) == (kind, Billed.NO)
    assert (at.services.posts, at.services.paid, result.names) == (1, 0, ["Sending"])


async def test_a_picture_that_became_too_large_for_a_data_uri_is_refused_by_replicate(
    tmp_path: Path,
) -> None:
    """The table's limit of bytes keeps below it; the fake knows the documented one."""
    model = "black-forest-labs/flux-dev"
    large = picture_bytes(width=600, height=500, noise=True)
    attached = attach_file(tmp_path / "large", large)
    limits = known("flux", model).references
    assert limits is not None
    assert not limits.accepts(attached.reference)
    generous = replace(known("flux", model), references=replace(limits, max_bytes=10_000_000))
    async with open_model("flux", model) as at:
        result = await at.generate(
            tmp_path / "job", known=generous, size=generous.default_size, attached=[attached]
        )
    assert (result.failed.kind, at.services.paid) == (Kind.INVALID_REQUEST, 0)


async def test_the_events_of_an_abandoned_request_close_its_files(tmp_path: Path) -> None:
    """A person may cancel between two events."""
    async with open_model("kling", "kling-v1") as at:
        model = known("kling", "kling-v1")
        async with open_router(tmp_path, at.gateway, known=(model,)) as one:
            attached = fox(tmp_path)
            plain = one.new_request(model=model.name)
            wanted = replace(
                plain.image_request,
                references=(attached.reference,),
                size=model.default_size,
            )
            request = replace(plain, image_request=wanted, references=(attached.path,))
            async with aclosing(one.router.generate(request)) as events:
                await anext(events)
    assert at.services.posts == 0
