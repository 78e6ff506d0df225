"""The models that are offered, and the check of the options that a person typed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Self

import structlog

from bot.core.errors.base import Refusal, StartRefused
from bot.core.errors.options import (
    MaskNotTaken,
    MaskWithoutReference,
    NoReferences,
    TooManyReferences,
    UnknownModel,
    WrongCount,
)
from bot.core.models import (
    ImageOptions,
    ImageRequest,
    OptionName,
    OptionValue,
    WordOption,
    parse_size,
)
from bot.core.operations import Operation
from bot.gateways.aspect_ratios import parse_ratio
from bot.gateways.call_abilities import offered_at, shipped_at
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import (
    MAX_PICTURES,
    ModelAbilities,
    shipped_models,
    undescribed_model,
)
from bot.gateways.operation_checks import build_operation, checked_operation
from bot.gateways.option_checks import (
    AUTO,
    MAX_ECHO,
    MAX_SUGGESTIONS,
    check_beside_references,
    checked_choice,
    checked_negative,
    checked_prompt,
    checked_seed,
    checked_size,
    checked_strength,
    model_names,
    spelled_word,
)
from bot.gateways.prompt_flags import read_flags

log = structlog.get_logger()

GatewayModel = tuple[str, str]
"""The names of a gateway and of a model that it offers."""

ANY_PROMPT = "any"  # a prompt that every model accepts
RETIREMENT_DAYS = 30  # a model's retirement is shown this long before


def _undescribed(name: str) -> ModelAbilities:
    log.warning(
        "catalogue.model_unknown",
        model=name,
        mend=f'describe it in your gateways.toml as [gateways.NAME.abilities."{name}"], with the '
        "keys of bot/gateways/models.toml; until then "
        "pictures are asked for one by one, without references, and options are not checked",
    )
    return undescribed_model(name)


@dataclass(frozen=True, slots=True)
class _Offer:
    """What is offered at one moment.

    ``former`` are the gateways' models that a reload has removed: what was begun there is still
    received, and costs what it cost. ``age_restricted`` are names in lower case, also of former
    models, whose pictures are still kept.
    """

    models: tuple[ModelAbilities, ...]
    by_name: Mapping[str, ModelAbilities]
    pairs: Mapping[GatewayModel, ModelAbilities]
    former: Mapping[GatewayModel, ModelAbilities]
    age_restricted: frozenset[str]


class Catalogue:
    """The models that are offered, in order; the first is the default."""

    def __init__(
        self,
        offered: Iterable[str],
        known: Mapping[str, ModelAbilities],
        *,
        pairs: Mapping[GatewayModel, ModelAbilities] | None = None,
    ) -> None:
        names = tuple(dict.fromkeys(offered))
        if not names:
            raise StartRefused("No model is offered: IMAGE_MODELS must name at least one.")
        models = tuple(known.get(name) or _undescribed(name) for name in names)
        by_name = {model.name.casefold(): model for model in models}
        abilities = (*models, *(pairs or {}).values())
        self._offer = _Offer(
            models,
            by_name,
            pairs or {},
            former={},
            age_restricted=frozenset(
                each.name.casefold() for each in abilities if each.age_restricted
            ),
        )

    @classmethod
    def of(cls, gateways: Iterable[Gateway]) -> Self:
        """Return the models of these gateways, by ``models.toml`` and the gateways' own tables.

        The options that people are offered are those of the first gateway that has a model.
        """
        pairs = _pairs(gateways, shipped_models())
        first = {name: pairs[gateway, name] for gateway, name in reversed(pairs)}
        for (_, name), ability in pairs.items():  # an operation of any gateway is one of the model
            operations = {**ability.operations, **first[name].operations}
            first[name] = replace(first[name], operations=operations)
        return cls((name for _, name in pairs), first, pairs=pairs)

    def replace(self, new: "Catalogue") -> None:
        """Offer what another catalogue offers: in one assignment, as transactions read it, too."""
        old, offer = self._offer, new._offer
        gone = {**old.former, **old.pairs}
        former = {pair: ability for pair, ability in gone.items() if pair not in offer.pairs}
        marked = {name for name in old.age_restricted if name not in offer.by_name}
        self._offer = replace(
            offer, former=former, age_restricted=offer.age_restricted.union(marked)
        )

    def ability(self, gateway: str, model: str) -> ModelAbilities:
        """Return a model's abilities at one gateway, also a former one.

        Raises:
            UnknownModel: none offers it.
        """
        offer, pair = self._offer, (gateway, model)
        return offer.pairs.get(pair) or offer.former.get(pair) or self.model(model)

    @property
    def models(self) -> tuple[ModelAbilities, ...]:
        """Return the offered models, in order."""
        return self._offer.models

    @property
    def default(self) -> ModelAbilities:
        """Return the model if none was chosen."""
        return self.models[0]

    def model(self, name: str) -> ModelAbilities:
        """Return an offered model; raise UnknownModel for any other name."""
        if found := self._offer.by_name.get(name.strip().casefold()):
            return found
        raise UnknownModel(model=name[:MAX_ECHO], allowed=model_names(self.models))

    def models_with(self, operation: Operation) -> tuple[ModelAbilities, ...]:
        """Return the offered models that a gateway has a call of this operation for."""
        return tuple(model for model in self.models if operation in model.operations)

    def check_operation(self, request: ImageRequest) -> None:
        """Refuse an earlier request whose operation is offered no more; raise a Refusal."""
        if request.operation:
            model, pictures = self.model(request.model), len(request.references)
            checked_operation(request.operation, model, pictures=pictures, among=self.models)

    def is_age_restricted(self, name: str) -> bool:
        """Tell whether a model is marked as age-restricted, by any gateway that has it."""
        return name.strip().casefold() in self._offer.age_restricted

    def usual_s(self, name: str) -> float:
        """Return how many seconds a model usually takes; the default's if it is not offered."""
        found = self._found(name)
        return (found or self.default).usual_s

    def build_request(
        self, options: ImageOptions, *, references: int = 0, mask: bool = False
    ) -> ImageRequest:
        """Check the options that a person typed; raise a Refusal that names the allowed values.

        ``references`` is the number of attached pictures, ``mask`` whether there is a mask over
        the first of them. The returned request does not contain them.
        """
        model = self.model(options.model) if options.model else self.default
        if operation := options.operation:
            return build_operation(
                options, operation, model, pictures=references, among=self.models
            )
        if references:
            self._check_references(references, model)
        if mask:
            self._check_mask(references, model)
        prompt = checked_prompt(options.prompt or "", model)
        size, ratio = checked_size(options.size, model)
        n = 1 if options.n is None else options.n
        if not 1 <= n <= MAX_PICTURES:
            raise WrongCount(n=n, limit=MAX_PICTURES)
        request = ImageRequest(
            prompt=prompt,
            model=model.name,
            size=size,
            n=n,
            ratio=ratio,
            left_out=options.left_out or (),
            seed=checked_seed(options.seed, model, among=self.models),
            negative=checked_negative(options.negative, model, among=self.models),
            strength=checked_strength(
                options.strength, model, references=references, among=self.models
            ),
        )
        if references:
            check_beside_references(request, model)
        words = options.words.items()
        return request.with_words({name: checked_choice(name, word, model) for name, word in words})

    def read_flags(self, options: ImageOptions) -> ImageOptions:
        """Return the options with the flags of the prompt, such as ``--ar 16:9``, read as options.

        Raises:
            WrongFlag: the value of a flag is none.
        """
        model = self._found(options.model)
        return read_flags(options, model) if model else options

    def supports(self, model: str, option: OptionName, value: OptionValue) -> bool:
        """Tell whether a model accepts a value of an option."""
        options = ImageOptions(prompt=ANY_PROMPT, model=model).with_option(option, value)
        try:
            # Without a reference picture no strength is accepted.
            self.build_request(options, references=1 if option == "strength" else 0)
        except Refusal:
            return False
        return True

    def quality(self, model: str, typed: str | None) -> str | None:
        """Return a quality in the model's spelling, None if it decides; raise WrongChoice."""
        return checked_choice("quality", typed, self.model(model))

    def seed_of_slot(self, request: ImageRequest, slot: int) -> int | None:
        """Return the seed of a slot: each continues after the pictures of the one before."""
        if request.seed is None:
            return None
        try:
            model = self.model(request.model)
        except UnknownModel:  # no longer offered; what was begun is only received
            return request.seed
        return model.seed.following(request.seed, slot * model.max_n) if model.seed else None

    def _check_references(self, count: int, model: ModelAbilities) -> None:
        if not model.references:
            able = (other for other in self.models if other.references)
            raise NoReferences(model=model.name, allowed=model_names(able))
        if count > model.references.max_count:
            raise TooManyReferences(model=model.name, limit=model.references.max_count)

    def _check_mask(self, references: int, model: ModelAbilities) -> None:
        if not _takes_mask(model):
            able = filter(_takes_mask, self.models)
            raise MaskNotTaken(model=model.name, allowed=model_names(able))
        if references <= 0:
            raise MaskWithoutReference

    def suggest_models(self, typed: str, among: Iterable[str] | None = None) -> list[str]:
        """Return up to 25 model names, of all models or ``among`` some.

        Those whose name or label contains the typed text come first.
        """
        labels = {model.name: model.label for model in self.models}
        return _matching_first(typed, list(labels if among is None else among), also=labels)

    def display_name(self, name: str, today: date) -> str:
        """Return the label of a model, with 🔞 if it is age-restricted and its last day if soon."""
        known = self._found(name)
        if known is None:
            return name
        label = f"{known.label} 🔞" if self.is_age_restricted(known.name) else known.label
        if known.retires and known.retires_within(RETIREMENT_DAYS, today):
            return f"{label} (⏳ {known.retires.isoformat()})"
        return label

    def chosen_quality(self, model: str | None, typed: str | None) -> str | None:
        """Return a quality in the model's spelling, None if the model decides.

        An unknown quality is None as well: somebody may still be typing it.
        """
        chosen = self._found(model)
        word = (typed or "").strip()
        spelled = spelled_word(word, chosen.qualities) if chosen else None
        return None if spelled is None or spelled.casefold() == AUTO else spelled

    def suggest_sizes(self, model: str | None, typed: str) -> dict[str, str]:
        """Return up to 25 sizes of a model, those that match first; none if it is unknown.

        Aspect ratios come before the model's own sizes. What may be typed is the key; the value is
        the size that a ratio stands for, or the same.
        """
        if not (chosen := self._found(model)):
            return {}
        offered, size = chosen.offered_sizes, parse_size(typed)
        if chosen.accepts_size(size):
            offered = {str(size): str(size), **offered}
        elif (ratio := parse_ratio(typed)) and (nearest := chosen.nearest_size(ratio)):
            offered = {ratio.name: str(nearest), **offered}
        return {name: offered[name] for name in _matching_first(typed, list(offered), also=offered)}

    def suggest_choices(self, model: str | None, option: WordOption, typed: str) -> list[str]:
        """Return up to 25 words that an option of a model accepts, those that match first."""
        chosen = self._found(model)
        return _matching_first(typed, list(chosen.allowed_words(option) or ())) if chosen else []

    def _found(self, name: str | None) -> ModelAbilities | None:
        try:
            return self.model(name) if name else self.default
        except UnknownModel:
            return None

    def ignoring_moderation(self, moderation: str | None, names: Iterable[str]) -> tuple[str, ...]:
        """Return the models that do not support this level of moderation."""
        if moderation is None:
            return ()
        return tuple(n for n in names if moderation not in (self.model(n).moderations or ()))

    def fan_out(self, request: ImageRequest) -> list[int]:
        """Return the number of pictures of each paid POST: as many at once as the model can."""
        at_once = self.model(request.model).max_n
        full, rest = divmod(request.n, at_once)
        return [at_once] * full + [rest] * bool(rest)

    def price_each(self, gateway: str, request: ImageRequest) -> int | None:
        """Return the price of one picture at a gateway in micros, None if none is stated."""
        if request.action and request.action.price is not None:
            return request.action.price
        try:
            return self.ability(gateway, request.model).price_each(request.quality)
        except UnknownModel:  # no longer offered
            return None

    def highest_price(self, request: ImageRequest) -> int:
        """Return the price of all pictures in micros at the most expensive gateway."""
        if request.action:
            return request.n * (self.price_each(request.action.gateway, request) or 0)
        prices = (
            ability.price_each(request.quality)
            for (_, model), ability in self._offer.pairs.items()
            if model == request.model
        )
        return request.n * max(filter(None, prices), default=0)


