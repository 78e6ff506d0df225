"""The one way from any door to the studio: customs, house rules, catalogue, then the work."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import discord
from discord import Interaction

from bot.core.errors.base import Refusal
from bot.core.errors.options import UnknownModel
from bot.core.models import ImageRequest, Job, Reference, Requester
from bot.discord_ui.caller import Languages, billed_server_id
from bot.discord_ui.settings_embeds import DefaultOptions
from bot.gateways.catalogue import Catalogue
from bot.images.references import NO_ATTACHMENTS, Attachments
from bot.jobs.courier import Courier
from bot.jobs.service import JobService
from bot.preferences.access_rules import allowed_models, check_access, check_controls, check_model
from bot.preferences.image_options import ImageOptions, OptionName, resolve_options
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.presets import NoSuchPreset
from bot.preferences.values import NothingChosen

_ANY = "any"  # a prompt that every model takes


@dataclass(frozen=True, slots=True)
class CallerContext:
    """Who stands at a door, and where.

    ``channel_ids`` are the channel's own id and those of the channel and the category that it
    lies in. ``locale`` is for what only they read, ``public_locale`` for what everybody does.
    ``may_manage`` tells whether they may manage others' messages there, ``alone`` whether an
    answer can be for them alone.
    """

    requester: Requester
    channel_ids: tuple[int, ...]
    locale: str
    public_locale: str
    may_manage: bool
    alone: bool = True

    @property
    def server_id(self) -> int:
        """Return the server's id, 0 where there is none."""
        return self.requester.server_id


