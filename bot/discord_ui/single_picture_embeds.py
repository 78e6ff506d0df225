"""The embeds of one of several pictures: chosen by one person, or posted by itself."""

from dataclasses import replace

import discord

from bot.core.i18n.texts import Texts
from bot.core.models import Job
from bot.discord_ui.embed_style import (
    COLOURS,
    FACT_SEPARATOR,
    LONGEST_DISPLAY_NAME,
    plain_line,
    requester_name,
    small,
)
from bot.discord_ui.job_embeds import JobEmbeds, PostedFile
from bot.discord_ui.picture_controls import PictureOffers


class SinglePictureEmbeds:
    """Builds the embeds of one picture, with its buttons below or in a message of its own."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._cards = JobEmbeds(texts)

    def chosen(
        self,
        file: PostedFile | None,
        locale: str,
        *,
        number: int,
        of: int,
        offers: PictureOffers,
    ) -> discord.Embed:
        """Show whoever chose a picture what the buttons below do with it."""
        hints = (f"picture-hint-{action}" for action in offers.actions)
        words = FACT_SEPARATOR.join(self._texts.say(name, locale) for name in hints)
        embed = discord.Embed(colour=COLOURS["result"], description=small(words) if words else None)
        title = self._texts.say("picture-title", locale, number=str(number), total=str(of))
        embed.set_author(name=title)
        if file is not None:
            embed.set_image(url=f"attachment://{file.name}")
        return embed

    def alone(
        self, job: Job, file: PostedFile, *, number: int, of: int, posted_by: str | None
    ) -> discord.Embed:
        """Show the ``number``-th of a job's pictures by itself, and who posted another's."""
        one = replace(job, request=replace(job.request, n=1))
        (embed,) = self._cards.reposted(one, [file])
        name = requester_name(self._texts, job.requester, job.locale)
        title = self._texts.say(
            "card-title-alone", job.locale, name=name, number=str(number), total=str(of)
        )
        if posted_by is not None:
            poster = plain_line(posted_by, LONGEST_DISPLAY_NAME)
            by = small(self._texts.say("card-posted-by", job.locale, name=poster))
            embed.description = f"{embed.description}\n{by}"
        return embed.set_author(name=title)
