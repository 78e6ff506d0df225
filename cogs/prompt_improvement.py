"""Improve a prompt in a form: propose better words, and open the form again with what is chosen."""

from discord import Interaction

from bot.core.errors.texts import SuggestionGone
from bot.discord_ui.caller import caller_of
from bot.discord_ui.suggestion_controls import (
    ChosenWords,
    FormOrigin,
    improved_buttons,
    improved_embed,
)
from bot.jobs.text_requests import suggested_prompts
from bot.moderation.moderation import TextRefused
from bot.preferences.access_rules import check_access
from cogs.dependencies import Dependencies
from cogs.suggested_prompts import SuggestedPrompts


class PromptImprovement:
    """What the forms share; without TEXT_MODEL they offer nothing of it."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._text_requests = deps.services.text_requests
        self._suggested = SuggestedPrompts(deps)

    @property
    def credits(self) -> int | None:
        """Return what a better prompt costs, None where there is no chat model."""
        return None if self._text_requests is None else self._text_requests.credits("improve")

    async def propose(self, interaction: Interaction, prompt: str, origin: FormOrigin) -> None:
        """Answer a form with a better prompt, which only its person sees.

        Raises:
            EaselError: nobody was charged; the sentence says what to do.
        """
        # It may have been switched off since the form was opened.
        if self._text_requests is None or self.credits is None:
            raise SuggestionGone
        caller = caller_of(interaction, self._deps.client.languages)
        settings = self._deps.preference_store.server(caller.requester.server_id)
        check_access(settings, caller.requester)
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            found = await self._text_requests.improve(
                prompt, caller.requester, locale=caller.locale
            )
        except TextRefused:
            self._suggested.log_decline(prompt, caller)
            raise
        texts = self._deps.client.texts
        await interaction.followup.send(
            embed=improved_embed(texts, found.prompts[0], caller.locale, credits=found.credits),
            view=improved_buttons(texts, found.id, origin, caller.locale),
            ephemeral=True,
        )

    async def chosen(self, interaction: Interaction, words: ChosenWords) -> str:
        """Return the prompt that somebody chose.

        Raises:
            SuggestionGone, SuggestionOfAnother
        """
        prompts = await suggested_prompts(
            self._deps.services.database,
            words.text_id,
            words.number,
            user_id=interaction.user.id,
        )
        return prompts[words.number - 1]
