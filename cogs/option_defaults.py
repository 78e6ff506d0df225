"""The options that apply where nothing is chosen, and checks of options before they are saved."""

from dataclasses import replace

from bot.core.errors.base import Refusal
from bot.core.errors.options import UnknownModel
from bot.core.models import ImageOptions
from bot.discord_ui.settings_embeds import DefaultOptions
from bot.gateways.catalogue import ANY_PROMPT, Catalogue
from bot.preferences.option_resolution import resolve_options
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.presets import NoSuchPreset
from bot.preferences.stored_preferences import NothingChosen
from cogs.request_builder import RequestBuilder


class OptionDefaults:
    """Knows the defaults of servers and people; all from memory."""

    def __init__(
        self,
        *,
        request_builder: RequestBuilder,
        catalogue: Catalogue,
        preference_store: PreferenceStore,
    ) -> None:
        self._request_builder = request_builder
        self._catalogue = catalogue
        self._preference_store = preference_store

    def of(
        self,
        server_id: int,
        user_id: int | None = None,
        *,
        model: str | None = None,
        preset: str | None = None,
    ) -> DefaultOptions:
        """Return the defaults in a server, for one person or for anybody.

        ``model`` and ``preset`` were typed; what is unknown counts as not typed.
        """
        person = (
            ImageOptions() if user_id is None else self._preference_store.person(user_id).options
        )
        options = resolve_options(
            ImageOptions(model=self._known(model)),
            preset=self._preset_or_nothing(user_id, preset),
            person=person,
            server=self._preference_store.server(server_id).options,
            models=self._request_builder.allowed_models(server_id),
            supports=self._catalogue.supports,
        )
        found = self._catalogue.model(self._known(options.model) or self._catalogue.default.name)
        size = options.size or str(found.default_size)
        return DefaultOptions(
            found.name, size, options.n or 1, options.quality, spoiler=bool(options.spoiler)
        )

    def _known(self, model: str | None) -> str | None:
        try:
            return self._catalogue.model(model).name if model else None
        except UnknownModel:
            return None

    def _preset_or_nothing(self, user_id: int | None, name: str | None) -> ImageOptions:
        try:
            saved = self._preference_store.preset(user_id, name) if user_id and name else None
        except NoSuchPreset:
            saved = None
        return replace(saved.options, prompt=None) if saved else ImageOptions()

    def checked(self, options: ImageOptions, *, otherwise: str) -> ImageOptions:
        """Return options that shall become defaults, in the catalogue's spelling.

        ``otherwise`` is the model that has to accept them where they name none.

        Raises:
            NothingChosen, Refusal: an option is wrong; the sentence says which values are right.
        """
        if options == ImageOptions():
            raise NothingChosen
        request = self._catalogue.build_request(
            replace(options, prompt=ANY_PROMPT, model=options.model or otherwise)
        )
        return replace(
            options,
            model=request.model if options.model else None,
            size=str(request.size) if options.size else None,
            quality=request.quality,
        )

    def check_preset(self, options: ImageOptions) -> None:
        """Refuse a preset that no model can paint; a missing prompt may be typed later.

        Raises:
            Refusal: what is wrong for its model, or for the operator's first model.
        """
        refusals = []
        models = (options.model,) if options.model else self._request_builder.model_names
        for model in models:
            wanted = replace(options, model=model, prompt=options.prompt or ANY_PROMPT)
            try:
                self._catalogue.build_request(wanted)
            except Refusal as refusal:
                refusals.append(refusal)
            else:
                return
        raise refusals[0]
