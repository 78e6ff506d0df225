"""The button under the details of a result that asks its gateway for the seed."""

from discord import Interaction
from discord.ext import commands

from bot.discord_ui.caller import CallerContext
from bot.discord_ui.seed_button import SeedButton
from bot.jobs.repository.rows import WrittenJob
from bot.preferences.access_rules import check_controls
from cogs.dependencies import Dependencies


class SeedCog(commands.Cog):
    """Tells the seed to whoever may read the details; it is free."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def cog_load(self) -> None:
        """Handle also the buttons that an earlier process sent."""
        self._deps.client.add_dynamic_items(SeedButton)

    @commands.Cog.listener()
    async def on_seed_pressed(self, interaction: Interaction, job_id: str) -> None:
        """Show the seed, and ask for it where nobody has yet."""
        await self._deps.button_guard.run(interaction, job_id, self._tell)

    async def _tell(
        self, interaction: Interaction, written: WrittenJob, caller: CallerContext
    ) -> None:
        settings = self._deps.preference_store.server(caller.requester.server_id)
        check_controls(settings, caller.requester, written.job)
        self._deps.job_lookup.check_not_removed(written)
        if await self._deps.button_guard.is_repeated(interaction, "seed", written.job.id):
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        task_seeds = self._deps.services.task_seeds
        seeds = await task_seeds.ask(written.job)
        is_all = not await task_seeds.may_ask(written.job)
        sentence = self._deps.client.texts.say(
            "details-seed-told" if is_all else "details-seeds-so-far",
            caller.locale,
            seeds=", ".join(map(str, seeds)),
            count=len(seeds),
        )
        await interaction.followup.send(sentence, ephemeral=True)
