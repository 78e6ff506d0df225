"""What all commands of /quota share: the group, checks of options, and pages of lists."""

from dataclasses import dataclass

import discord
from discord import Interaction, app_commands
from discord.ext import commands
from discord.utils import MISSING

from bot.core.errors.base import Refusal
from bot.discord_ui.buttons import page_buttons
from bot.discord_ui.quota_embeds import QuotaEmbeds
from bot.discord_ui.quota_list_embeds import Entry, ListPage, QuotaListEmbeds, UsageReportEmbeds
from bot.quota.admin import MAX_REASON
from cogs.dependencies import Dependencies

quota = app_commands.Group(
    name="quota",
    description="Set how many credits people may spend here",
    # Discord keeps others out, and admins can change who may in Server Settings → Integrations.
    default_permissions=discord.Permissions(manage_guild=True),
    guild_only=True,
)


@dataclass(eq=False, kw_only=True)
class BotChosen(Refusal):
    """A bot was chosen where only a person has credits."""

    message_id = "error-bot-chosen"


@dataclass(eq=False, kw_only=True)
class ReasonOutOfRange(Refusal):
    """A reason is empty, or longer than ``limit`` characters."""

    length: int
    limit: int
    message_id = "error-reason-out-of-range"


@dataclass(eq=False, kw_only=True)
class DaysOutOfRange(Refusal):
    """A number of days is outside 1 to ``limit``."""

    days: int
    limit: int
    message_id = "error-days-out-of-range"


@dataclass(frozen=True, slots=True)
class PageReply:
    """One page of a list with its buttons."""

    embed: discord.Embed
    view: discord.ui.View | None

    async def send(self, interaction: Interaction) -> None:
        """Answer a command with the page."""
        view = MISSING if self.view is None else self.view
        await interaction.response.send_message(embed=self.embed, view=view, ephemeral=True)

    async def replace(self, interaction: Interaction) -> None:
        """Show the page in place of another one."""
        await interaction.response.edit_message(embed=self.embed, view=self.view)


class QuotaCommands(commands.Cog):
    """What all modules of /quota share."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._database = deps.services.database
        self._ledger = deps.services.ledger
        texts = deps.client.texts
        self._embeds = QuotaEmbeds(texts)
        self._lists = QuotaListEmbeds(texts)
        self._report = UsageReportEmbeds(texts)

    def locale(self, interaction: Interaction) -> str:
        """Return the caller's language: only they see the answers of /quota."""
        return self._deps.client.languages.personal(interaction)

    def page_reply(
        self, interaction: Interaction, name: str, page: ListPage[Entry], embed: discord.Embed
    ) -> PageReply:
        """Return a page of the list of that name, with the buttons that it needs."""
        texts, locale = self._deps.client.texts, self.locale(interaction)
        view = page_buttons(texts, name, page.number, is_last=page.is_last, locale=locale)
        return PageReply(embed, view)

    @staticmethod
    async def answer(interaction: Interaction, sentence: str) -> None:
        """Answer the caller, who alone sees it."""
        await interaction.response.send_message(sentence, ephemeral=True)


def guild_id_of(interaction: Interaction) -> int:
    """Return the id of the server, which every command of the group is called in."""
    return interaction.guild_id or 0


def checked_user(user: discord.User) -> discord.User:
    """Return a user who is no bot; raises BotChosen."""
    if user.bot:
        raise BotChosen
    return user


def checked_reason(typed: str) -> str:
    """Return a reason without space around it; raises ReasonOutOfRange."""
    reason = typed.strip()
    if not 1 <= len(reason) <= MAX_REASON:
        raise ReasonOutOfRange(length=len(reason), limit=MAX_REASON)
    return reason


def checked_days(days: int, *, limit: int) -> int:
    """Return a number of days; raises DaysOutOfRange."""
    if not 1 <= days <= limit:
        raise DaysOutOfRange(days=days, limit=limit)
    return days
