"""Kling, Replicate, Ideogram and Midjourney by the tables of gateways.toml.example, and without.

What a table can say of them is served like any gateway; everything else ends in a sentence, is
paid once at most, and never hangs.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.i18n.texts import Texts
from bot.core.models import Billed, NamedSize, Size, parse_size
from bot.gateways.calls import Call
from bot.gateways.catalogue import Catalogue
from bot.gateways.events import TaskAccepted, TaskProgress
from bot.gateways.gateway import AsyncSettings, Gateway, PathSettings, PollSettings
from bot.gateways.gateway_config import parse_gateways
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.reference_limits import ReferenceLimits
from tests.gateways import fake_ideogram as ideogram
from tests.gateways import fake_kling as kling
from tests.gateways import fake_midjourney as mj
from tests.gateways import fake_replicate as replicate
from tests.gateways.captured_requests import capture_request, request_json
from tests.gateways.fake_task_gateway import JsonReply
from tests.gateways.fake_vendor import FakeVendor
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    GenerationResult,
    attach_file,
    make_model,
    run_generation,
)
from tests.gateways.router_harness import open_router
from tests.gateways.sample_pictures import picture_bytes
from tests.gateways.test_gateways_example import EXAMPLE

FAKES: dict[str, type[FakeVendor]] = {
    "kling": kling.FakeKling,
    "flux": replicate.FakeReplicate,
    "ideogram": ideogram.FakeIdeogram,
    "ideogram-v3": ideogram.FakeIdeogram3,
    "midjourney": mj.FakeMidjourney,
    "midjourney-speeds": mj.FakeSpeeds,
}
UNCOMMENTED = re.sub(r"(?m)^#(?=\S)", "", re.sub(r"<.*>", "images.example", EXAMPLE))
TABLES = {
    gateway.name: gateway
    for gateway in parse_gateways(UNCOMMENTED, dict.fromkeys(FAKES, GATEWAY_KEY))
    if gateway.name in FAKES
}
ABILITIES = Catalogue.of(TABLES.values())
TASKS = [name for name in FAKES if not name.startswith("ideogram")]
# A task whose call has its own path is known by that.
PATHS_OF_TASKS = {"midjourney-speeds": f"/mj-fast/mj/task/{mj.TASK_ID}/fetch"}


# What a generation looks like whose path or field is not the one of the family.
WRONG_FIELD: dict[str, object] = {"rename": {"prompt": "words"}}


def wrong_words(path: str) -> dict[str, object]:
    """Return a call whose prompt has another name."""
    return {"calls": {"generate": [Call(path=path, body={"words": "{prompt}"})]}}


WRONG_FIELDS: dict[str, dict[str, object]] = {
    **dict.fromkeys(FAKES, WRONG_FIELD),
    "midjourney": wrong_words(mj.FakeMidjourney.submit_path),
    "midjourney-speeds": wrong_words(mj.FakeSpeeds.submit_path),
    "ideogram-v3": {
        "calls": {
            "generate": [
                Call(path=ideogram.FakeIdeogram3.submit_path, form=True, body={"words": "{prompt}"})
            ]
        }
    },
    "flux": {
        "calls": {
            "generate": [
                Call(
                    path=replicate.FakeReplicate.submit_path,
                    body={"input": {"words": "{prompt}"}},
                )
            ]
        }
    },
}


def ability(name: str) -> ModelAbilities:
    return ABILITIES.ability(name, TABLES[name].models[0])


@dataclass
class Open:
    """An open fake and the table that leads there."""

    services: FakeVendor
    gateway: Gateway

    async def generate(self, folder: Path, **asked: object) -> GenerationResult:
        """Paint with the model as it is at this gateway, unless another one is given."""
        known = ability(self.gateway.name)
        asked = {"known": known, "size": known.default_size, **asked}
        return await run_generation(self.gateway, folder, **asked)  # type: ignore[arg-type]  # passed on


@asynccontextmanager
async def opened(
    name: str,
    *,
    task_replies: Sequence[JsonReply] = (),
    submit_replies: Sequence[JsonReply] = (),
    **changes: object,
) -> AsyncIterator[Open]:
    """Open the fake of a table; ``changes`` override settings of the table."""
    services = FAKES[name](task_replies=task_replies, submit_replies=list(submit_replies))
    async with TestServer(services.app()) as server:
        table = replace(TABLES[name], base_url=str(server.make_url("")))
        yield Open(services, replace(table, **changes))  # type: ignore[arg-type]  # by name


# --- what their tables can say --------------------------------------------------------------------


def test_every_family_has_a_table() -> None:
    """The operator finds it in the example, behind a "#"."""
    assert TABLES.keys() == FAKES.keys()
    assert all(model.label != model.name for model in ABILITIES.models)


@pytest.mark.parametrize("name", FAKES)
async def test_it_paints(name: str, tmp_path: Path) -> None:
    """One picture, and as many as it makes at once; each order is paid once."""
    known = ability(name)
    async with opened(name) as at:
        plain = await at.generate(tmp_path)
        at.services.polls = 0
        many = await at.generate(tmp_path / "many", n=known.max_n, user_tag="0123456789abcdef")
    assert (plain.received.units, many.received.units) == (1, known.max_n)
    assert (at.services.posts, at.services.paid) == (2, 2)
    assert plain.left == ["", *[".png"] * len(plain.pictures)]  # the folder of the many


@pytest.mark.parametrize("name", FAKES)
async def test_every_size_that_people_are_offered(name: str, tmp_path: Path) -> None:
    """Most of them know only the relation of the sides."""
    sizes = [parse_size(size) for size in ability(name).sizes]
    async with opened(name) as at:
        for number, size in enumerate(sizes):
            at.services.polls = 0
            assert (await at.generate(tmp_path / str(number), size=size)).pictures
    assert at.services.paid == len(sizes)


@pytest.mark.parametrize("name", TASKS)
async def test_its_task_is_followed(name: str, tmp_path: Path) -> None:
    """Its id is told before the first look, and nothing is ordered twice."""
    async with opened(name) as at:
        result = await at.generate(tmp_path)
    known_by = PATHS_OF_TASKS.get(name, at.services.task_id)
    assert result.events[1] == TaskAccepted(known_by)
    assert result.names[-2:] == ["Answered", "Received"]
    assert (at.services.posts, at.services.polls) == (1, len(at.services.default_task_replies()))


async def test_the_preview_of_midjourney_is_not_the_picture(tmp_path: Path) -> None:
    """Its address is there long before the end: the state alone decides."""
    async with opened("midjourney") as at:
        result = await at.generate(tmp_path)
    fractions = [event.fraction for event in result.events if isinstance(event, TaskProgress)]
    assert fractions == [None, 0.43]
    assert result.urls == (f"{at.gateway.base_url.rstrip('/')}/files/fox.png",)


@pytest.mark.parametrize("taken", [mj.OK, mj.INTEGER, mj.QUEUED, mj.CONFIRM])
async def test_every_way_of_midjourney_to_take_an_order(taken: JsonReply, tmp_path: Path) -> None:
    """The id is a text or a number; a queue, or a task that exists already, is no error."""
    async with opened("midjourney", submit_replies=[taken]) as at:
        result = await at.generate(tmp_path)
    assert result.events[1] == TaskAccepted(mj.TASK_ID)
    assert result.pictures


@pytest.mark.parametrize("answer", [replicate.ONE, replicate.INLINE])
async def test_every_way_of_replicate_to_hand_over(answer: JsonReply, tmp_path: Path) -> None:
    """A list or a single address, and sometimes the picture itself."""
    async with opened("flux", task_replies=[answer]) as at:
        assert (await at.generate(tmp_path)).pictures
    async with opened(
        "flux", submit_replies=[replicate.AT_ONCE]
    ) as at:  # asked for by Prefer: wait
        assert (await at.generate(tmp_path)).pictures
    assert at.services.polls == 0


async def test_ideogram_in_an_envelope(tmp_path: Path) -> None:
    """One gateway wraps every answer once more."""
    async with opened("ideogram", submit_replies=[ideogram.ENVELOPED]) as at:
        assert (await at.generate(tmp_path)).pictures


async def test_pictures_lie_in_the_wrapped_object_too(tmp_path: Path) -> None:
    """An object is closed behind the last of its fields."""
    fox = attach_file(tmp_path / "fox", b"abc")
    inline = ReferenceLimits(transport="json_image_data_uris", max_count=1, max_bytes=9)
    known = make_model("painter", references=inline)
    raw, _ = await capture_request(tmp_path, known, attached=[fox], at_wrap="input")
    body = request_json(raw.requests[0])
    assert list(body) == ["input"]
    assert dict(body["input"])["image"] == ["data:image/png;base64,YWJj"]  # type: ignore[call-overload]  # an object


# --- how their work ends --------------------------------------------------------------------------

ENDS: dict[str, tuple[str, JsonReply, Kind]] = {
    "kling failed": ("kling", kling.FAILED, Kind.TASK_FAILED),
    "kling without a picture": ("kling", kling.EMPTY, Kind.NO_IMAGE),
    "replicate failed": ("flux", replicate.FAILED, Kind.TASK_FAILED),
    "replicate canceled": ("flux", replicate.CANCELED, Kind.TASK_FAILED),
    "replicate without a picture": ("flux", replicate.EMPTY, Kind.NO_IMAGE),
    "replicate has forgotten it": ("flux", replicate.GONE, Kind.TASK_LOST),
    "midjourney failed": ("midjourney", mj.FAILURE, Kind.TASK_FAILED),
    "midjourney declined": ("midjourney", mj.BANNED_LATE, Kind.MODERATION),
    "midjourney out of credits": ("midjourney", mj.OUT_OF_CREDITS, Kind.QUOTA),
    "midjourney has no subscription": ("midjourney", mj.NO_SUBSCRIPTION, Kind.QUOTA),
    "midjourney canceled": ("midjourney", mj.CANCEL, Kind.TASK_FAILED),
    "midjourney asks back": ("midjourney", mj.MODAL, Kind.TASK_FAILED),
    "midjourney knows nothing": ("midjourney", mj.UNKNOWN, Kind.TASK_LOST),
    "midjourney without end": ("midjourney", mj.IN_PROGRESS, Kind.TASK_UNFINISHED),
    "kling without end": ("kling", kling.PROCESSING, Kind.TASK_UNFINISHED),
}


@pytest.mark.parametrize(("name", "look", "kind"), ENDS.values(), ids=ENDS)
async def test_a_task_without_a_picture(
    name: str, look: JsonReply, kind: Kind, tmp_path: Path
) -> None:
    """It was paid, perhaps, and is never ordered again."""
    async with opened(
        name, task_replies=[look], poll=PollSettings(interval_s=5, budget_s=60)
    ) as at:
        result = await at.generate(tmp_path)
    failed_before_a_picture = kind in (Kind.TASK_FAILED, Kind.MODERATION, Kind.QUOTA)
    billed = Billed.NO if failed_before_a_picture else Billed.MAYBE
    assert (result.failed.kind, result.failed.billed) == (kind, billed)
    assert (at.services.posts, result.left) == (1, [])


REFUSALS: dict[str, tuple[str, JsonReply, Kind, Billed]] = {
    "kling in arrears": ("kling", kling.ARREARS, Kind.QUOTA, Billed.NO),
    "kling depleted": ("kling", kling.DEPLETED, Kind.QUOTA, Billed.NO),
    "kling busy": ("kling", kling.TOO_MANY, Kind.RATE_LIMITED, Billed.NO),
    "kling without key": ("kling", kling.NO_KEY, Kind.AUTH, Billed.NO),
    "replicate unpaid": ("flux", replicate.UNPAID, Kind.QUOTA, Billed.NO),
    "replicate busy": ("flux", replicate.THROTTLED, Kind.RATE_LIMITED, Billed.NO),
    "ideogram declines": ("ideogram", ideogram.UNSAFE_PROMPT, Kind.MODERATION, Billed.NO),
    "ideogram busy": ("ideogram", ideogram.THROTTLED, Kind.RATE_LIMITED, Billed.NO),
    "ideogram unsafe, null": ("ideogram", ideogram.UNSAFE, Kind.MODERATION, Billed.YES),
    "ideogram unsafe, empty": ("ideogram", ideogram.UNSAFE_EMPTY, Kind.MODERATION, Billed.YES),
    "midjourney is full": ("midjourney", mj.FULL, Kind.RATE_LIMITED, Billed.NO),
    "midjourney declines": ("midjourney", mj.BANNED, Kind.MODERATION, Billed.NO),
    "midjourney has nobody": ("midjourney", mj.NO_ACCOUNT, Kind.MODEL_UNAVAILABLE, Billed.NO),
    "midjourney is broken": ("midjourney", mj.FAILURE_AT_ONCE, Kind.UPSTREAM, Billed.NO),
    "midjourney says null": ("midjourney", mj.UNKNOWN, Kind.BAD_RESPONSE, Billed.MAYBE),
    "new-api, empty": ("midjourney", mj.NEW_API_QUOTA, Kind.QUOTA, Billed.NO),
    "new-api, busy": ("midjourney", mj.NEW_API_BUSY, Kind.RATE_LIMITED, Billed.NO),
}


@pytest.mark.parametrize(("name", "answer", "kind", "billed"), REFUSALS.values(), ids=REFUSALS)
async def test_an_order_that_is_refused(
    name: str, answer: JsonReply, kind: Kind, billed: Billed, tmp_path: Path
) -> None:
    """Their numbers mean something, also behind 200, and behind a 429 that no waiting mends."""
    async with opened(name, submit_replies=[answer]) as at:
        result = await at.generate(tmp_path)
    assert (result.failed.kind, result.failed.billed) == (kind, billed)
    assert (at.services.posts, at.services.paid, result.left) == (1, 0, [])


async def test_another_gateway_paints_when_midjourney_has_no_account(tmp_path: Path) -> None:
    """It says so behind 200, and for certain: nothing was made."""
    async with (
        opened("midjourney", submit_replies=[mj.NO_ACCOUNT]) as one,
        opened("midjourney") as two,
    ):
        gateways = (one.gateway, replace(two.gateway, name="b"))
        async with open_router(tmp_path, *gateways, known=(ability("midjourney"),)) as three:
            order = await three.generate(model="midjourney")
    assert (order.route, order.has_pictures) == (["midjourney", "b"], True)
    assert (one.services.paid, two.services.paid) == (0, 1)


# --- what is wrong --------------------------------------------------------------------------------

CHECKED = [name for name in FAKES if "midjourney" not in name]


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("size", [Size(7, 7), NamedSize("2K")])
async def test_a_wrong_size(name: str, size: Size | NamedSize, tmp_path: Path) -> None:
    """The catalogue stops it earlier; the gateway does it for nothing, too."""
    async with opened(name) as at:
        failed = (await at.generate(tmp_path, size=size)).failed
    assert (failed.kind, failed.billed) == (Kind.INVALID_REQUEST, Billed.NO)
    assert (at.services.posts, at.services.paid) == (1, 0)


@pytest.mark.parametrize("name", FAKES)
async def test_a_wrong_field(name: str, tmp_path: Path) -> None:
    """A table with a typing error costs nothing; Midjourney does not say so with certainty."""
    async with opened(name, **WRONG_FIELDS[name]) as at:  # type: ignore[arg-type]  # by name
        failed = (await at.generate(tmp_path)).failed
    wrong = (Kind.INVALID_REQUEST, Billed.NO)
    assert (failed.kind, failed.billed) == (
        wrong if name in CHECKED else (Kind.UPSTREAM, Billed.NO)
    )
    assert (at.services.posts, at.services.paid) == (1, 0)


@pytest.mark.parametrize("name", ["kling", "ideogram"])
async def test_a_wrong_model(name: str, tmp_path: Path) -> None:
    """It may be gone since yesterday."""
    known = replace(ability(name), name="gone")
    async with opened(name, models=("gone",)) as at:
        failed = (await at.generate(tmp_path, known=known)).failed
    assert (failed.kind, failed.billed) == (Kind.INVALID_REQUEST, Billed.NO)
    assert (at.services.posts, at.services.paid) == (1, 0)


@pytest.mark.parametrize("name", FAKES)
async def test_a_wrong_key(name: str, tmp_path: Path) -> None:
    """Each family has its own words for it."""
    async with opened(name, key="sk-wrong") as at:
        failed = (await at.generate(tmp_path)).failed
    assert (failed.kind, failed.billed) == (Kind.AUTH, Billed.NO)
    assert (at.services.posts, at.services.paid) == (1, 0)


@pytest.mark.parametrize("name", FAKES)
async def test_a_wrong_path(name: str, tmp_path: Path) -> None:
    """A slash too many, or a model that has no path."""
    path = FAKES[name].submit_path
    for wrong in (f"{path}/", path.replace("e", "3")):
        paths = replace(TABLES[name].paths, generate=wrong)
        async with opened(name, paths=paths, calls={}) as at:
            failed = (await at.generate(tmp_path)).failed
        assert (failed.kind, failed.billed) == (Kind.MODEL_UNAVAILABLE, Billed.NO)
        assert (at.services.posts, at.services.paid) == (0, 0)


# --- without their tables -------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAKES)
async def test_a_table_that_says_only_where_it_is(name: str, tmp_path: Path) -> None:
    """Somebody may try; it costs nothing, and the person reads a sentence."""
    path = FAKES[name].submit_path
    async with opened(name) as at:
        bare = Gateway(
            name="bare",
            base_url=at.gateway.base_url,
            models=("painter",),
            key=GATEWAY_KEY,
            paths=PathSettings(generate=path),
        )
        result = await run_generation(bare, tmp_path, known=make_model("painter", timeout_s=5))
    assert result.failed.kind in (Kind.INVALID_REQUEST, Kind.UPSTREAM)
    assert Texts().sentence(result.failed)
    assert (at.services.posts, at.services.paid, result.left) == (1, 0, [])


ANNOUNCED: dict[str, tuple[str, JsonReply]] = {
    "midjourney": ("midjourney", mj.OK),
    "midjourney, a number": ("midjourney", mj.INTEGER),
    "midjourney, in its queue": ("midjourney", mj.QUEUED),
    "midjourney, asking back": ("midjourney", mj.CONFIRM),
}


@pytest.mark.parametrize(("name", "answer"), ANNOUNCED.values(), ids=ANNOUNCED)
async def test_a_task_that_the_table_does_not_announce(
    name: str, answer: JsonReply, tmp_path: Path
) -> None:
    """Nobody can tell that the number is a task: it may be paid, and is not ordered again."""
    async with opened(name, submit_replies=[answer], asynchronous=AsyncSettings()) as at:
        result = await at.generate(tmp_path)
    assert (result.failed.kind, result.failed.billed) == (Kind.UPSTREAM, Billed.MAYBE)
    assert (at.services.posts, at.services.polls, result.names) == (1, 0, ["Sending"])


@pytest.mark.parametrize("name", ["kling", "flux"])
async def test_tasks_that_say_so_themselves(name: str, tmp_path: Path) -> None:
    """They are followed although the table does not announce them: they are paid."""
    async with opened(name, asynchronous=AsyncSettings()) as at:
        assert (await at.generate(tmp_path)).pictures
    assert at.services.paid == 1


@pytest.mark.parametrize("name", [name for name in TASKS if name not in PATHS_OF_TASKS])
async def test_a_task_at_the_wrong_address(name: str, tmp_path: Path) -> None:
    """The polls find no task, and end."""
    paths = replace(TABLES[name].paths, task="/v1/images/tasks/{task_id}")
    async with opened(name, paths=paths) as at:
        result = await at.generate(tmp_path)
    assert (result.failed.kind, result.failed.billed) == (Kind.TASK_LOST, Billed.MAYBE)
    assert (at.services.posts, at.services.paid) == (1, 1)
    assert sum(result.watch.pauses) < 30


async def test_a_form_has_no_object_around_it(tmp_path: Path) -> None:
    """Only JSON can be wrapped: references as files go as they always do."""
    fox = attach_file(tmp_path / "fox", picture_bytes())
    files = ReferenceLimits(transport="multipart", max_count=1, max_bytes=99_999)
    raw, _ = await capture_request(
        tmp_path, make_model("painter", references=files), attached=[fox], at_wrap="input"
    )
    assert b'name="prompt"' in raw.requests[0]
    assert b"input" not in raw.requests[0]
