"""Values that every package uses: options, requests, jobs, pictures, sizes and money."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self, get_args

from bot.core.operations import Operation
from bot.core.presses import Press
from bot.core.task_actions import TaskAction

Auto = Literal["auto"]
PictureFormat = Literal["png", "jpeg", "webp", "gif"]


@dataclass(frozen=True, slots=True)
class Size:
    """A picture's size in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class NamedSize:
    """A size that a model names itself, such as ``2K`` or ``16:9``."""

    name: str

    def __str__(self) -> str:
        return self.name


AnySize = Size | NamedSize | Auto

_PIXELS = re.compile(r"(\d{1,5})\s*[x×*X]\s*(\d{1,5})")


def parse_size(text: str) -> AnySize:
    """Parse a typed size: ``auto``, ``1024x1024`` (also with × or *), or a name."""
    text = text.strip()
    if text.casefold() == "auto":
        return "auto"
    if pixels := _PIXELS.fullmatch(text):
        return Size(int(pixels[1]), int(pixels[2]))
    return NamedSize(text)


MICROS = 10**6  # money is counted in millionths of the operator's currency

_MONEY = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?")


def parse_money(text: str) -> int:
    """Parse an amount of money such as ``0.04`` and return it in micros, exactly.

    Raises:
        ValueError: it is something else, or finer than a millionth.
    """
    if not _MONEY.fullmatch(text.strip()):
        raise ValueError(
            f"{text!r} is not an amount: write a number from 0 to 9999999 with at most 6 decimal "
            "places, such as 0.04"
        )
    return int(Decimal(text.strip()) * MICROS)


def money_to_text(micros: int) -> str:
    """Return an amount of micros as ``parse_money`` reads it, such as ``0.04``."""
    whole, rest = divmod(micros, MICROS)
    return f"{whole}.{rest:06}".rstrip("0").rstrip(".")


# Discord's addresses expire, and a gateway may fetch them long after it was asked.
ADDRESS_LIFETIME_MS = 10 * 60 * 1000


@dataclass(frozen=True, slots=True)
class ReferenceSource:
    """The file in a message that a reference was made from: its address ends with ``file``.

    It is in a message that shows the job ``job_id``, or in the one message that is given.
    """

    file: str
    job_id: str | None = None
    channel_id: int = 0
    message_id: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """An attached picture, kept in the content store under the hash of its content.

    ``url`` is where Discord serves exactly these bytes, for a while after ``fetched_at``
    (milliseconds since the epoch). ``source`` is where another address of them can be looked up.
    What was converted has neither: a message has the original.
    """

    sha256: str
    format: PictureFormat
    bytes: int
    url: str | None = field(default=None, repr=False, compare=False)
    fetched_at: int = field(default=0, compare=False)
    source: ReferenceSource | None = field(default=None, repr=False, compare=False)

    def fresh_url(self, now_ms: int) -> str | None:
        """Return the address, None where there is none or where it is too old to be sent."""
        return self.url if self.is_recent(now_ms) else None

    def is_recent(self, now_ms: int) -> bool:
        """Tell whether an address was fetched, or looked for, a short while ago."""
        return now_ms - self.fetched_at < ADDRESS_LIFETIME_MS


WordOption = Literal["quality", "style", "background"]
WORD_OPTIONS: tuple[WordOption, ...] = get_args(WordOption)

ValueOption = Literal["seed", "negative", "strength"]
VALUE_OPTIONS: tuple[ValueOption, ...] = get_args(ValueOption)

RequestOption = Literal["model", "prompt", "n", "size", WordOption]
"""An option that a gateway is sent, by OpenAI's name."""

OptionName = Literal["size", WordOption, ValueOption]
OPTION_NAMES: tuple[OptionName, ...] = get_args(OptionName)
"""The options whose values depend on the model; presets may have them."""

