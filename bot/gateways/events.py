"""What an exchange is asked, and what it tells while it runs.

Whoever paints writes each event to the journal *before* asking for the next one: the exchange
acts only then.
"""

from dataclasses import dataclass
from pathlib import Path

from bot.core.errors.gateway import GatewayFailure
from bot.core.models import ImageRequest, Picture, TokenUsage


@dataclass(frozen=True, slots=True)
class GatewayRequest:
    """One paid POST: ``n`` pictures of a request, as files ``STEM-1.png`` … in a folder.

    ``references`` are the files of ``request.references``, in the same order; ``mask`` is a PNG
    over the first of them. ``user_tag`` is a keyed hash of who asks, so that a gateway can tell
    people apart without knowing them; it may be empty.
    """

    request: ImageRequest
    n: int
    folder: Path
    stem: str
    references: tuple[Path, ...] = ()
    mask: Path | None = None
    user_tag: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """A paid request is about to leave; nothing was sent yet."""

    gateway: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It is certain that the request made nothing; after a pause another ``Sending`` follows."""

    failure: GatewayFailure


@dataclass(frozen=True, slots=True)
class Task:
    """The gateway took the order as a task; the polling begins next.

    ``task_id`` is all that another process needs to poll on: the id, or the path to the task.
    """

    task_id: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the gateway says it is, 0 to 1 and never less than before; None: it does not say."""

    fraction: float | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What the gateway has painted so far: a file that is gone when the exchange ends."""

    picture: Picture


@dataclass(frozen=True, slots=True)
class Answered:
    """The pictures were made and wait at these addresses; the downloads begin next."""

    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """The last event: picture files on disk, at least one and at most as many as ordered."""

    pictures: tuple[Picture, ...]
    usage: TokenUsage | None


Event = Sending | Refused | Task | Progress | Preview | Answered | Received
