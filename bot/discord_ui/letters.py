"""Messages with pictures, put together: what each file is called, and what is said of it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import discord

from bot.core.models import Job, Picture
from bot.discord_ui.cards import Cards
from bot.discord_ui.outbox import Letter
from bot.discord_ui.packing import MOST_FILES, Parcel, Shown, split
from bot.discord_ui.trimmings import Thumbnail
from bot.images.conversion import max_bytes_each


def picture_letter(
    cards: Cards, job: Job, parcel: Parcel, embeds: Sequence[discord.Embed], *, of: int
) -> Letter:
    """Return a message that shows one parcel of a job with ``of`` pictures."""
    return Letter(
        embeds=embeds,
        files=partial(_files, cards, job, parcel, of),
        file_names=[shown.file(job).name for shown in parcel],
    )


def originals(
    cards: Cards, job: Job, pictures: Sequence[Picture], *, max_file_bytes: int
) -> list[Letter]:
    """Return messages with the files themselves; those that are too large are left out."""
    shown = [Shown(number, picture, picture) for number, picture in enumerate(pictures, 1)]
    fitting = [each for each in shown if each.picture.bytes <= max_bytes_each(max_file_bytes, 1)]
    of = len(pictures)
    return [picture_letter(cards, job, parcel, (), of=of) for parcel in split(fitting)]


def with_thumbnail(letter: Letter, thumbnail: Thumbnail | None) -> Letter:
    """Return the message with its job's references in small, where one more file has room."""
    if thumbnail is None or len(letter.file_names) == MOST_FILES:
        return letter
    letter.embeds[0].set_thumbnail(url=thumbnail.url)
    return replace(
        letter,
        files=lambda: [*letter.files(), thumbnail.file()],
        file_names=[*letter.file_names, thumbnail.name],
    )


def _files(cards: Cards, job: Job, parcel: Parcel, of: int) -> list[discord.File]:
    return [
        discord.File(
            shown.picture.path,
            filename=shown.file(job).name,
            description=cards.alt_text(job, shown.picture, shown.number, of),
        )
        for shown in parcel
    ]
