"""The options, the model and the credits of a request that is made from an earlier one."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from bot.core.errors.base import Refusal
from bot.core.models import WORD_OPTIONS, ImageOptions, ImageRequest, OptionName
from bot.discord_ui.caller import CallerContext
from bot.gateways.catalogue import ANY_PROMPT
from cogs.dependencies import Dependencies

# A seed is not kept: the same one would bring the same picture.
KEPT_OPTIONS: tuple[OptionName, ...] = ("size", *WORD_OPTIONS, "negative")
KEPT_WITH_REFERENCE: tuple[OptionName, ...] = (*KEPT_OPTIONS, "strength")


class DerivedRequests:
    """Tells, before anything is submitted, what forms and buttons will ask for."""

    def __init__(self, deps: Dependencies) -> None:
        self._request_builder = deps.request_builder
        self._catalogue = deps.services.catalogue
        self._pricing = deps.services.pricing

    def models(self, caller: CallerContext) -> Sequence[str]:
        """Return the models that may be used here; the default if the server allows none."""
        allowed = self._request_builder.models_for(caller.requester)
        return allowed or (self._catalogue.default.name,)

    def reference_model(self, wanted: str | None, caller: CallerContext) -> str | None:
        """Return the wanted model, else the first allowed one, that accepts a reference."""
        able = [name for name in self.models(caller) if self._catalogue.model(name).references]
        return wanted if wanted in able else next(iter(able), None)

    def enlarging_model(self, request: ImageRequest, caller: CallerContext) -> str | None:
        """Return the model of a request, else the first allowed one, that enlarges its pictures."""
        able = [
            name
            for name in self._request_builder.models_for(caller.requester, "upscale")
            if len(request.prompt) <= self._catalogue.model(name).prompt_max
        ]
        return request.model if request.model in able else next(iter(able), None)

    def options(
        self, before: ImageRequest, model: str, names: Iterable[OptionName], *, n: int
    ) -> ImageOptions:
        """Return those of an earlier request's options that have these names and suit a model."""
        options = ImageOptions(prompt=before.prompt, model=model, n=n)
        for name in names:
            value = str(before.size) if name == "size" else getattr(before, name)
            if value and self._catalogue.supports(model, name, value):
                options = options.with_option(name, value)
        return options

    def edited(self, typed: ImageOptions, kept: ImageOptions) -> ImageOptions:
        """Return what was typed over what is kept; flags in the prompt count as typed.

        Raises:
            WrongFlag: the value of a flag is none.
        """
        return self._catalogue.read_flags(typed).with_defaults(kept)

    def resolved(
        self, options: ImageOptions, caller: CallerContext, *, preset: str | None = None
    ) -> ImageOptions:
        """Return the options that apply, where they may still be wrong or lack a prompt."""
        resolve = self._request_builder.resolve
        for words in (options.prompt, ANY_PROMPT):
            with suppress(Refusal):
                return resolve(replace(options, prompt=words), caller, preset=preset)
        return resolve(replace(options, prompt=ANY_PROMPT), caller)

    def credits_of_edit(self, kept: ImageOptions, caller: CallerContext) -> int:
        """Return what these options of an earlier request cost in a form where nothing changes.

        Only a model that reads flags itself has left them in the prompt for others.
        """
        options = kept
        with suppress(Refusal):
            options = self.edited(ImageOptions(prompt=kept.prompt, model=kept.model), kept)
        return self.credits(options, caller)

    def credits(
        self, options: ImageOptions, caller: CallerContext, *, preset: str | None = None
    ) -> int:
        """Return what a request with these options would cost whoever submits it."""
        resolved = self.resolved(options, caller, preset=preset)
        model = resolved.model or self._catalogue.default.name
        quality = self._catalogue.chosen_quality(model, resolved.quality)
        each = self._pricing.credits_each(caller.requester.server_id, model, quality)
        return (resolved.n or 1) * each