def unpriced_models(gateways: Iterable[Gateway]) -> Iterator[GatewayModel]:
    """Yield the gateways and models without a price, in order."""
    known = shipped_models()
    for gateway in gateways:
        for name in gateway.models:
            ability = gateway.abilities.get(name) or known.get(name)
            if ability is None or ability.price is None:
                yield gateway.name, name


def _pairs(
    gateways: Iterable[Gateway], known: Mapping[str, ModelAbilities]
) -> dict[GatewayModel, ModelAbilities]:
    undescribed: dict[str, ModelAbilities] = {}
    pairs: dict[GatewayModel, ModelAbilities] = {}
    for gateway in gateways:
        for name in gateway.models:
            if not (ability := gateway.abilities.get(name)):
                if not (shipped := known.get(name)):
                    shipped = undescribed[name] = undescribed.get(name) or _undescribed(name)
                ability = shipped_at(gateway, shipped)
            pairs[gateway.name, name] = offered_at(gateway, ability)
    return pairs


def _takes_mask(model: ModelAbilities) -> bool:
    return bool(model.references and model.references.mask_max_bytes)


def _matching_first(
    typed: str, offered: list[str], *, also: Mapping[str, str] | None = None
) -> list[str]:
    """Return what is offered, first what contains the typed text, or whose ``also`` does."""
    wanted, labels = typed.strip().casefold(), also or {}
    if not wanted:
        return offered[:MAX_SUGGESTIONS]

    def differs(name: str) -> bool:
        if wanted in name.casefold():
            return False
        label = labels.get(name, name)
        return label == name or wanted not in label.casefold()

    return sorted(offered, key=differs)[:MAX_SUGGESTIONS]