OptionValue = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class WordOptions:
    """The options whose values are words that a model accepts; None where none was chosen."""

    quality: str | None = None
    style: str | None = None
    background: str | None = None

    @property
    def words(self) -> dict[WordOption, str | None]:
        """Return the value of each of them."""
        return {option: getattr(self, option) for option in WORD_OPTIONS}

    def with_words(self, words: Mapping[WordOption, str | None]) -> Self:
        """Return the same with other values of these options."""
        values: dict[str, str | None] = dict(words.items())
        return replace(self, **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions(WordOptions):
    """Also the options that only some models have; None where nothing was chosen.

    ``negative`` is what shall not be in the picture, ``strength`` how far it may depart from the
    reference, 1 to 100 percent.
    """

    seed: int | None = None
    negative: str | None = None
    strength: int | None = None

    @property
    def values(self) -> dict[ValueOption, OptionValue | None]:
        """Return the value of each of them that is no word."""
        return {option: getattr(self, option) for option in VALUE_OPTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions(ModelOptions):
    """What somebody typed or pressed, unchecked; None is completed by presets and defaults.

    ``left_out`` are the flags of the prompt that the model has no option for.
    """

    prompt: str | None = None
    model: str | None = None
    size: str | None = None
    n: int | None = None
    private: bool | None = None
    left_out: tuple[str, ...] | None = None
    spoiler: bool | None = None
    operation: Operation | None = None

    def with_defaults(self, other: Self) -> Self:
        """Return these options, with the other's where these are None."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(other, **{name: value for name, value in given.items() if value is not None})

    def with_option(self, option: OptionName, value: OptionValue | None) -> Self:
        """Return these options with another value for one of them."""
        values: dict[str, OptionValue | None] = {option: value}
        return replace(self, **values)  # type: ignore[arg-type]  # the value is the option's


@dataclass(frozen=True, slots=True)
class ImageRequest(ModelOptions):
    """A request for pictures, already checked against the catalogue.

    ``size`` is ``"auto"`` when the model decides; ``n`` is the number of pictures, 1 to 10;
    a word is None where the model decides. ``mask`` is a PNG over the first reference: only where
    it is transparent may the picture change. ``moderation`` is how strictly a server wants
    prompts to be moderated, where the model accepts that. ``ratio`` is the aspect ratio that was
    asked for, where ``size`` visibly has another one; ``left_out`` are the flags of the typed
    prompt that the model has no option for. Neither is sent: the card names them. With an
    ``action`` a button of a finished task is pressed instead of painting anew. With an
    ``operation`` that is done with the references, and the prompt may be empty.
    """

    prompt: str
    model: str
    size: AnySize
    n: int
    moderation: str | None = None
    references: tuple[Reference, ...] = ()
    mask: Reference | None = None
    ratio: str | None = None
    left_out: tuple[str, ...] = ()
    action: TaskAction | None = None
    operation: Operation | None = None

    @property
    def prompts(self) -> tuple[str, ...]:
        """Return what was written: none of it may stand in a log."""
        return tuple(filter(None, (self.prompt, self.negative)))

    @property
    def free_texts(self) -> tuple[str, ...]:
        """Return also the options for which a model that no table describes takes any word."""
        return (*self.prompts, *filter(None, (self.style, self.background)))

    def repeated(self) -> Self:
        """Return the same request for other pictures: without its seed and what was told once."""
        return replace(self, seed=None, ratio=None, left_out=())


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, and where. The operator at the terminal has the ids 0.

    ``channel_ids`` are the channel's id, then those of the thread in it and of its category, where
    there are such. The requester of a job that was read from the database has neither roles nor
    channels: both matter only when a job is submitted.

    ``age_restricted`` is whether the channel, or that of the thread, is marked as age-restricted;
    None in direct messages and where the channel is not known. ``press`` is how they ask, None
    where that cannot reach the bot twice.
    """

    user_id: int
    server_id: int
    name: str
    role_ids: tuple[int, ...] = ()
    channel_ids: tuple[int, ...] = ()
    age_restricted: bool | None = None
    press: Press | None = None

    @property
    def is_operator(self) -> bool:
        """Whether the request came from the terminal, which has no personal limit."""
        return self.user_id == 0


OPERATOR = Requester(user_id=0, server_id=0, name="operator")


class JobState(StrEnum):
    """The state of a job; docs/development/jobs-and-recovery.md says what each means."""

    QUEUED = "queued"
    WORKING = "working"
    RECEIVED = "received"
    DELIVERED = "delivered"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


OPEN_STATES = (JobState.QUEUED, JobState.WORKING, JobState.RECEIVED, JobState.DELIVERED)


# Discord's default limit for one attachment (Discord's change-log, 2025-01-16).
DEFAULT_FILE_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CardAddress:
    """Where a job's message is, and the interaction token that can edit it for 15 minutes.

    ``max_file_bytes`` is the size limit of one attachment there. ``only_by_token``: the message
    cannot be edited through its channel, because one person alone sees it or the bot is not there.
    """

    channel_id: int
    message_id: int
    application_id: int
    token: str | None = field(default=None, repr=False)
    max_file_bytes: int = DEFAULT_FILE_BYTES
    only_by_token: bool = False


@dataclass(frozen=True, slots=True)
class AnnouncedCard:
    """A job's message that is about to be sent: where it will be, if Discord accepts it.

    ``token`` is that of the interaction which it answers, None for a message of its own.
    """

    channel_id: int
    application_id: int = 0
    token: str | None = field(default=None, repr=False)
    max_file_bytes: int = DEFAULT_FILE_BYTES
    only_by_token: bool = False

    def placed(self, message_id: int) -> CardAddress:
        """Return its address, now that Discord has returned its id."""
        return CardAddress(
            self.channel_id,
            message_id,
            self.application_id,
            self.token,
            self.max_file_bytes,
            self.only_by_token,
        )


@dataclass(frozen=True, slots=True)
class AttachmentUrls:
    """Where attachments lie that are not fetched yet; empty for one that has no address.

    ``sources`` are those of the pictures; there are none in a row of before v0.2.0.
    """

    pictures: tuple[str, ...] = field(repr=False)
    mask: str | None = field(default=None, repr=False)
    sources: tuple[ReferenceSource | None, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Job:
    """One accepted request: what, for whom, and the credits it holds.

    ``id`` is a UUIDv7, so jobs sort by time; ``created_at`` is in milliseconds since the epoch.
    ``parent`` is the job that it repeats or edits, if any. ``private``: only its requester sees
    the result. ``spoiler``: its pictures are hidden until somebody clicks them.
    """

    id: str
    request: ImageRequest
    requester: Requester
    credits: int
    created_at: int
    locale: str = "en"
    parent: str | None = None
    private: bool = False
    spoiler: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file as the gateway sent it; format and pixels come from its bytes.

    ``seed`` is the one that the gateway reported. ``grid`` is the number of the grid that it was
    made in, 0 for none: the pictures of one grid are paid as one. ``slot`` is the part of its job
    that it was made for, None where nobody knows.
    """

    path: Path
    format: PictureFormat
    width: int
    height: int
    bytes: int
    revised_prompt: str | None = None
    seed: int | None = None
    grid: int = 0
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """The tokens that a gateway reports; None instead of this means that it reported none."""

    input_tokens: int
    output_tokens: int


class Billed(StrEnum):
    """Whether the gateway charged the operator for an attempt."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"
