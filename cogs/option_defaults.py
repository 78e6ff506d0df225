"""The options that apply where nothing is chosen, and checks of options before they are saved."""

from dataclasses import replace

from bot.core.errors.base import Refusal
from bot.core.errors.options import UnknownModel
from bot.core.models import ImageOptions, ImageRequest, Requester, parse_size
from bot.discord_ui.settings_embeds import DefaultOptions
from bot.gateways.aspect_ratios import parse_ratio
from bot.gateways.catalogue import ANY_PROMPT, Catalogue
from bot.preferences.option_resolution import resolve_options
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.preset_lookup import PresetLookup
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
        presets: PresetLookup,
    ) -> None:
        self._request_builder = request_builder
        self._catalogue = catalogue
        self._preference_store = preference_store
        self._presets = presets

    def of(
        self,
        server_id: int,
        user_id: int | None = None,
        *,
        model: str | None = None,
        preset: str | None = None,
        here: Requester | None = None,
    ) -> DefaultOptions:
        """Return the defaults in a server, for one person or for anybody.

        ``model`` and ``preset`` were typed; what is unknown counts as not typed. ``here`` is who
        asks in a channel, where not every model may paint.
        """
        builder = self._request_builder
        person = (
            ImageOptions() if user_id is None else self._preference_store.person(user_id).options
        )
        options = resolve_options(
            ImageOptions(model=self._known(model)),
            preset=self._preset_or_nothing(user_id, server_id, preset),
            person=person,
            server=self._preference_store.server(server_id).options,
            models=builder.models_for(here) if here else builder.allowed_models(server_id),
            supports=self._catalogue.supports,
            read_flags=self._catalogue.read_flags,
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

    def _preset_or_nothing(
        self, user_id: int | None, server_id: int, name: str | None
    ) -> ImageOptions:
        if not (user_id and name):
            return ImageOptions()
        try:
            return replace(self._presets.options(user_id, server_id, name), prompt=None)
        except NoSuchPreset:
            return ImageOptions()

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
            size=_spelled_size(options.size, request),
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
                read = self._catalogue.read_flags(wanted)
                # A strength may be saved: a reference comes when the preset is used.
                references = 0 if read.strength is None else 1
                self._catalogue.build_request(read, references=references)
            except Refusal as refusal:
                refusals.append(refusal)
            else:
                return
        raise refusals[0]


def _spelled_size(typed: str | None, request: ImageRequest) -> str | None:
    """Return a size as it is saved: an aspect ratio as one, so that it fits every model."""
    if not typed or not typed.strip():
        return None
    ratio = parse_ratio(typed)
    is_ratio = ratio is not None and parse_size(typed) != request.size
    return ratio.name if ratio and is_ratio else str(request.size)
