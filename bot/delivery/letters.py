"""The letter that carries one parcel of a job's pictures."""

from collections.abc import Sequence
from functools import partial

import discord

from bot.delivery.cards import Cards
from bot.delivery.outbox import Letter
from bot.delivery.packing import Parcel
from bot.domain import Job


def letter_with(
    cards: Cards, job: Job, parcel: Parcel, embeds: Sequence[discord.Embed], *, of: int
) -> Letter:
    """Return the letter with a parcel of the job's ``of`` pictures, below what the embeds say."""
    return Letter(
        embeds=embeds,
        files=partial(files_of, cards, job, parcel, of),
        file_names=[shown.file(job).name for shown in parcel],
    )


def files_of(cards: Cards, job: Job, parcel: Parcel, of: int) -> list[discord.File]:
    """Open a parcel's files, described for a screen reader; each try to send needs new ones."""
    return [
        discord.File(
            shown.picture.path,
            filename=shown.file(job).name,
            description=cards.alt_text(job, shown.picture, shown.number, of),
        )
        for shown in parcel
    ]
