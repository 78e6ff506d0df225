"""The playground's own table of gateways, with the bot's services: each form of the painter."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.jobs import ActionExpired
from bot.core.models import ImageOptions, ImageRequest, Job, Reference
from bot.discord_ui.picture_names import posted_reference
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway_config import parse_gateways
from bot.gateways.routing.router import Router
from bot.gateways.text_call_client import Asked, TaskName, TextCallClient
from bot.images.references import NO_ATTACHMENTS, Attachments
from bot.jobs.suggestions import prompts_of_call
from bot.services import open_services
from playground.gateway_table import gateway_table
from playground.painter import painter
from playground.painter.responses import CHAT_PAINTER, GRID_PAINTER, MASTER, MODEL
from playground.settings import painter_settings, with_streaming
from tests.images.test_content_store import upload
from tests.jobs.service_harness import ADA, RecordingCourier, ServiceHarness
from tests.playground.midjourney_client import painted
from tests.playground.painter_client import plain, serving, stencil

MODELS = (MODEL, MASTER, CHAT_PAINTER, GRID_PAINTER)


@asynccontextmanager
async def playground_services(folder: Path, url: str) -> AsyncIterator[ServiceHarness]:
    """Open the bot's services with the playground's table."""
    settings = with_streaming(painter_settings(url, folder), latency_s=0)
    async with open_services(settings, Clock()) as services:
        yield ServiceHarness(services, folder)


async def submitted(
    harness: ServiceHarness, request: ImageRequest, attached: Attachments = NO_ATTACHMENTS
) -> tuple[Job, RecordingCourier]:
    """Submit a request and wait for its end."""
    courier = RecordingCourier()
    job = await harness.services.job_service.submit(request, ADA, courier, attached=attached)
    await harness.services.job_service.drained()
    return job, courier


async def asked(
    harness: ServiceHarness, prompt: str = "a fox", **options: str
) -> tuple[Job, RecordingCourier]:
    """Ask for a picture and wait for it."""
    typed = ImageOptions(prompt=prompt, **options)  # type: ignore[arg-type]  # options by name
    return await submitted(harness, harness.services.catalogue.build_request(typed))


async def pressed(
    harness: ServiceHarness,
    parent: Job,
    face: str,
    prompt: str = "a fox",
    *,
    references: tuple[Reference, ...] = (),
    attached: Attachments = NO_ATTACHMENTS,
) -> tuple[Job, RecordingCourier]:
    """Press a button of a finished job, as the cog does."""
    offers = harness.services.actions
    shown = await offers.now_offered(parent, server_id=ADA.server_id)
    (one,) = (each for each in shown if each.face == face)
    found = await offers.pressed(parent, one.slot, one.place, server_id=ADA.server_id)
    request = replace(parent.request, prompt=prompt, action=found.action, references=references)
    return await submitted(harness, request, attached)


def sizes(courier: RecordingCourier) -> list[tuple[int, int]]:
    """Return the sizes of the pictures of a result."""
    (result,) = courier.results
    return [(picture.width, picture.height) for picture in result.pictures]


async def test_every_model_paints(tmp_path: Path) -> None:
    """A stranger who chooses one in the list gets what it is for; the first is the usual one."""
    async with painter() as url, playground_services(tmp_path, url) as harness:
        assert tuple(model.name for model in harness.services.catalogue.models) == MODELS
        for model in MODELS:
            _, courier = await asked(harness, model=model)
            assert sizes(courier) == ([(640, 640)] * 4 if model == GRID_PAINTER else [(1024, 1024)])


@pytest.mark.parametrize("model", MODELS)
async def test_a_forbidden_prompt_is_declined_by_each(tmp_path: Path, model: str) -> None:
    """Each has its own way to say so; it is one kind of failure."""
    async with painter() as url, playground_services(tmp_path, url) as harness:
        _, courier = await asked(harness, "a forbidden garden", model=model)
        (failure,) = courier.failures
        assert isinstance(failure.error, GatewayFailure)
        assert failure.error.kind is GatewayErrorKind.MODERATION


@pytest.mark.parametrize(
    ("model", "wide"), [(CHAT_PAINTER, (1248, 832)), (GRID_PAINTER, (784, 522))]
)
async def test_a_size_is_a_ratio(tmp_path: Path, model: str, wide: tuple[int, int]) -> None:
    """A field of chat, a flag of a task."""
    async with painter() as url, playground_services(tmp_path, url) as harness:
        _, courier = await asked(harness, model=model, size="3:2")
        assert set(sizes(courier)) == {wide}


async def test_buttons_give_what_the_table_says(tmp_path: Path) -> None:
    """One picture or four; a form's answer travels with the press."""
    async with painter() as url, playground_services(tmp_path, url) as harness:
        grid, _ = await asked(harness, model=GRID_PAINTER)
        alone, courier = await pressed(harness, grid, "U3")
        assert sizes(courier) == [(640, 640)]
        _, courier = await pressed(harness, alone, "Upscale (Subtle)")
        assert sizes(courier) == [(1280, 1280)]
        _, courier = await pressed(harness, grid, "V1")
        assert sizes(courier) == [(640, 640)] * 4
        _, courier = await pressed(harness, alone, "🔍 Custom Zoom", "a fox --zoom 1.5 --ar 3:2")
        assert sizes(courier) == [(784, 522)] * 4


