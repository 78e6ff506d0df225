"""/history: what I asked for, page by page, and its pictures once more."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.errors.quotas import Blocked
from bot.core.i18n.escaping import visible, width
from bot.database.database import Database
from bot.discord_ui.autocomplete import Choices, plain_choices
from bot.discord_ui.client import PERSONAL, Client
from bot.discord_ui.courier import Couriers
from bot.discord_ui.history_embeds import (
    HISTORY_ITEMS,
    LONGEST_SEARCH_TERM,
    HistoryEmbeds,
    history_view,
    result_link,
    search_terms_of,
)
from bot.discord_ui.job_embeds import hide_declined_prompt
from bot.discord_ui.reposts import RepostAudience
from bot.jobs.history_pages import HistoryEntry, HistoryPages, PageCursor
from bot.jobs.picture_retention import PictureRetention
from bot.jobs.repository.history_search import EVERYTHING, Sought
from bot.quota.ledger import Ledger
from cogs.button_guard import DEBOUNCE_MS, Debouncer
from cogs.request_builder import CallerContext, RequestBuilder

MOST_CHOICES = 25
SAID = {
    RepostAudience.EVERYBODY: "history-posted",
    RepostAudience.ONE_PERSON: "history-posted-to-you",
}


class HistoryCog(commands.Cog):
    """The door to what was painted before; everybody sees their own."""

    def __init__(
        self,
        *,
        client: Client,
        request_builder: RequestBuilder,
        database: Database,
        ledger: Ledger,
        history_pages: HistoryPages,
        retention: PictureRetention,
        couriers: Couriers,
        now: Callable[[], int],
    ) -> None:
        self._client = client
        self._database = database
        self._ledger = ledger
        self._request_builder = request_builder
        self._history_pages = history_pages
        self._retention = retention
        self._couriers = couriers
        self._cards = HistoryEmbeds(client.texts)
        self._chosen = Debouncer(now, within_ms=DEBOUNCE_MS)

    async def cog_load(self) -> None:
        """Answer also to pages that an earlier process sent."""
        self._client.add_dynamic_items(*HISTORY_ITEMS)

    @app_commands.command(extras=PERSONAL)
    @app_commands.guild_only()
    @app_commands.describe(
        model="Only pictures by this model", text="Only requests with these words in the prompt"
    )
    async def history(
        self,
        interaction: Interaction,
        model: app_commands.Range[str, 1, LONGEST_SEARCH_TERM] | None = None,
        text: app_commands.Range[str, 1, LONGEST_SEARCH_TERM] | None = None,
    ) -> None:
        """Browse and search your requests, and post their pictures again."""
        sought = Sought(text=_word(text), model=_word(model))
        # Previews of large pictures may take longer than Discord waits for a first answer.
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._show(interaction, sought)

    @history.autocomplete("model")
    async def suggest_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that this person asked for lately."""
        wanted = typed.strip().casefold()
        models = await self._history_pages.models(interaction.user.id)
        offered = [name for name in models if wanted in name.casefold()]
        return plain_choices(
            name for name in offered[:MOST_CHOICES] if len(name) <= LONGEST_SEARCH_TERM
        )

    # --- the rows under a page ----------------------------------------------------------------

    @commands.Cog.listener()
    async def on_history_page_chosen(self, interaction: Interaction, turn: PageCursor) -> None:
        """Show another page of the same."""
        await self._show_instead(interaction, search_terms_of(interaction.message), turn)

    @commands.Cog.listener()
    async def on_history_term_removed(self, interaction: Interaction, what: str) -> None:
        """Seek anew, by less."""
        sought = search_terms_of(interaction.message)
        freed = replace(sought, text=None) if what == "text" else replace(sought, model=None)
        await self._show_instead(interaction, freed)

    @commands.Cog.listener()
    async def on_history_repost_chosen(self, interaction: Interaction, job_id: str) -> None:
        """Post one job's pictures where its requester looks back at it."""
        try:
            await self._post_again(interaction, job_id)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._client.answer_error(interaction, error)

    async def _show_instead(
        self, interaction: Interaction, sought: Sought, turn: PageCursor | None = None
    ) -> None:
        try:
            self._client.admit(interaction)
            await interaction.response.defer()
            await self._show(interaction, sought, turn)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._client.answer_error(interaction, error)

    async def _show(
        self, interaction: Interaction, sought: Sought, turn: PageCursor | None = None
    ) -> None:
        page = await self._history_pages.page(interaction.user.id, sought, turn)
        locale = self._request_builder.caller(interaction).locale
        if page.entries:
            content = self._cards.heading(locale)
        else:
            content = self._cards.nothing(locale, is_search=sought != EVERYTHING)
        await interaction.edit_original_response(
            content=content,
            embeds=[
                self._cards.embed(number, look, _link(interaction, look), locale)
                for number, look in enumerate(page.entries, 1)
            ],
            attachments=self._cards.files(page.entries, locale),
            view=history_view(self._client.texts, self._cards, page, sought, locale),
        )

    async def _post_again(self, interaction: Interaction, job_id: str) -> None:
        self._client.admit(interaction)
        if self._chosen.did((interaction.user.id, job_id)):
            await interaction.response.defer()
            return
        caller = self._request_builder.caller(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._check_welcome(caller)
        past, pictures = await self._retention.kept_result(job_id, interaction.user.id)
        job = hide_declined_prompt(past.job, past.error)
        with TemporaryDirectory(prefix="easel-") as folder:
            seen = await self._couriers.reposter.post(interaction, job, pictures, Path(folder))
        said = "history-posted-privately" if job.private else SAID[seen]
        done = self._client.texts.say(said, caller.locale)
        await interaction.followup.send(done, ephemeral=True)

    async def _check_welcome(self, caller: CallerContext) -> None:
        """Refuse to show pictures to others where this person may not paint."""
        self._request_builder.check_access(caller)
        who = await self._database.read(
            self._ledger.member, caller.server_id, caller.requester.user_id
        )
        if who.block_reason is not None:
            raise Blocked(reason=who.block_reason)


def _word(typed: str | None) -> str | None:
    """Return what somebody seeks as one line that a custom id has room for, None for nothing."""
    word = visible(typed or "").replace("\n", " ")
    while width(word) > LONGEST_SEARCH_TERM:
        word = word[:-1]
    return word.strip() or None


def _link(interaction: Interaction, look: HistoryEntry) -> str | None:
    """Return a way to a job's message, None where this person surely cannot go there."""
    server_id = look.written.job.requester.server_id
    if look.message is None or server_id == 0:
        return result_link(look)
    server = interaction.client.get_guild(server_id)
    channel = server.get_channel_or_thread(look.message.channel_id) if server else None
    if channel is None or not _may_see(channel, interaction.user):
        return None
    return result_link(look)


def _may_see(
    channel: discord.abc.GuildChannel | discord.Thread, who: discord.User | discord.Member
) -> bool:
    """Tell whether somebody may look into a channel; of other servers Discord tells no roles."""
    if isinstance(channel, discord.Thread):
        if channel.parent is None:
            return False
        channel = channel.parent
    if not isinstance(who, discord.Member) or who.guild != channel.guild:
        return True
    return channel.permissions_for(who).view_channel
