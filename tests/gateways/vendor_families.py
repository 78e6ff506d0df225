"""Every family of gateways as data: its table, its strict fake, and what one request is there."""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from bot.core.errors.gateway import GatewayFailure
from bot.core.models import ImageRequest
from bot.core.operations import Operation
from bot.core.task_actions import TaskAction
from bot.gateways.catalogue import Catalogue
from bot.gateways.events import GatewayRequest
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.routing.router import Router
from tests.gateways import fake_midjourney as mj
from tests.gateways import test_gateways_example as examples
from tests.gateways import test_image_vendors as image_vendors
from tests.gateways import test_vendor_gateways as task_vendors
from tests.gateways.fake_chat import FakeChat
from tests.gateways.fake_chatbp_tasks import chatbp
from tests.gateways.fake_openai import FakeOpenAI
from tests.gateways.fake_task_gateway import task_gateway
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    SECRET_PROMPT,
    GenerationResult,
    RecordingClock,
    attach_file,
    make_model,
)
from tests.gateways.replayed_replies import Recording, recorder
from tests.gateways.sample_pictures import picture_bytes
from tests.gateways.test_polling import BY_QUERY

REFERENCE = picture_bytes(width=11)


@dataclass(frozen=True)
class Family:
    """A gateway, and the one request that is tried there."""

    gateway: Gateway
    known: ModelAbilities
    app: Callable[[], web.Application]
    action: TaskAction | None = None
    operation: Operation | None = None
    references: int = 0

    def at(self, origin: str, **changes: object) -> Gateway:
        """Return the gateway at another origin."""
        path = URL(self.gateway.base_url).path.rstrip("/")
        fields = {"base_url": f"{origin}{path}", "models": (self.known.name,), **changes}
        return replace(self.gateway, **fields)  # type: ignore[arg-type]  # by name

    async def run(
        self,
        gateway: Gateway,
        folder: Path,
        *,
        n: int = 1,
        timeout_s: float = 5,
        prompt: str = SECRET_PROMPT,
    ) -> GenerationResult:
        """Send the request once; return everything that happened, with the files of ``folder``."""
        known = replace(self.known, timeout_s=timeout_s)
        watch = RecordingClock()
        result = GenerationResult(folder, watch)
        request = self._request(folder, n, prompt)
        catalogue = Catalogue(gateway.models, {known.name: known})
        async with Router([gateway], catalogue, clock=watch.clock) as router:
            try:
                async with aclosing(router.generate(request)) as events:
                    async for event in events:
                        result.events.append(event)
            except GatewayFailure as failure:
                result.failure = failure
        return result

    def _request(self, folder: Path, n: int, prompt: str) -> GatewayRequest:
        attached = [
            attach_file(folder.with_name(f"reference-{number}"), picture_bytes(width=11 + number))
            for number in range(self.references)
        ]
        request = ImageRequest(
            prompt,
            self.known.name,
            self.known.default_size,
            n,
            references=tuple(one.reference for one in attached),
            operation=self.operation,
            action=self.action,
        )
        return GatewayRequest(request, n, folder, "slot-0", tuple(one.path for one in attached))


def _buttons(*, is_grid: bool) -> web.Application:
    fake = mj.FakeButtons()
    fake.tasks["1000"] = mj.FakeTask("1000", "a fox", is_grid, "SUCCESS")
    return fake.app()


def _press(face: str, custom_id: str) -> TaskAction:
    return TaskAction("midjourney", "1000", custom_id, face)


def _example(name: str, app: Callable[[], web.Application], **changes: object) -> Family:
    table = replace(examples.TABLES[name], key=GATEWAY_KEY, **changes)  # type: ignore[arg-type]  # by name
    return Family(table, examples.ABILITIES.ability(name, table.models[0]), app)


def _image_vendor(name: str, **changes: object) -> Family:
    table = replace(image_vendors.TABLES[name], **changes)  # type: ignore[arg-type]  # by name
    known = image_vendors.ABILITIES.ability(name, table.models[0])
    return Family(table, known, lambda: image_vendors.FAKES[name]().app())


def _task_vendor(name: str) -> Family:
    return Family(
        task_vendors.TABLES[name],
        task_vendors.ability(name),
        lambda: task_vendors.FAKES[name]().app(),
    )


# Tables of gateways.toml.example whose requests and replies have the shape of a family's.
SAME_SHAPES: Mapping[str, str] = {
    **dict.fromkeys(("google", "vercel-images"), "images"),
    "openai": "images",
    "vercel": "openrouter",
    "chatbp-chat": "gpt4o",
    "midjourney-speeds": "midjourney",
    **dict.fromkeys(("utoken", "dddai", "chatbp", "g2all", "modelmax"), "localai"),
}
_PAINTER = make_model("painter")
_MIDJOURNEY = _task_vendor("midjourney")
FAMILIES: Mapping[str, Family] = {
    "images": _example("openai", lambda: FakeOpenAI().app(), streaming="off"),
    "edits": replace(_example("openai", lambda: FakeOpenAI().app(), streaming="off"), references=1),
    **{name: _image_vendor(name) for name in image_vendors.FAKES if name not in SAME_SHAPES},
    "responses, plain": _image_vendor("openai-responses", streaming="off"),
    "chat, streamed": Family(
        task_gateway("http://x/v1", api="chat", streaming="sse"), _PAINTER, lambda: FakeChat().app()
    ),
    "task": Family(
        task_gateway("http://x/v1", asynchronous=BY_QUERY), _PAINTER, lambda: chatbp().app()
    ),
    **{name: _task_vendor(name) for name in task_vendors.FAKES if name not in SAME_SHAPES},
    "blend": replace(_MIDJOURNEY, operation="blend", references=2),
    "enlarging": replace(_task_vendor("ideogram"), operation="upscale", references=1),
    "button": replace(
        _MIDJOURNEY, app=lambda: _buttons(is_grid=True), action=_press("V1", mj.OF_GRID["V1"])
    ),
    "button that asks back": replace(
        _MIDJOURNEY,
        app=lambda: _buttons(is_grid=False),
        action=_press("Custom Zoom", mj.OF_ONE["Custom Zoom"]),
    ),
}
_RECORDINGS: dict[str, Recording] = {}


async def recording_of(name: str) -> Recording:
    """Return what the strict fake of a family replies to its request, which it must accept."""
    if name not in _RECORDINGS:
        with tempfile.TemporaryDirectory() as folder:
            _RECORDINGS[name] = await _recorded(FAMILIES[name], Path(folder) / "job")
    return _RECORDINGS[name]


async def _recorded(family: Family, folder: Path) -> Recording:
    async with TestServer(family.app()) as server:
        assert server.port is not None
        async with recorder(server.port) as one:
            result = await family.run(family.at(one.origin), folder)
    assert result.pictures, result.failure
    return one.replies
