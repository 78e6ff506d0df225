"""Find what somebody could request instead of what was refused."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal, cast

from bot.core.errors.base import Refusal
from bot.core.errors.options import (
    MaskNotTaken,
    MaskWithoutReference,
    ModelAgeRestricted,
    NoReferences,
    OperationNotOffered,
    OptionBesideReference,
    OptionNotTaken,
    PromptEmpty,
    PromptTooLong,
    TooManyReferences,
    UnknownModel,
    WrongChoice,
    WrongCount,
    WrongPictureCount,
    WrongSize,
)
from bot.core.errors.quotas import BudgetSpent, QuotaSpent
from bot.core.models import ImageOptions, ImageRequest, Job, OptionName, Reference, WordOption
from bot.discord_ui.caller import CallerContext
from bot.gateways.nearest_sizes import nearest_sizes
from bot.images.references import NO_ATTACHMENTS, Attachments
from bot.jobs.credit_check import most_affordable
from bot.moderation.moderation import TextRefused
from bot.preferences.access_rules import ModelNotAllowed
from bot.services import Services
from cogs.request_builder import RequestBuilder

# Four short labels fit in one row, also beside a form's.
MAX_REMEDIES = 4

RemedyKind = Literal["count", "value", "without", "prompt"]
"""How a remedy is told: a number of pictures, another value, without an option, or in a form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedRequest:
    """A request as somebody typed it: what ``RequestBuilder.submit`` gets."""

    options: ImageOptions
    preset: str | None = None
    attached: Attachments = NO_ATTACHMENTS
    references: tuple[Reference, ...] = ()
    mask: Reference | None = None
    parent: str | None = None

    @classmethod
    def repeating(cls, job: Job) -> "TypedRequest":
        """Return what would have to be typed to repeat a job."""
        request = job.request
        options = ImageOptions(
            prompt=request.prompt,
            model=request.model,
            size=str(request.size),
            n=request.n,
            negative=request.negative,
            strength=request.strength,
            operation=request.operation,
        )
        return cls(
            options=options.with_words(request.words),
            references=request.references,
            mask=request.mask,
            parent=job.id,
        )

    def with_option(self, option: OptionName, value: str | None) -> "TypedRequest":
        """Return the request with another value for an option, or without it."""
        return replace(self, options=self.options.with_option(option, value))

    @property
    def picture_count(self) -> int:
        """Return how many pictures it starts from."""
        return len(self.references) + len(self.attached.pictures)

    @property
    def has_mask(self) -> bool:
        """Whether a mask lies over the first of them."""
        return self.mask is not None or self.attached.mask is not None


@dataclass(frozen=True, slots=True)
class Remedy:
    """A request that can be made instead of a refused one.

    ``value`` is what differs: a number, a size, a word, a model, or the option that is left out.
    ``credits`` is what it costs, None where a picture costs one credit or nobody knows yet.
    """

    kind: RemedyKind
    value: str
    request: TypedRequest
    credits: int | None = None


