"""The one way from any door to the studio: customs, house rules, catalogue, then the work."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import discord
from discord import Interaction

from bot.customs import (
    Customs,
    Wish,
    Word,
    allowed_models,
    check_controls,
    check_model,
    check_place,
    resolve,
)
from bot.domain import ImageRequest, Job, Reference, Requester
from bot.errors import Refusal
from bot.gateways.catalogue import Catalogue
from bot.outcome import Courier
from bot.references import Attached
from bot.studio import NOTHING, Studio


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands at a door, and where.

    ``channel_ids`` are the channel's own id and those of the channel and the category that it
    lies in. ``locale`` is for what only they read, ``public_locale`` for what everybody does.
    ``may_manage`` tells whether they may manage others' messages there.
    """

    requester: Requester
    channel_ids: tuple[int, ...]
    locale: str
    public_locale: str
    may_manage: bool

    @property
    def server_id(self) -> int:
        """Return the server's id, 0 where there is none."""
        return self.requester.server_id


class Reception:
    """Takes wishes at every door; whoever stands there pays."""

    def __init__(self, *, studio: Studio, catalogue: Catalogue, customs: Customs) -> None:
        self._studio = studio
        self._catalogue = catalogue
        self._customs = customs
        self._names = tuple(model.name for model in catalogue.models)

    # --- who is there -------------------------------------------------------------------------

    def visitor(self, interaction: Interaction) -> Visitor:
        """Return who typed a command, pressed a button or sent a form."""
        public = str(interaction.guild_locale or interaction.locale)
        return self._visitor(
            requester(interaction.user, interaction.guild_id),
            channel_ids(interaction.channel_id, interaction.channel),
            str(interaction.locale),
            public,
            may_manage=interaction.permissions.manage_messages,
        )

    def reactor(self, member: discord.Member, channel_id: int) -> Visitor:
        """Return who reacted: Discord does not tell their language, so the server's counts."""
        place = member.guild.get_channel_or_thread(channel_id)
        locale = str(member.guild.preferred_locale)
        return self._visitor(
            requester(member, member.guild.id),
            channel_ids(channel_id, place),
            locale,
            locale,
            may_manage=place is not None and _may_manage(place, member),
        )

    def _visitor(
        self,
        who: Requester,
        channels: tuple[int, ...],
        locale: str,
        public: str,
        *,
        may_manage: bool,
    ) -> Visitor:
        person, server = self._customs.person(who.user_id), self._customs.server(who.server_id)
        return Visitor(
            who, channels, person.language or locale, server.language or public, may_manage
        )

    # --- what they want -----------------------------------------------------------------------

    async def paint(
        self,
        wish: Wish,
        visitor: Visitor,
        courier: Courier,
        *,
        preset: str | None = None,
        attached: Attached = NOTHING,
        references: Sequence[Reference] = (),
        mask: Reference | None = None,
        after: str | None = None,
    ) -> Job:
        """Paint what somebody wishes, over a preset of theirs and everybody's defaults.

        ``references`` and ``mask`` are those that an earlier job kept; what is ``attached`` comes
        after them. ``after`` is the id of the job that this one comes from.

        Raises:
            EaselError: nobody was charged, no card is shown; the sentence says what to do.
        """
        self.check_place(visitor)
        wish = self.resolved(wish, visitor, preset=preset)
        self._check_model(visitor, wish.model or self._catalogue.default.name)
        request = self._catalogue.order(
            prompt=wish.prompt or "",
            model=wish.model,
            size=wish.size,
            n=wish.n,
            quality=wish.quality,
            style=wish.style,
            background=wish.background,
            references=len(references) + len(attached.pictures),
            mask=mask is not None or attached.mask is not None,
        )
        request = replace(request, references=tuple(references), mask=mask)
        return await self._submit(request, visitor, courier, attached=attached, after=after)

    async def again(self, job: Job, visitor: Visitor, courier: Courier) -> Job:
        """Paint an earlier job's request once more as it was: only the house rules apply.

        Raises:
            EaselError: as ``paint`` does.
        """
        self.check_place(visitor)
        self.check_controls(visitor, job)
        self._check_model(visitor, job.request.model)
        return await self._submit(job.request, visitor, courier, after=job.id)

    def check_place(self, visitor: Visitor) -> None:
        """Refuse who may not paint, or not here: before a form is shown to them, too.

        Raises:
            ChannelNotAllowed, RoleNotAllowed
        """
        check_place(
            self._customs.server(visitor.server_id),
            channel_ids=visitor.channel_ids,
            role_ids=visitor.requester.role_ids,
        )

    def check_controls(self, visitor: Visitor, job: Job) -> None:
        """Refuse a press under another's result where the server wants that.

        Raises:
            ControlsNotYours
        """
        check_controls(
            self._customs.server(visitor.server_id),
            user_id=visitor.requester.user_id,
            requester_id=job.requester.user_id,
        )

    def resolved(self, wish: Wish, visitor: Visitor, *, preset: str | None = None) -> Wish:
        """Return the wish with what the preset, the person, the server and the operator add.

        Raises:
            NoSuchPreset, PromptEmpty
        """
        who = visitor.requester
        saved = self._customs.preset(who.user_id, preset).wish if preset else Wish()
        return resolve(
            wish,
            preset=saved,
            person=self._customs.person(who.user_id).wish,
            server=self._customs.server(who.server_id).wish,
            models=self.models(who.server_id),
            can=self.can,
        )

    def models(self, server_id: int) -> tuple[str, ...]:
        """Return the models that may be used in a server, in the operator's order."""
        return allowed_models(self._customs.server(server_id), self._names)

    def can(self, model: str, word: Word, value: str) -> bool:
        """Tell whether a model knows a value of an option."""
        words: dict[Word, str] = {word: value}
        try:
            self._catalogue.order(
                prompt="any",
                model=model,
                size=words.get("size"),
                n=None,
                quality=words.get("quality"),
                style=words.get("style"),
                background=words.get("background"),
            )
        except Refusal:
            return False
        return True

    def _check_model(self, visitor: Visitor, model: str) -> None:
        check_model(self._customs.server(visitor.server_id), model, offered=self._names)

    async def _submit(
        self,
        request: ImageRequest,
        visitor: Visitor,
        courier: Courier,
        *,
        attached: Attached = NOTHING,
        after: str | None,
    ) -> Job:
        server = self._customs.server(visitor.server_id)
        return await self._studio.submit(
            replace(request, moderation=server.moderation),
            visitor.requester,
            courier,
            attached=attached,
            locale=visitor.public_locale,
            parent=after,
        )


def requester(user: discord.User | discord.Member, server_id: int | None) -> Requester:
    """Return who asks, and where."""
    roles = getattr(user, "roles", ())
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