class RequestBuilder:
    """Takes wishes at every door; whoever stands there pays."""

    def __init__(
        self,
        *,
        job_service: JobService,
        catalogue: Catalogue,
        preference_store: PreferenceStore,
        languages: Languages,
    ) -> None:
        self._job_service = job_service
        self._catalogue = catalogue
        self._preference_store = preference_store
        self._languages = languages
        self._names = tuple(model.name for model in catalogue.models)

    # --- who is there -------------------------------------------------------------------------

    def caller(self, interaction: Interaction) -> CallerContext:
        """Return who typed a command, pressed a button or sent a form."""
        return CallerContext(
            requester_of_call(interaction),
            channel_ids(interaction.channel_id, interaction.channel),
            self._languages.personal(interaction),
            self._languages.public(interaction),
            may_manage=interaction.permissions.manage_messages,
        )

    def reactor(self, member: discord.Member, channel_id: int) -> CallerContext:
        """Return who reacted.

        Nobody can be answered alone there, whatever they react to is there for all to see.
        """
        place = member.guild.get_channel_or_thread(channel_id)
        return CallerContext(
            requester(member, member.guild.id),
            channel_ids(channel_id, place),
            self._languages.of_member(member),
            self._languages.of_server(member.guild),
            may_manage=place is not None and _may_manage(place, member),
            alone=False,
        )

    # --- what they want -----------------------------------------------------------------------

    async def paint(
        self,
        options: ImageOptions,
        caller: CallerContext,
        courier: Courier,
        *,
        preset: str | None = None,
        attached: Attachments = NO_ATTACHMENTS,
        references: Sequence[Reference] = (),
        mask: Reference | None = None,
        after: str | None = None,
    ) -> Job:
        """Paint what somebody wishes, over a preset of theirs and everybody's defaults.

        ``references`` and ``mask`` are those that an earlier job kept; what is ``attached`` comes
        after them. ``after`` is the id of the job that this one comes from; what comes from a
        private one is private.

        Raises:
            EaselError: nobody was charged, no card is shown; the sentence says what to do.
        """
        self.check_access(caller)
        options = self.resolved(options, caller, preset=preset)
        self._check_model(caller, options.model or self._catalogue.default.name)
        request = self._order(
            options,
            references=len(references) + len(attached.pictures),
            mask=mask is not None or attached.mask is not None,
        )
        request = replace(request, references=tuple(references), mask=mask)
        private = bool(options.private) or (
            after is not None and await self._job_service.is_private(after)
        )
        return await self._submit(
            request, caller, courier, private=private, attached=attached, after=after
        )

    async def again(self, job: Job, caller: CallerContext, courier: Courier) -> Job:
        """Paint an earlier job's request once more as it was: only the house rules apply.

        It is private where that one was, or where who wants it once more wants all to be.

        Raises:
            EaselError: as ``paint`` does.
        """
        self.check_access(caller)
        self.check_controls(caller, job)
        self._check_model(caller, job.request.model)
        person = self._preference_store.person(caller.requester.user_id)
        private = job.private or bool(person.private)
        return await self._submit(job.request, caller, courier, private=private, after=job.id)

    def check_access(self, caller: CallerContext) -> None:
        """Refuse who may not paint, or not here: before a form is shown to them, too.

        Raises:
            ChannelNotAllowed, RoleNotAllowed
        """
        check_access(
            self._preference_store.server(caller.server_id),
            channel_ids=caller.channel_ids,
            role_ids=caller.requester.role_ids,
        )

    def check_controls(self, caller: CallerContext, job: Job) -> None:
        """Refuse a press under another's result where the server wants that.

        Raises:
            ControlsNotYours
        """
        check_controls(
            self._preference_store.server(caller.server_id),
            user_id=caller.requester.user_id,
            requester_id=job.requester.user_id,
        )

    def resolved(
        self, options: ImageOptions, caller: CallerContext, *, preset: str | None = None
    ) -> ImageOptions:
        """Return the wish with what the preset, the person, the server and the operator add.

        Raises:
            NoSuchPreset, PromptEmpty
        """
        who = caller.requester
        saved = (
            self._preference_store.preset(who.user_id, preset).options if preset else ImageOptions()
        )
        return resolve_options(
            options,
            preset=saved,
            person=self._preference_store.person(who.user_id).options,
            server=self._preference_store.server(who.server_id).options,
            models=self.models(who.server_id),
            supports=self.supports,
        )

    def models(self, server_id: int) -> tuple[str, ...]:
        """Return the models that may be used in a server, in the operator's order."""
        return allowed_models(self._preference_store.server(server_id), self._names)

    def supports(self, model: str, word: OptionName, value: str) -> bool:
        """Tell whether a model knows a value of an option."""
        options = ImageOptions(prompt=_ANY, model=model).saying(word, value)
        try:
            self._order(options)
        except Refusal:
            return False
        return True

    def check_paintable(self, options: ImageOptions) -> None:
        """Refuse to keep a wish that no model can paint; without a prompt, one may come later.

        Raises:
            Refusal: what is wrong with it for its model, or for the operator's first.
        """
        refusals = []
        for model in (options.model,) if options.model else self._names:
            try:
                self._order(replace(options, model=model, prompt=options.prompt or _ANY))
            except Refusal as refusal:
                refusals.append(refusal)
            else:
                return
        raise refusals[0]

    def checked(self, options: ImageOptions, *, otherwise: str) -> ImageOptions:
        """Return what shall be a default in the catalogue's spelling.

        ``otherwise`` is the model that has to take it where the wish names none.

        Raises:
            NothingChosen, Refusal: a word is wrong; the sentence says which are right.
        """
        if options == ImageOptions():
            raise NothingChosen
        request = self._order(replace(options, prompt=_ANY, model=options.model or otherwise))
        return replace(
            options,
            model=request.model if options.model else None,
            size=str(request.size) if options.size else None,
            quality=request.quality,
        )

    def painted(
        self, server_id: int, user_id: int | None = None, **typed: str | None
    ) -> DefaultOptions:
        """Return what is painted in a server, for somebody or for anybody, where they ``typed``.

        What is typed wrongly counts as not typed.
        """
        person = (
            ImageOptions() if user_id is None else self._preference_store.person(user_id).options
        )
        options = resolve_options(
            ImageOptions(model=self._known(typed.get("model"))),
            preset=self._preset_or_nothing(user_id, typed.get("preset")),
            person=person,
            server=self._preference_store.server(server_id).options,
            models=self.models(server_id),
            supports=self.supports,
        )
        model = self._catalogue.model(self._known(options.model) or self._catalogue.default.name)
        size = options.size or str(model.default_size)
        return DefaultOptions(model.name, size, options.n or 1, options.quality)

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

    def _order(
        self, options: ImageOptions, *, references: int = 0, mask: bool = False
    ) -> ImageRequest:
        return self._catalogue.build_request(
            prompt=options.prompt or "",
            model=options.model,
            size=options.size,
            n=options.n,
            quality=options.quality,
            style=options.style,
            background=options.background,
            references=references,
            mask=mask,
        )

    def _check_model(self, caller: CallerContext, model: str) -> None:
        check_model(self._preference_store.server(caller.server_id), model, offered=self._names)

    async def _submit(
        self,
        request: ImageRequest,
        caller: CallerContext,
        courier: Courier,
        *,
        private: bool,
        attached: Attachments = NO_ATTACHMENTS,
        after: str | None,
    ) -> Job:
        server = self._preference_store.server(caller.server_id)
        private = private and caller.alone
        return await self._job_service.submit(
            replace(request, moderation=server.moderation),
            caller.requester,
            courier,
            attached=attached,
            locale=caller.locale if private else caller.public_locale,
            parent=after,
            private=private,
        )


def requester_of_call(interaction: Interaction) -> Requester:
    """Return who calls, on whose account."""
    return requester(interaction.user, billed_server_id(interaction))


def requester(user: discord.User | discord.Member, server_id: int | None) -> Requester:
    """Return who asks, and where."""
    roles = getattr(user, "roles", ()) if server_id else ()
    # Discord gives everybody a role with the server's id.
    role_ids = tuple(role.id for role in roles if role.id != server_id)
    return Requester(user.id, server_id or 0, user.display_name, role_ids)


def channel_ids(channel_id: int | None, channel: object) -> tuple[int, ...]:
    """Return the ids that a rule may name for a channel: its own, its parent's, its category's."""
    parent = category = None
    if isinstance(channel, discord.Thread):
        parent = channel.parent_id
        category = channel.parent.category_id if channel.parent else None
    elif isinstance(channel, discord.abc.GuildChannel):
        category = channel.category_id
    return tuple(found for found in (channel_id, parent, category) if found)


def _may_manage(channel: discord.abc.GuildChannel | discord.Thread, who: discord.Member) -> bool:
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return False
    return channel.permissions_for(who).manage_messages
