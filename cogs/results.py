"""What hangs under a result: a 🔄 paints the same request again, for whoever reacted."""

from collections.abc import Callable

import discord
import structlog
from discord.ext import commands

from bot.client import Client
from bot.delivery.card import REROLL
from bot.delivery.courier import Couriers
from bot.errors import EaselError
from bot.studio import Studio
from cogs.reception import Reception

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# The same person's 🔄 on one message counts once in this time.
TWICE_MS = 10_000
# One person reads at most one refusal in this time, and each goes away after a while.
REFUSAL_PAUSE_MS = 60_000
REFUSAL_STAYS_S = 10


class Results(commands.Cog):
    """The door under every result."""

    def __init__(
        self,
        *,
        client: Client,
        reception: Reception,
        studio: Studio,
        couriers: Couriers,
        now: Callable[[], int],
    ) -> None:
        self._client = client
        self._reception = reception
        self._studio = studio
        self._couriers = couriers
        self._reacted = Lately(now, within_ms=TWICE_MS)
        self._refused = Lately(now, within_ms=REFUSAL_PAUSE_MS)

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        """Re-roll at a 🔄, also on a message that is in no cache and from before a restart."""
        person = reaction.member
        if not self._counts(reaction) or person is None:
            return
        if self._reacted.did((person.id, reaction.message_id)):
            return
        channel = self._client.get_partial_messageable(
            reaction.channel_id, guild_id=reaction.guild_id
        )
        message = channel.get_partial_message(reaction.message_id)
        try:
            if job := await self._studio.behind(reaction.message_id):
                visitor = self._reception.reactor(person, reaction.channel_id)
                courier = self._couriers.replying(message, person.guild.filesize_limit)
                await self._reception.again(job, visitor, courier)
        except EaselError as refusal:
            await self._refuse(message, person, reaction.emoji, refusal)
        except Exception:
            log.exception("results.defect", message=reaction.message_id)

    def _counts(self, reaction: discord.RawReactionActionEvent) -> bool:
        return (
            str(reaction.emoji) == REROLL
            and reaction.member is not None
            and not reaction.member.bot
            and self._client.serves(reaction.guild_id)
        )

    async def _refuse(
        self,
        message: discord.PartialMessage,
        person: discord.Member,
        emoji: discord.PartialEmoji,
        refusal: EaselError,
    ) -> None:
        try:
            await message.remove_reaction(emoji, person)
        except discord.HTTPException as forbidden:
            log.debug("results.reaction_stays", error=repr(forbidden))
        if self._refused.did(person.id):
            return
        locale = self._client.languages.of_server(person.guild)  # everybody sees it
        sentence = self._client.texts.sentence(refusal, locale)
        try:
            await message.reply(
                f"{person.mention} {sentence}", delete_after=REFUSAL_STAYS_S, mention_author=False
            )
        except discord.HTTPException as lost:
            log.info("results.refusal_lost", error=repr(lost))


class Lately:
    """Remembers who did something within the last ``within_ms`` milliseconds."""

    def __init__(self, now: Callable[[], int], *, within_ms: int) -> None:
        self._now = now
        self._within_ms = within_ms
        self._at: dict[object, int] = {}

    def did(self, who: object) -> bool:
        """Tell whether they did it lately; if not, they did it now."""
        now = self._now()
        self._at = {who: at for who, at in self._at.items() if now - at < self._within_ms}
        if who in self._at:
            return True
        self._at[who] = now
        return False
