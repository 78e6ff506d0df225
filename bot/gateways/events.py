"""A gateway request, and the events of the exchange that runs it.

The caller stores each event before it asks for the next one: the exchange takes the step that an
event announces only then.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from bot.core.errors.gateway import GatewayFailure
from bot.core.models import ImageRequest, Picture, Reference, TokenUsage
from bot.core.task_actions import TaskButton
from bot.core.units import count_units
from bot.gateways.reply.sent_pictures import SentPictures
from bot.gateways.reply.task_status import ModalMeaning

RenewAddresses = Callable[[Sequence[Reference]], Awaitable[tuple[Reference, ...]]]
"""Returns references with fresh addresses where that is possible; it raises nothing."""


@dataclass(frozen=True, slots=True)
class GatewayRequest:
    """One paid POST: ``n`` units of an image request, as files ``STEM-1.png`` … in a folder.

    The pictures of its first grid are ``STEM-1-1.png`` to ``STEM-1-4.png``.

    ``references`` are the files of ``image_request.references``, in the same order; ``mask`` is a
    PNG over the first of them. Of an action, ``waiting_task`` is the task that asks for the prompt,
    ``proposal`` the prompt that it proposes, which is sent as it is, and ``modal_sent`` says that
    it was, or may have been, sent. ``user_tag`` is a keyed hash of the requester's id, so that a
    gateway can tell people apart without knowing them; it may be empty.
    """

    image_request: ImageRequest
    n: int
    folder: Path
    stem: str
    references: tuple[Path, ...] = ()
    mask: Path | None = None
    user_tag: str = ""
    waiting_task: str = ""
    proposal: str = ""
    modal_sent: bool = False

    @property
    def modal(self) -> ModalMeaning:
        """Return what it means where the task says that it waits for a prompt."""
        if self.image_request.action is None:
            return "failure"
        return "pending" if self.modal_sent else "question"

    @property
    def prompts(self) -> tuple[str, ...]:
        """Return what a reply may quote: none of it may stand in a log."""
        return (*self.image_request.prompts, *filter(None, [self.proposal]))

    @property
    def sent_pictures(self) -> SentPictures:
        """Return what is sent of pictures, so that a reply that repeats it holds no result."""
        masks = filter(None, [self.image_request.mask])
        files = (*self.references, *filter(None, [self.mask]))
        return SentPictures((*self.image_request.references, *masks), files, self.prompts)

    def after(self, event: "GatewayEvent") -> Self:
        """Return what its task is resumed with after an event: no prompt is sent twice."""
        return replace(self, modal_sent=True) if isinstance(event, ModalSending) else self


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing was sent yet, and nothing will be for a while: the gateway rests, or is full."""


@dataclass(frozen=True, slots=True)
class Sending:
    """The paid request is sent next; nothing was sent yet."""

    gateway: str


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """The gateway certainly made nothing; after a pause another ``Sending`` follows."""

    failure: GatewayFailure


@dataclass(frozen=True, slots=True)
class TaskAccepted:
    """The gateway accepted the request as a task; polling begins next.

    ``task_id`` is all that another process needs to go on polling: the id, or the task's path.
    """

    task_id: str


@dataclass(frozen=True, slots=True)
class ModalSending:
    """The task of an action asks back: the prompt is sent next, for the only time."""


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """The progress that the gateway reports: 0 to 1, never decreasing; None if it has none."""

    fraction: float | None


@dataclass(frozen=True, slots=True)
class Preview:
    """An unfinished picture; its file is removed when the exchange ends."""

    picture: Picture


@dataclass(frozen=True, slots=True)
class Answered:
    """The gateway has named its pictures by these URLs; the downloads begin next.

    ``buttons`` are those of the finished task ``task_id``.
    """

    urls: tuple[str, ...]
    buttons: tuple[TaskButton, ...] = ()
    task_id: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """The last event: picture files on disk, at least one and at most as many as requested.

    ``made`` is how many of the requested units the gateway made, as far as is known, so that it
    may bill them: more than there are files of where one could not be downloaded or read, and all
    of them where the reply was cut. 0 means as many as there are files of. Of those without a file
    this bot lost ``lost_by_us``.
    """

    pictures: tuple[Picture, ...]
    usage: TokenUsage | None
    made: int = 0
    lost_by_us: int = 0

    @property
    def units(self) -> int:
        """Return how many units have a file: of a grid one of its pictures is enough."""
        return count_units(each.grid for each in self.pictures)

    def lost(self, asked: int) -> int:
        """Return how many of the units asked for were paid for and have no file."""
        return max(0, min(self.made, asked) - self.units)

    def lost_by_gateway(self, asked: int) -> int:
        """Return how many of them the gateway lost."""
        return max(0, self.lost(asked) - self.lost_by_us)


GatewayEvent = (
    Waiting
    | Sending
    | RequestRefused
    | TaskAccepted
    | ModalSending
    | TaskProgress
    | Preview
    | Answered
    | Received
)
