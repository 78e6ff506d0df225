"""The abilities of one model, read from ``models.toml`` or a gateway's table."""

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Literal, Self, TypeVar

from msgspec import Meta

from bot.core.models import (
    WORD_OPTIONS,
    AnySize,
    ImageRequest,
    Size,
    ValueOption,
    WordOption,
    money_to_text,
    parse_size,
)
from bot.core.operations import Operation
from bot.gateways.aspect_ratios import AspectRatio
from bot.gateways.calls import Api
from bot.gateways.prices import (
    DEFAULT_CREDITS,
    DEFAULT_QUALITY,
    Credits,
    Price,
    check_rates,
    price_of,
)
from bot.gateways.reference_limits import OperationAbility, ReferenceLimits
from bot.gateways.sizes import (
    NO_SIZE_RULE,
    AllowedSizes,
    Positive,
    SizeRule,
    nearest_size,
    offered_sizes,
)
from bot.gateways.toml_tables import as_table, read_sections, read_table
from bot.gateways.value_options import NegativeOption, SeedOption, StrengthOption

MAX_PICTURES = 10
UNDESCRIBED_PROMPT_MAX = 4000

Seconds = Annotated[float, Meta(gt=0)]
AllowedWords = tuple[Annotated[str, Meta(min_length=1)], ...] | None

Model = TypeVar("Model", bound="ModelAbilities")

# The key of ``models.toml`` with the words that an option accepts.
_WORD_KEYS: dict[WordOption, str] = {
    "quality": "qualities",
    "style": "styles",
    "background": "backgrounds",
}

# The usual name of the field that an option is sent as.
ValueField = Literal["seed", "negative_prompt", "strength"]
VALUE_FIELDS: dict[ValueOption, ValueField] = {
    "seed": "seed",
    "negative": "negative_prompt",
    "strength": "strength",
}

