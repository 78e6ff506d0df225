"""/history: browse and search one's own requests, and post their pictures again."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.i18n.escaping import visible, width
from bot.discord_ui.autocomplete import Choices, plain_choices
from bot.discord_ui.caller import caller_of, has_shard_of
from bot.discord_ui.client import PERSONAL
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
from bot.jobs.repository.history_search import EVERYTHING, HistoryFilter
from cogs.button_guard import DEBOUNCE_MS, Debouncer
from cogs.dependencies import Dependencies
from cogs.posting_rules import check_may_post

MAX_CHOICES = 25
REPOST_MESSAGES = {
    RepostAudience.EVERYBODY: "history-posted",
    RepostAudience.ONE_PERSON: "history-posted-to-you",
}


class HistoryCog(commands.Cog):
    """The command and the buttons under its pages."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._embeds = HistoryEmbeds(deps.client.texts)
        self._history_pages = HistoryPages(deps.services.database, deps.services.content_store)
        deps.services.taken_down_files.listener = self._history_pages.thumbnails.forget
        self._chosen = Debouncer(deps.now, within_ms=DEBOUNCE_MS)

    async def cog_load(self) -> None:
        """Handle also the pages that an earlier process sent."""
        self._deps.client.add_dynamic_items(*HISTORY_ITEMS)

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
        terms = HistoryFilter(text=_search_term(text), model=_search_term(model))
        # Thumbnails of large pictures may take longer than the three seconds that Discord allows.
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._show_page(interaction, terms)

    @history.autocomplete("model")
    async def suggest_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that this person asked for lately."""
        wanted = typed.strip().casefold()
        models = await self._history_pages.models(interaction.user.id)
        offered = [name for name in models if wanted in name.casefold()]
        return plain_choices(
            name for name in offered[:MAX_CHOICES] if len(name) <= LONGEST_SEARCH_TERM
        )

    # --- buttons and selects ------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_history_page_chosen(self, interaction: Interaction, cursor: PageCursor) -> None:
        """Show another page of the same search."""
        await self._replace_page(interaction, search_terms_of(interaction.message), cursor)

    @commands.Cog.listener()
    async def on_history_term_removed(self, interaction: Interaction, term: str) -> None:
        """Show the results without one of the filters."""
        terms = search_terms_of(interaction.message)
        others = replace(terms, text=None) if term == "text" else replace(terms, model=None)
        await self._replace_page(interaction, others)

    @commands.Cog.listener()
    async def on_history_repost_chosen(self, interaction: Interaction, job_id: str) -> None:
        """Post one job's pictures in the channel where the page is shown."""
        try:
            await self._post_again(interaction, job_id)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._deps.client.answer_error(interaction, error)

    async def _replace_page(
        self, interaction: Interaction, terms: HistoryFilter, cursor: PageCursor | None = None
    ) -> None:
        try:
            self._deps.client.admit(interaction)
            await interaction.response.defer()
            await self._show_page(interaction, terms, cursor)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._deps.client.answer_error(interaction, error)

    async def _show_page(
        self, interaction: Interaction, terms: HistoryFilter, cursor: PageCursor | None = None
    ) -> None:
        page = await self._history_pages.page(interaction.user.id, terms, cursor)
        locale = self._deps.client.languages.personal(interaction)
        if page.entries:
            content = self._embeds.heading(locale)
        else:
            content = self._embeds.nothing(locale, is_search=terms != EVERYTHING)
        await interaction.edit_original_response(
            content=content,
            embeds=[
                self._embeds.embed(number, entry, _link(interaction, entry), locale)
                for number, entry in enumerate(page.entries, 1)
            ],
            attachments=self._embeds.files(page.entries, locale),
            view=history_view(self._deps.client.texts, self._embeds, page, terms, locale),
        )

    async def _post_again(self, interaction: Interaction, job_id: str) -> None:
        self._deps.client.admit(interaction)
        if self._chosen.is_repeated((interaction.user.id, job_id)):
            await interaction.response.defer()
            return
        caller = caller_of(interaction, self._deps.client.languages)
        await interaction.response.defer(ephemeral=True, thinking=True)
        result, pictures = await self._deps.services.retention.kept_result(
            job_id, interaction.user.id
        )
        await check_may_post(self._deps, caller, result.job.request.model)
        job = hide_declined_prompt(result.job, result.error)
        actions = await self._deps.services.actions.now_offered(
            job, server_id=caller.requester.server_id
        )
        with TemporaryDirectory(prefix="easel-") as folder:
            seen = await self._deps.couriers.reposter.post(
                interaction, job, pictures, Path(folder), actions=actions
            )
        message_id = "history-posted-privately" if job.private else REPOST_MESSAGES[seen]
        done = self._deps.client.texts.say(message_id, caller.locale)
        await interaction.followup.send(done, ephemeral=True)


def _search_term(typed: str | None) -> str | None:
    """Return a filter as one line that fits into a custom id, None for an empty one."""
    word = visible(typed or "").replace("\n", " ")
    while width(word) > LONGEST_SEARCH_TERM:
        word = word[:-1]
    return word.strip() or None


def _link(interaction: Interaction, entry: HistoryEntry) -> str | None:
    """Return a link to a job's message, None where this person surely cannot see it."""
    server_id = entry.written.job.requester.server_id
    if entry.message is None or server_id == 0:
        return result_link(entry)
    if not has_shard_of(interaction.client, server_id):  # Discord shows the message or does not
        return result_link(entry)
    server = interaction.client.get_guild(server_id)
    channel = server.get_channel_or_thread(entry.message.channel_id) if server else None
    if channel is None or not _may_see(channel, interaction.user):
        return None
    return result_link(entry)


def _may_see(
    channel: discord.abc.GuildChannel | discord.Thread, who: discord.User | discord.Member
) -> bool:
    """Tell whether somebody may see a channel; roles in other servers are not known."""
    if isinstance(channel, discord.Thread):
        if channel.parent is None:
            return False
        channel = channel.parent
    if not isinstance(who, discord.Member) or who.guild != channel.guild:
        return True
    return channel.permissions_for(who).view_channel
