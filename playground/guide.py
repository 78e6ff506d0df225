"""The guide: the playground's first words in the terminal and in #gallery."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import discord

from bot.quota.limits import Limit, caps
from playground.art.composer import WHAT_IT_DRAWS
from playground.fixture_server import ADMIN, CHANNEL, MEMBERS
from playground.painter.responses import GRID_PAINTER, MASTER

GREETING_COLOUR = 0x7391D6
DEMONSTRATION_PAINTER = (
    f"No token, no key, no cost. {WHAT_IT_DRAWS} It letters other words onto a poster."
)
OWN_GATEWAY = "Your own gateway paints, and pictures cost what it charges."


@dataclass(frozen=True, slots=True)
class Guide:
    """A greeting that depends on who paints and on everybody's quota."""

    who_paints: str
    quota: tuple[Limit, ...]

    def printed(self, url: str, kept: Path | None) -> str:
        """Return the terminal's few lines: where to go, who is who, what to try."""
        first, second = MEMBERS
        where = f"is kept in {kept}" if kept else "is forgotten then, unless you add --data DIR"
        tries = "".join(f"  {what:<40} {why}\n" for what, why in self._tries())
        return f"""\
Easel's playground is open.
{self.who_paints}

  {url}

You are {first} in #{CHANNEL}; "Viewing as" makes you {second}, or {ADMIN}, the admin. Try:
{tries}Ctrl-C ends it; what happened {where}.
"""

    def _tries(self) -> Iterator[tuple[str, str]]:
        yield "/imagine prompt: a lighthouse at dusk", "then Edit and Use under the picture"
        if self.who_paints == DEMONSTRATION_PAINTER:
            yield f"/imagine … model: {MASTER}", "quality: high costs 4 credits, low 1"
            yield f"/imagine … model: {GRID_PAINTER}", "four at once, and buttons to go on"
            yield (
                "/imagine prompt: a forbidden garden",
                "the prompt is declined, nothing is charged",
            )
        yield "/preset save, /preferences, /history", "what you like, and what you had"
        yield "/usage", f"everybody has {self._allowance()}"
        yield "/quota set, /settings show", f"as {ADMIN}"

    def welcome(self) -> discord.Embed:
        """Return the bot's first words in #gallery; the page makes commands clickable."""
        examples = "".join(f"- `{command}`\n" for command in self._examples())
        embed = discord.Embed(
            colour=GREETING_COLOUR,
            description=f"Click one of these, or type your own, and press Enter:\n{examples}\n"
            f"{self._more()}You have {self._allowance()}; `/help` says more. *Viewing as*, above, "
            f"makes you {MEMBERS[1]}, or {ADMIN}, the admin: `/settings show`.",
        )
        return embed.set_author(name="🎨 Welcome").set_footer(text=self.who_paints)

    def _examples(self) -> Iterator[str]:
        # Each fits on one line of a card.
        yield "/imagine prompt: a lighthouse at dusk"
        yield "/imagine prompt: a fox in the snow n: 2"
        if self.who_paints == DEMONSTRATION_PAINTER:
            yield "/imagine a cabin size: 1536x1024"
            yield f"/imagine a boat model: {GRID_PAINTER}"
        else:
            yield "/imagine a cabin in the woods"
            yield "/history"
        yield "/usage"

    def _more(self) -> str:
        """Return a sentence on the model with buttons, which only the demonstration has."""
        if self.who_paints != DEMONSTRATION_PAINTER:
            return ""
        return f"*{GRID_PAINTER}* paints four at once, with buttons to go on.\n"

    def _allowance(self) -> str:
        limits = [f"{credits_} credits per {period}" for credits_, period in caps(self.quota)]
        return " and ".join(limits) or "no limit"