# No model has a size with six digits in a row or an edge of 0.
MAX_SIZE_NAME = 32
_FREE_SIZE = re.compile(
    rf"(?!.*\d{{6}}|0x|.*x0)[A-Za-z0-9][A-Za-z0-9 :._/-]{{0,{MAX_SIZE_NAME - 1}}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPreset:
    """The operator's settings for every picture; None leaves the choice to the model."""

    moderation: str | None = None
    output_format: str | None = None
    output_compression: Annotated[int, Meta(ge=0, le=100)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFormatRule:
    """Whether the field ``response_format`` may be sent, and its value.

    An optional one is left out without a ``value``, or if the gateway does not support it.
    """

    mode: Literal["forbidden", "optional", "required"]
    value: Literal["b64_json", "url"] | None = None

    def __post_init__(self) -> None:
        if self.mode == "required" and not self.value:
            raise ValueError('mode = "required" needs `value`')

    @property
    def sent(self) -> str | None:
        """Return the value to send, None for none."""
        return None if self.mode == "forbidden" else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAbilities:
    """One model's abilities; ``models.toml`` explains each field.

    ``api`` is None if the gateway's counts, ``references`` if the model accepts none,
    ``partial_images`` if it cannot stream, ``price`` if the operator states none, and ``seed``,
    ``negative`` and ``strength`` if it has no such option. The words of an option are None if they
    are unknown. ``operations`` come from the gateway's calls, never from a table of models.
    """

    name: str
    label: str
    prompt_max: Positive
    api: Api | None = None
    sizes: tuple[str, ...] = ()
    size_rule: SizeRule | None = None
    auto: bool = False
    max_n: Annotated[int, Meta(ge=1, le=MAX_PICTURES)] = 1
    credits: Credits = DEFAULT_CREDITS
    price: Price | None = None
    qualities: AllowedWords = ()
    styles: AllowedWords = ()
    backgrounds: AllowedWords = ()
    moderations: AllowedWords = ()
    output_formats: AllowedWords = ()
    compression: bool = False
    preset: OutputPreset = field(default_factory=OutputPreset)
    references: ReferenceLimits | None = None
    seed: SeedOption | None = None
    negative: NegativeOption | None = None
    strength: StrengthOption | None = None
    prompt_flags: Literal["read", "native"] = "read"
    partial_images: Annotated[int, Meta(ge=0, le=3)] | None = None
    response_format: ResponseFormatRule = ResponseFormatRule(mode="forbidden")
    user_field: Literal["user", "safety_identifier"] | None = None
    timeout_s: Seconds = 300
    usual_s: Seconds = 30
    retires: date | None = None
    age_restricted: bool = False
    operations: Mapping[Operation, OperationAbility] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (self.auto or self.sizes):
            raise ValueError("it needs `sizes`, or `auto = true`")
        preset = self.preset
        if preset.moderation and preset.moderation not in (self.moderations or ()):
            raise ValueError("preset.moderation is none of `moderations`")
        if preset.output_format and preset.output_format not in (self.output_formats or ()):
            raise ValueError("preset.output_format is none of `output_formats`")
        if preset.output_compression is not None and not self.compression:
            raise ValueError("preset.output_compression needs `compression = true`")
        check_rates(self.price, self.credits, self.qualities)

    @property
    def default_size(self) -> AnySize:
        """Return the size if none was chosen."""
        return "auto" if self.auto else parse_size(self.sizes[0])

    def accepts_size(self, size: AnySize) -> bool:
        """Tell whether the model accepts this size."""
        if size == "auto":
            return self.auto
        if self.size_rule:
            return isinstance(size, Size) and self.size_rule.accepts_size(size)
        if self.sizes:
            return str(size) in self.sizes
        return bool(_FREE_SIZE.fullmatch(str(size)))

    def nearest_size(self, ratio: AspectRatio) -> AnySize | None:
        """Return the size that stands for a ratio; None if all are far from it."""
        return nearest_size(ratio, self.sizes, self.size_rule)

    @property
    def offered_sizes(self) -> Mapping[str, str]:
        """Return what people are offered, each with the size that it stands for."""
        return offered_sizes(self.sizes, self.size_rule, "auto" if self.auto else "")

    @property
    def has_sizes(self) -> bool:
        """Whether there is a choice of sizes."""
        return self.size_rule is not None or any(size != "auto" for size in self.sizes or ("",))

    def allowed_words(self, option: WordOption) -> tuple[str, ...] | None:
        """Return the words that an option accepts; empty if the model has no such option.

        None if they are unknown: then any word is sent.
        """
        words: AllowedWords = getattr(self, _WORD_KEYS[option])
        return words

    def credits_each(self, quality: str | None) -> int:
        """Return the credits of one picture; None is the quality that the model chooses.

        Without ``default`` an unlisted quality costs 1.
        """
        if isinstance(self.credits, int):
            return self.credits
        others = self.credits.get(DEFAULT_QUALITY, DEFAULT_CREDITS)
        return self.credits.get(quality or DEFAULT_QUALITY, others)

    def price_each(self, quality: str | None) -> int | None:
        """Return the operator's price of one picture in micros, None if none is stated."""
        return None if self.price is None else price_of(self.price, quality)

    def supports(self, request: ImageRequest, *, n: int) -> bool:
        """Tell whether the model supports this request unchanged, with ``n`` pictures at once."""
        return (
            n <= self.max_n
            and len(request.prompt) <= self.prompt_max
            and self._supports_size(request)
            and all(self._accepts_word(option, word) for option, word in request.words.items())
            and self._supports_values(request)
            and self._supports_references(request)
            and not self.excluded_options(request)
        )

    def excluded_options(self, request: ImageRequest) -> tuple[ValueOption, ...]:
        """Return the options of a request that the model does not take beside its references."""
        limits = self.reference_limits_of(request)
        if not (request.references and limits):
            return ()
        excludes = limits.excludes
        return tuple(option for option in excludes if getattr(request, option) is not None)

    def has_option(self, option: ValueOption) -> bool:
        """Tell whether the model has an option that is no word."""
        return getattr(self, option) is not None

    def _supports_values(self, request: ImageRequest) -> bool:
        seed, negative = request.seed, request.negative
        return (
            (seed is None or bool(self.seed and self.seed.accepts(seed)))
            and (negative is None or bool(self.negative and self.negative.accepts(negative)))
            and (request.strength is None or self.strength is not None)
        )

    @property
    def field_names(self) -> dict[str, str]:
        """Return the model's own names of fields, by OpenAI's or the usual ones."""
        return {
            usual: getattr(self, option).field
            for option, usual in VALUE_FIELDS.items()
            if self.has_option(option)
        }

    def reference_limits_of(self, request: ImageRequest) -> ReferenceLimits | None:
        """Return the limits of the pictures of a request; None if the model takes none for it."""
        if request.operation is None:
            return self.references
        ability = self.operations.get(request.operation)
        return ability.pictures if ability else None

    def _supports_size(self, request: ImageRequest) -> bool:
        if request.operation is None:
            return self.accepts_size(request.size)
        ability = self.operations.get(request.operation)
        return ability is not None and str(request.size) in ("auto", *ability.sizes)

    def _supports_references(self, request: ImageRequest) -> bool:
        limits = self.reference_limits_of(request)
        references, mask = request.references, request.mask
        if not references or not limits:
            return not (references or mask or request.operation)
        fits = len(references) <= limits.max_count and all(map(limits.accepts, references))
        return fits and (not mask or mask.bytes <= (limits.mask_max_bytes or 0))

    def _accepts_word(self, option: WordOption, word: str | None) -> bool:
        words = self.allowed_words(option)
        return word is None or words is None or word in words

    def without(self, fields: Collection[str]) -> Self:
        """Return the abilities at a gateway to which these fields are never sent."""
        model = self._at_default_rates() if "quality" in fields else self
        for option in WORD_OPTIONS:
            if option in fields:
                model = _with_allowed_words(model, option, ())
        for value_option, name in VALUE_FIELDS.items():
            if name in fields:
                model = _without_option(model, value_option)
        if "n" in fields:
            model = replace(model, max_n=1)
        if "size" in fields:
            model = replace(model, auto=True, sizes=("auto",), size_rule=None)
        return model

    def _at_default_rates(self) -> Self:
        price = self.price_each(None)
        return replace(
            self,
            credits=self.credits_each(None),
            price=None if price is None else money_to_text(price),
        )

    def retires_within(self, days: int, today: date) -> bool:
        """Tell whether the model has retired, or will retire within these days."""
        return self.retires is not None and self.retires <= today + timedelta(days)

    @property
    def allowed_sizes(self) -> AllowedSizes:
        """Return the sizes that a person may type, as the facts of the text ``sizes-taken``."""
        named = dict.fromkeys(["auto"] * self.auto + list(self.sizes))
        rule = self.size_rule.facts if self.size_rule else NO_SIZE_RULE
        is_free = not self.sizes and not self.size_rule
        longest = MAX_SIZE_NAME if is_free else None
        return AllowedSizes(allowed=", ".join(named), longest_name=longest, **rule)


def read_models(text: str, *, file: str = "models.toml") -> dict[str, ModelAbilities]:
    """Read ``[models.NAME]`` tables; raise StartRefused naming a wrong table and key."""
    tables = read_sections(text, file=file, section="models")
    return {
        name: merge_abilities(None, name, table, where=f"{file}, [models.{name}],")
        for name, table in tables.items()
    }


def undescribed_model(name: str) -> ModelAbilities:
    """Return the cautious abilities of a model that no table describes; any word is accepted."""
    model = ModelAbilities(name=name, label=name, prompt_max=UNDESCRIBED_PROMPT_MAX, auto=True)
    for option in WORD_OPTIONS:
        model = _with_allowed_words(model, option, None)
    return model


def _with_allowed_words(model: Model, option: WordOption, words: AllowedWords) -> Model:
    key: dict[str, AllowedWords] = {_WORD_KEYS[option]: words}
    return replace(model, **key)  # type: ignore[arg-type]  # a key of words


def _without_option(model: Model, option: ValueOption) -> Model:
    key: dict[str, None] = {option: None}
    return replace(model, **key)  # type: ignore[arg-type]  # an option that may be None


@cache
def shipped_models() -> Mapping[str, ModelAbilities]:
    """Return the models of the shipped ``models.toml``, by name."""
    text = files("bot.gateways").joinpath("models.toml").read_text("utf-8")
    return MappingProxyType(read_models(text))


def merge_abilities(
    base: ModelAbilities | None, name: str, table: object, *, where: str
) -> ModelAbilities:
    """Return the model with its keys overridden by a table.

    Nested tables are merged key by key; ``"none"`` removes a key. Without a base the table
    describes the whole model.
    """
    known = {key: value for key, value in asdict(base).items() if value is not None} if base else {}
    for given in ("name", "operations"):
        known.pop(given, None)
    keys = {"label": name, **known}
    for key, value in as_table(table, where=where).items():
        inner = keys.get(key)
        both = isinstance(inner, dict) and isinstance(value, dict)
        keys[key] = {**inner, **value} if both else value  # type: ignore[dict-item]  # both are tables
    left = {key: value for key, value in keys.items() if value != "none"}
    return read_table(left, ModelAbilities, where=where, name=name, operations={})
