"""Messages with pictures, put together: what each file is called, and what is said of it."""

from collections.abc import Sequence
from functools import partial

import discord

from bot.delivery.cards import Cards
from bot.delivery.outbox import Letter
from bot.delivery.packing import Parcel
from bot.domain import Job


def picture_letter(
    cards: Cards, job: Job, parcel: Parcel, embeds: Sequence[discord.Embed], *, of: int
) -> Letter:
    """Return a message that shows one parcel of a job with ``of`` pictures."""
    return Letter(
        embeds=embeds,
        files=partial(_files, cards, job, parcel, of),
        file_names=[shown.file(job).name for shown in parcel],
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
