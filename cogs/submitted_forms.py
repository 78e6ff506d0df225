"""Submit forms: read what came with them, and return the prompt of a form that was refused."""

import io
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import cast

import discord
import structlog
from discord import Interaction

from bot.core.i18n.escaping import width
from bot.discord_ui.client import Client
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.modals import FormFile, FormInput, read_submitted_form
from bot.discord_ui.uploads import declared_type, read_from_cdn
from bot.images.references import Upload

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MAX_MESSAGE_LENGTH = 2_000

SubmitForm = Callable[[Interaction, re.Match[str], FormInput], Awaitable[bool]]
"""Submits a form with this custom id; returns False if it was refused, and the person was told."""


async def submit_form(
    client: Client, interaction: Interaction, custom_ids: re.Pattern[str], submit: SubmitForm
) -> None:
    """Submit the form of an interaction, unless it is another interaction or another form."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    # discord.py's type is a union of the data of every kind of interaction.
    data = cast("Mapping[str, object]", interaction.data or {})
    found = custom_ids.fullmatch(str(data.get("custom_id")))
    if found is None:
        return
    filled = None
    try:
        filled = read_submitted_form(data)
        accepted = await submit(interaction, found, filled)
    except Exception as error:  # noqa: BLE001 - the one handler answers what is expected
        await client.answer_error(interaction, error)
        accepted = False
    if filled is not None and not accepted:
        await _return_prompt(client, interaction, filled.prompt)


async def _return_prompt(client: Client, interaction: Interaction, prompt: str) -> None:
    """Return the prompt of a form that was refused, so that nobody has to type it again."""
    if not prompt.strip():
        return
    try:
        await _send_prompt(client, interaction, prompt)
    except DISCORD_ERRORS as lost:
        log.info("form.prompt_not_returned", error=repr(lost))


async def _send_prompt(client: Client, interaction: Interaction, prompt: str) -> None:
    intro = client.texts.say("form-your-words", client.languages.personal(interaction))
    words = f"{intro}\n```\n{prompt}\n```"
    if width(words) <= MAX_MESSAGE_LENGTH and "```" not in prompt:
        await interaction.followup.send(words, ephemeral=True)
    else:
        file = discord.File(io.BytesIO(prompt.encode()), filename="prompt.txt")
        await interaction.followup.send(intro, file=file, ephemeral=True)


def uploads_of(client: Client, filled: FormInput) -> tuple[Upload, ...]:
    """Return the files of a form, to be read when they are needed."""
    return tuple(form_upload(client, file) for file in filled.files)


def form_upload(client: Client, file: FormFile) -> Upload:
    """Return a file of a form, to be read when it is needed."""
    declared = declared_type(file.filename, file.content_type, file.size)
    return Upload(file.size, partial(read_from_cdn, client, file.url), file.url, declared)
