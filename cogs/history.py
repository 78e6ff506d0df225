"""/history: what I asked for lately, and its pictures once more."""

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.client import PERSONAL, Client
from bot.delivery.again import Seen
from bot.delivery.courier import Couriers
from bot.delivery.discretion import for_all_to_see
from bot.delivery.notes import Notes
from bot.gallery import Gallery, Past

# A select has 25 options (components/reference, String Select).
MOST = 25
CUSTOM_ID = "easel:again"
SAID = {Seen.BY_ALL: "history-posted", Seen.BY_ONE: "history-posted-to-you"}


class History(commands.Cog):
    """The door to what was painted before."""

    def __init__(
        self, *, client: Client, gallery: Gallery, couriers: Couriers, notes: Notes
    ) -> None:
        self._client = client
        self._gallery = gallery
        self._couriers = couriers
        self._notes = notes

    async def cog_load(self) -> None:
        """Answer also to lists that an earlier process sent."""
        self._client.add_dynamic_items(PostAgain)

    @app_commands.command(extras=PERSONAL)
    @app_commands.guild_only()
    async def history(self, interaction: Interaction) -> None:
        """See your last requests and post their pictures again."""
        past = await self._gallery.last(interaction.user.id, most=MOST)
        locale = str(interaction.locale)
        embed = self._notes.history([(p.written.job, p.written.state) for p in past], locale)
        view = discord.ui.View(timeout=None)
        if options := self._options(past):
            placeholder = self._client.texts.say("history-choose", locale)
            view.add_item(PostAgain(_select(placeholder, options)))
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)

    async def post_again(self, interaction: Interaction, job_id: str) -> None:
        """Post one job's pictures where its requester looks back at it."""
        try:
            await self._post_again(interaction, job_id)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._client.answer_error(interaction, error)

    async def _post_again(self, interaction: Interaction, job_id: str) -> None:
        self._client.admit(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        past, pictures = await self._gallery.take_out(job_id, interaction.user.id)
        job = for_all_to_see(past.job, past.error)
        with TemporaryDirectory(prefix="easel-") as folder:
            seen = await self._couriers.again.post(interaction, job, pictures, Path(folder))
        done = self._client.texts.say(SAID[seen], str(interaction.locale))
        await interaction.followup.send(done, ephemeral=True)

    def _options(self, past: Sequence[Past]) -> list[discord.SelectOption]:
        return [
            discord.SelectOption(
                label=self._notes.past_label(number, each.written.job), value=each.written.job.id
            )
            for number, each in enumerate(past, 1)
            if each.pictures
        ]


class PostAgain(discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]], template=CUSTOM_ID):
    """The choice of a job whose pictures are kept; it outlives the process."""

    @classmethod
    async def from_custom_id(
        cls,
        interaction: Interaction,  # noqa: ARG003 - how discord.py calls it
        item: discord.ui.Item[discord.ui.View],
        match: re.Match[str],  # noqa: ARG003
        /,
    ) -> Self:
        """Take up a list that may be older than this process."""
        assert isinstance(item, discord.ui.Select)  # noqa: S101 - nothing else has this id
        return cls(item)

    async def callback(self, interaction: Interaction) -> None:
        """Hand the choice to the door."""
        door = (
            interaction.client.get_cog("History")
            if isinstance(interaction.client, Client)
            else None
        )
        assert isinstance(door, History)  # noqa: S101 - it hung this up
        await door.post_again(interaction, self.item.values[0])


def _select(
    placeholder: str, options: list[discord.SelectOption]
) -> discord.ui.Select[discord.ui.View]:
    return discord.ui.Select(custom_id=CUSTOM_ID, placeholder=placeholder, options=options)