class Remedies:
    """Maps refusals to what could be requested instead."""

    def __init__(self, request_builder: RequestBuilder, services: Services) -> None:
        self._request_builder = request_builder
        self._services = services
        self._catalogue = services.catalogue

    async def of(
        self, refusal: Refusal, request: TypedRequest, caller: CallerContext, *, within_s: float
    ) -> Sequence[Remedy]:
        """Return up to four remedies, the best first; none where nothing helps but time.

        The database is waited for at most ``within_s``.
        """
        if isinstance(refusal, QuotaSpent | BudgetSpent):
            found = await self._fewer(request, caller, within_s=within_s)
        else:
            found = self._changed(refusal, request, caller)
        return self.with_costs(found[:MAX_REMEDIES], caller)

    def with_costs(self, remedies: Iterable[Remedy], caller: CallerContext) -> Sequence[Remedy]:
        """Return remedies with what they cost now."""
        return [self._with_cost(each, caller) for each in remedies]

    def credits(self, request: TypedRequest, caller: CallerContext) -> int | None:
        """Return what a request costs now, None if it is refused."""
        checked = self._check(request, caller)
        if checked is None:
            return None
        return self._services.pricing.credits_of(checked, caller.requester.server_id)

    def _changed(
        self, refusal: Refusal, request: TypedRequest, caller: CallerContext
    ) -> Sequence[Remedy]:
        match refusal:
            case WrongCount(n=n, limit=limit):
                return [_with_count(request, min(max(n, 1), limit))]
            case WrongSize(model=model) if operation := request.options.operation:
                of_operation = self._catalogue.model(model).operations[operation].sizes
                return self._values(request, "size", of_operation, caller)
            case WrongSize(size=size, model=model):
                sizes = nearest_sizes(self._catalogue.model(model), size, most=MAX_REMEDIES)
                return self._values(request, "size", sizes, caller)
            case WrongChoice(option=option, value=value, model=model):
                # Facts are text: this one names an option of words, that of the next case any.
                return self._words(request, cast("WordOption", option), value, model, caller)
            case OptionNotTaken(option=option) | OptionBesideReference(option=option):
                without = request.with_option(cast("OptionName", option), None)
                return [Remedy("without", option, without), *self._models(request, caller)]
            case MaskWithoutReference():
                attached = replace(request.attached, mask=None)
                return [Remedy("without", "mask", replace(request, attached=attached, mask=None))]
            case PromptEmpty() | TextRefused():
                return [Remedy("prompt", "", request)]
            case PromptTooLong():
                return [Remedy("prompt", "", request), *self._models(request, caller)]
            case UnknownModel(model=model):
                return self._models(request, caller, like=model)
            case (
                NoReferences()
                | TooManyReferences()
                | MaskNotTaken()
                | ModelNotAllowed()
                | ModelAgeRestricted()
                | OperationNotOffered()
                | WrongPictureCount()
            ):
                return self._models(request, caller)
        return []

    # --- fewer pictures -----------------------------------------------------------------------

    async def _fewer(
        self, request: TypedRequest, caller: CallerContext, *, within_s: float
    ) -> Sequence[Remedy]:
        checked = self._check(request, caller)
        if checked is None or checked.n == 1:
            return []
        services, server_id = self._services, caller.requester.server_id
        try:
            count = await most_affordable(
                services.database,
                services.ledger,
                caller.requester,
                below=checked.n,
                credits_each=services.pricing.credits_of(checked, server_id) // checked.n,
                price_each=self._catalogue.highest_price(checked) // checked.n,
                within_s=within_s,
            )
        except Refusal:
            return []
        return [_with_count(request, count)] if count else []

    # --- other values -------------------------------------------------------------------------

    def _words(
        self,
        request: TypedRequest,
        option: WordOption,
        typed: str,
        model: str,
        caller: CallerContext,
    ) -> Sequence[Remedy]:
        words = self._catalogue.model(model).allowed_words(option) or ()
        return self._values(request, option, sorted(words, key=_likeness(typed)), caller)

    def _values(
        self,
        request: TypedRequest,
        option: OptionName,
        values: Iterable[str],
        caller: CallerContext,
    ) -> Sequence[Remedy]:
        """Return a remedy for each value: those that are possible, if there are such.

        Where another option is wrong as well, the next refusal offers values for that one.
        """
        every = [Remedy("value", value, request.with_option(option, value)) for value in values]
        return [each for each in every if self._check(each.request, caller)] or every

    def _models(
        self, request: TypedRequest, caller: CallerContext, *, like: str | None = None
    ) -> Sequence[Remedy]:
        """Return the other models that accept the request as it is."""
        models: Sequence[str] = self._request_builder.models_for(caller.requester)
        if like is not None:
            models = sorted(models, key=_likeness(like))
        return [
            Remedy("value", model, other)
            for model in models
            if self._check(
                other := replace(request, options=replace(request.options, model=model)), caller
            )
        ]

    # --- checks -------------------------------------------------------------------------------

    def _check(self, request: TypedRequest, caller: CallerContext) -> ImageRequest | None:
        """Return what would be requested, None if it is refused."""
        try:
            return self._request_builder.check(
                request.options,
                caller,
                preset=request.preset,
                references=request.picture_count,
                mask=request.has_mask,
            )
        except Refusal:
            return None

    def _with_cost(self, remedy: Remedy, caller: CallerContext) -> Remedy:
        checked = self._check(remedy.request, caller)
        if checked is None or remedy.kind == "prompt":
            return remedy
        credits = self._services.pricing.credits_of(checked, caller.requester.server_id)
        return replace(remedy, credits=credits if credits > checked.n else None)


def _with_count(request: TypedRequest, n: int) -> Remedy:
    return Remedy("count", str(n), replace(request, options=replace(request.options, n=n)))


def _likeness(typed: str) -> Callable[[str], float]:
    """Return what sorts words by how much they look like the typed one, the most alike first."""
    wanted = typed.casefold()
    return lambda word: -SequenceMatcher(None, wanted, word.casefold()).ratio()
