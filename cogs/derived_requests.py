"""The options, the model and the credits of a request that is made from an earlier one."""

from collections.abc import Sequence

from bot.core.models import OPTION_NAMES, ImageOptions, ImageRequest
from bot.discord_ui.caller import CallerContext
from cogs.dependencies import Dependencies


class DerivedRequests:
    """Tells, before anything is submitted, what forms and buttons will ask for."""

    def __init__(self, deps: Dependencies) -> None:
        self._request_builder = deps.request_builder
        self._catalogue = deps.services.catalogue
        self._pricing = deps.services.pricing

    def models(self, caller: CallerContext) -> Sequence[str]:
        """Return the models that may be used here; the default if the server allows none."""
        allowed = self._request_builder.allowed_models(caller.requester.server_id)
        return allowed or (self._catalogue.default.name,)

    def reference_model(self, wanted: str | None, caller: CallerContext) -> str | None:
        """Return the wanted model, else the first allowed one, that accepts a reference."""
        able = [name for name in self.models(caller) if self._catalogue.model(name).references]
        return wanted if wanted in able else next(iter(able), None)

    def options(self, before: ImageRequest, model: str, *, n: int) -> ImageOptions:
        """Return an earlier request's options, as far as a model accepts them."""
        options = ImageOptions(prompt=before.prompt, model=model, n=n)
        for name in OPTION_NAMES:
            value = getattr(before, name)
            if value and self._catalogue.supports(model, name, str(value)):
                options = options.with_option(name, str(value))
        return options

    def credits(self, options: ImageOptions, caller: CallerContext) -> int:
        """Return what a request with these options would cost whoever submits it."""
        resolved = self._request_builder.resolve(options, caller)
        model = resolved.model or self._catalogue.default.name
        quality = self._catalogue.chosen_quality(model, resolved.quality)
        each = self._pricing.credits_each(caller.requester.server_id, model, quality)
        return (resolved.n or 1) * each
