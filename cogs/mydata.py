"""/mydata: export or delete one's own data."""

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import discord
from discord import Interaction, app_commands
from discord.ext import commands
from discord.ui import Button, DynamicItem, View

from bot.core.errors.base import EaselError, Refusal
from bot.discord_ui.client import PERSONAL
from bot.discord_ui.discord_errors import TOO_LARGE
from bot.jobs.personal_data.archive import ArchiveSummary
from cogs.dependencies import Dependencies

# As long as Discord lets the answer be edited.
CONFIRM_WITHIN_MS = 15 * 60 * 1000


@dataclass(eq=False, kw_only=True)
class ConfirmedTooLate(Refusal):
    """The question whether to delete was asked long ago."""

    message_id = "error-confirmed-too-late"


@dataclass(eq=False, kw_only=True)
class ArchiveNotTaken(EaselError):
    """Discord refuses the archive, even half as large as it said."""

    message_id = "error-archive-not-taken"


class MyDataCog(commands.Cog):
    """The commands, and the button that confirms a deletion."""

    mydata = app_commands.Group(
        name="mydata",
        description="Your own data: export or delete it",
        guild_only=True,
        extras=PERSONAL,
    )

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def cog_load(self) -> None:
        """Handle also the buttons that an earlier process sent."""
        self._deps.client.add_dynamic_items(ConfirmDeletionButton)

    @mydata.command()
    async def export(self, interaction: Interaction) -> None:
        """Get your requests, charges and pictures as a ZIP file that only you see."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        for max_bytes in (interaction.filesize_limit, interaction.filesize_limit // 2):
            try:
                await self._send_archive(interaction, max_bytes)
            except discord.HTTPException as refused:
                if refused.code != TOO_LARGE and refused.status != 413:
                    raise
            else:
                return
        raise ArchiveNotTaken

    @mydata.command()
    async def delete(self, interaction: Interaction) -> None:
        """Delete your requests, prompts and pictures, after you confirm."""
        locale = self._deps.client.languages.personal(interaction)
        label = self._deps.client.texts.say("mydata-confirm", locale)
        await interaction.response.send_message(
            self._deps.client.texts.say("mydata-ask", locale),
            view=View(timeout=None).add_item(ConfirmDeletionButton(self._deps.now(), label)),
            ephemeral=True,
        )

    @commands.Cog.listener()
    async def on_deletion_confirmed(self, interaction: Interaction, asked_at: int) -> None:
        """Delete the data of whoever confirms."""
        try:
            await self._confirm(interaction, asked_at)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._deps.client.answer_error(interaction, error)

    async def _confirm(self, interaction: Interaction, asked_at: int) -> None:
        self._deps.client.admit(interaction)
        if self._deps.now() - asked_at > CONFIRM_WITHIN_MS:
            raise ConfirmedTooLate
        await interaction.response.defer()
        locale = self._deps.client.languages.personal(
            interaction
        )  # before the preferences are deleted
        jobs = await self._deps.services.deletion.delete(interaction.user.id)
        await self._deps.preference_store.delete_person(interaction.user.id)
        done = self._deps.client.texts.say("mydata-deleted", locale, jobs=jobs)
        await interaction.edit_original_response(content=done, view=None)

    async def _send_archive(self, interaction: Interaction, max_bytes: int) -> None:
        locale = self._deps.client.languages.personal(interaction)
        with TemporaryDirectory(prefix="easel-") as folder:
            archived = await self._deps.services.export.write(
                interaction.user.id,
                Path(folder),
                max_file_bytes=max_bytes,
                readme=self._deps.client.texts.say("mydata-readme", locale),
                preferences=self._deps.preference_store.export_person(interaction.user.id),
            )
            if archived is None:
                none = self._deps.client.texts.say("mydata-none", locale)
                await interaction.followup.send(none, ephemeral=True)
                return
            await interaction.followup.send(
                self._summary(archived, locale), file=discord.File(archived.path), ephemeral=True
            )

    def _summary(self, archived: ArchiveSummary, locale: str) -> str:
        say = self._deps.client.texts.say
        lines = [say("mydata-archive", locale, jobs=archived.jobs, files=archived.files)]
        if archived.files_left_out:
            lines.append(say("mydata-files-left-out", locale, count=archived.files_left_out))
        if archived.jobs_left_out:
            lines.append(say("mydata-jobs-left-out", locale, count=archived.jobs_left_out))
        return "\n".join(lines)


class ConfirmDeletionButton(
    DynamicItem[Button[View]], template=r"easel:forget:(?P<asked_at>\d{1,15})"
):
    """Confirms a deletion; it outlives the process, and says when the question was asked."""

    def __init__(self, asked_at: int, label: str | None = None) -> None:
        style = discord.ButtonStyle.danger
        super().__init__(Button(label=label, style=style, custom_id=f"easel:forget:{asked_at}"))
        self._asked_at = asked_at

    @classmethod
    async def from_custom_id(
        cls,
        interaction: Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],  # noqa: ARG003 - as above
        match: re.Match[str],
        /,
    ) -> Self:
        """Read from a click when the question was asked, whichever process did."""
        return cls(int(match["asked_at"]))

    async def callback(self, interaction: Interaction) -> None:
        """Tell the cog; discord.py would only log an error that is raised here."""
        interaction.client.dispatch("deletion_confirmed", interaction, self._asked_at)
