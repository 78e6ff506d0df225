"""Further answers to one interaction: to whom no channel of the bot leads.

So it is where one person alone sees the card, and in places where the bot is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import discord
from discord.ui import View
from discord.utils import MISSING

from bot.core.models import CardAddress
from bot.discord_ui.ways import TokenIsGone

# So many pictures, at least, fit into one message there: ten come in five, and the card is one of
# them. Discord takes five follow-ups where the bot is not (receiving-and-responding).
LEAST_FILES = 2


@dataclass(frozen=True, slots=True)
class FollowUps:
    """Follow-ups of the interaction that a card answers, to its person alone if ``ephemeral``.

    They know no nonce, and nobody can look for them: what is in doubt is sent again.
    """

    client: discord.Client
    card: CardAddress
    ephemeral: bool

    @property
    def id(self) -> int:
        """Return the channel in which they show."""
        return self.card.channel_id

    async def send(
        self,
        content: str | None,
        *,
        embeds: Sequence[discord.Embed],
        files: Sequence[discord.File],
        view: View | None,
        allowed_mentions: discord.AllowedMentions,
    ) -> discord.WebhookMessage:
        """Send one; it raises TokenIsGone, and what discord.py raises."""
        if self.card.token is None:
            raise TokenIsGone
        webhook = discord.Webhook.partial(
            self.card.application_id, self.card.token, client=self.client
        )
        # discord.py takes a partial one for a channel's own, which has no ephemeral messages.
        webhook.type = discord.WebhookType.application
        return await webhook.send(
            MISSING if content is None else content,
            embeds=embeds,
            files=files,
            view=MISSING if view is None else view,
            ephemeral=self.ephemeral,
            allowed_mentions=allowed_mentions,
            wait=True,
        )
