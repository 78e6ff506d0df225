"""Run one gateway request and record its events, waits and files."""

from collections.abc import Awaitable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from aiohttp.abc import AbstractResolver

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import AnySize, ImageRequest, Picture, PictureFormat, Reference, TokenUsage
from bot.core.operations import Operation
from bot.core.proxies import NO_PROXIES, Proxies
from bot.gateways.catalogue import Catalogue
from bot.gateways.events import Answered, GatewayEvent, GatewayRequest, Received
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import ModelAbilities, shipped_models
from bot.gateways.routing.router import Router

_T = TypeVar("_T")
GATEWAY_KEY = "sk-planted-secret-0123456789"
SECRET_PROMPT = "a planted prompt about foxes"
CLOCK_START_MS = 1_800_000_000_000


@dataclass
class RecordingClock:
    """Records every wait and pause, and fails when two waits are nested."""

    waits: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    _inside: bool = False

    async def wait(self, awaitable: Awaitable[_T], reason: str, /) -> _T:
        """Await, and record the reason."""
        assert not self._inside, "declared waits are never nested"
        self.waits.append(reason)
        self._inside = True
        try:
            return await awaitable
        finally:
            self._inside = False

    async def sleep(self, seconds: float) -> None:
        """Record a pause and advance the clock."""
        self.pauses.append(seconds)

    def now(self) -> int:
        """Return the start time plus all pauses."""
        return CLOCK_START_MS + round(sum(self.pauses) * 1000)

    @property
    def clock(self) -> Clock:
        """Return the Clock."""
        return Clock(now=self.now, sleep=self.sleep, wait=self.wait)


@dataclass
class GenerationResult:
    """The events of one request, and its failure."""

    folder: Path
    watch: RecordingClock
    events: list[GatewayEvent] = field(default_factory=list)
    failure: GatewayFailure | None = None

    @property
    def names(self) -> list[str]:
        """Return the names of the events."""
        return [type(event).__name__ for event in self.events]

    @property
    def received(self) -> Received:
        """Return the last event, which must be pictures."""
        assert isinstance(self.events[-1], Received), self.failure
        return self.events[-1]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Return the pictures."""
        return self.received.pictures

    @property
    def usage(self) -> TokenUsage | None:
        """Return the usage."""
        return self.received.usage

    @property
    def urls(self) -> tuple[str, ...]:
        """Return the URLs of the Answered event."""
        return next(event.urls for event in self.events if isinstance(event, Answered))

    @property
    def failed(self) -> GatewayFailure:
        """Return the failure that ended the request."""
        assert self.failure is not None, self.events
        return self.failure

    @property
    def left(self) -> list[str]:
        """Return the suffixes of all files in the folder."""
        return sorted(path.suffix for path in files_in(self.folder))


def files_in(folder: Path) -> list[Path]:
    """Return the files in a folder."""
    return list(folder.glob("*"))


def make_model(name: str, **changes: object) -> ModelAbilities:
    """Return a model: 4000 characters, any size, n up to 10, unless changed."""
    fields: dict[str, object] = {"label": name, "prompt_max": 4000, "auto": True, "max_n": 10}
    return ModelAbilities(name=name, **{**fields, **changes})  # type: ignore[arg-type]  # fields by name


@dataclass(frozen=True)
class AttachedFile:
    """A reference and its file."""

    reference: Reference
    path: Path


def attach_file(
    path: Path,
    data: bytes,
    *,
    kind: PictureFormat = "png",
    url: str | None = None,
    age_ms: int = 0,
) -> AttachedFile:
    """Write a reference's file; it was fetched ``age_ms`` before now."""
    path.write_bytes(data)
    return AttachedFile(Reference("0" * 64, kind, len(data), url, CLOCK_START_MS - age_ms), path)


async def run_generation(
    gateway: Gateway,
    folder: Path,
    *,
    n: int = 1,
    size: AnySize = "auto",
    known: ModelAbilities | None = None,
    prompt: str = SECRET_PROMPT,
    attached: Sequence[AttachedFile] = (),
    options: Mapping[str, str] | None = None,
    seed: int | None = None,
    negative: str | None = None,
    strength: int | None = None,
    resolver: AbstractResolver | None = None,
    mask: Path | None = None,
    operation: Operation | None = None,
    user_tag: str = "",
    proxies: Proxies = NO_PROXIES,
    unread: Path | None = None,
) -> GenerationResult:
    """Generate pictures with the gateway's first model and return everything that happened."""
    models = {known.name: known} if known else shipped_models()
    watch = RecordingClock()
    result = GenerationResult(folder, watch)
    chosen = options or {}
    request = ImageRequest(
        prompt,
        known.name if known else gateway.models[0],
        size,
        n,
        quality=chosen.get("quality"),
        style=chosen.get("style"),
        background=chosen.get("background"),
        seed=seed,
        negative=negative,
        strength=strength,
        references=tuple(one.reference for one in attached),
        operation=operation,
    )
    paths = tuple(one.path for one in attached)
    order = GatewayRequest(request, n, folder, "slot-0", paths, mask, user_tag)
    catalogue = Catalogue(gateway.models, models)
    async with Router(
        [gateway],
        catalogue,
        clock=watch.clock,
        resolver=resolver,
        proxies=proxies,
        unread_folder=unread,
    ) as router:
        try:
            async with aclosing(router.generate(order)) as events:
                async for event in events:
                    result.events.append(event)
        except GatewayFailure as failure:
            result.failure = failure
    return result
