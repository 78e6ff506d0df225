"""What came with a submitted form: files, and a prompt that goes back where it is refused."""

import io
from functools import partial

import discord
import structlog
from discord import Interaction

from bot.core.i18n.escaping import width
from bot.discord_ui.client import Client
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.modals import FormFile, FormInput
from bot.discord_ui.uploads import declared_type, read_from_cdn
from bot.images.references import Upload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MAX_MESSAGE_LENGTH = 2_000


def uploads_of(client: Client, filled: FormInput) -> tuple[Upload, ...]:
    """Return the files of a form, to be read when they are needed."""
    return tuple(_upload(client, file) for file in filled.files)


def _upload(client: Client, file: FormFile) -> Upload:
    declared = declared_type(file.filename, file.content_type, file.size)
    return Upload(file.size, partial(read_from_cdn, client, file.url), file.url, declared)


async def return_prompt(client: Client, interaction: Interaction, prompt: str) -> None:
    """Return the prompt of a form that was refused, so that nobody has to type it again."""
    if not prompt.strip():
        return
    try:
        await _send_prompt(client, interaction, prompt)
    except DISCORD_ERRORS as lost:
        log.info("edit.prompt_not_returned", error=repr(lost))


async def _send_prompt(client: Client, interaction: Interaction, prompt: str) -> None:
    intro = client.texts.say("form-your-words", client.languages.personal(interaction))
    words = f"{intro}\n```\n{prompt}\n```"
    if width(words) <= MAX_MESSAGE_LENGTH and "```" not in prompt:
        await interaction.followup.send(words, ephemeral=True)
    else:
        file = discord.File(io.BytesIO(prompt.encode()), filename="prompt.txt")
        await interaction.followup.send(intro, file=file, ephemeral=True)