async def test_buttons_of_another_run_have_expired(tmp_path: Path) -> None:
    """The painter forgets its tasks; the page's folder may be kept."""
    async with painter() as url, playground_services(tmp_path, url) as harness:
        grid, _ = await asked(harness, model=GRID_PAINTER)
    async with painter() as url, playground_services(tmp_path, url) as harness:
        _, courier = await pressed(harness, grid, "U1")
        (failure,) = courier.failures
        kind = getattr(failure.error, "kind", None)
        assert kind is GatewayErrorKind.ACTION_EXPIRED or isinstance(failure.error, ActionExpired)


async def test_pictures_are_blended(tmp_path: Path) -> None:
    """By /blend, which the painter's tasks can."""
    async with painter() as url, playground_services(tmp_path, url) as harness:
        options = ImageOptions(operation="blend", model=GRID_PAINTER, size="2:3")
        request = harness.services.catalogue.build_request(options, references=2)
        files = Attachments(tuple(upload(plain(colour)) for colour in ("teal", "gold")))
        _, courier = await submitted(harness, request, files)
        assert sizes(courier) == [(522, 784)] * 4


async def test_a_region_is_painted_anew(tmp_path: Path) -> None:
    """Where the person's mask is transparent."""
    async with painter() as url, playground_services(tmp_path, url) as harness:
        grid, _ = await asked(harness, model=GRID_PAINTER)
        alone, _ = await pressed(harness, grid, "U1")
        kept = await harness.services.retention.kept_references(alone.id)
        mask = Attachments(mask=upload(stencil((640, 640))))
        _, courier = await pressed(
            harness,
            alone,
            "🖌️ Vary (Region)",
            "a boat",
            references=(posted_reference(alone.id, 1, kept[1]),),
            attached=mask,
        )
        assert sizes(courier) == [(640, 640)] * 4


async def test_words_of_its_tasks_are_read(tmp_path: Path) -> None:
    """Four prompts for a picture, shorter prompts, and the seed of a task."""
    picture = tmp_path / "picture"
    picture.write_bytes(plain(form="JPEG"))

    async def nothing(_: str) -> None:
        """Write nothing down."""

    async with serving() as painter_:
        task = await painted(painter_, prompt="a fox --seed 7")
        gateways = parse_gateways(gateway_table(str(painter_.make_url("/v1")), usual_s=1), {})
        async with Router(gateways, Catalogue.of(gateways), clock=Clock()) as router:
            client = TextCallClient(router, Clock())
            ask = partial(client.ask, before_sending=nothing, on_task=nothing)
            (described,) = await ask("describe", Asked(picture=picture))
            (shortened,) = await ask("shorten", Asked(words="a small fox"))
            seed = await client.value("seed", TaskName("painter-tasks", GRID_PAINTER, task["id"]))
    assert len(prompts_of_call([described])) == 4
    assert prompts_of_call([shortened]) == ("small fox", "fox")
    assert seed == "7"
