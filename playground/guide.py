"""What the playground says to people: once in the terminal, once in #gallery."""

from dataclasses import dataclass
from pathlib import Path

import discord

from bot.ledger.rules import Limit, caps
from playground.town import ADMIN, CHANNEL, MEMBERS

GREETING_COLOUR = 0x7391D6
THE_PAINTER = "A painter on this computer does the work: no token, no key, no cost."
A_GATEWAY = "Your own gateway does the work, and pictures cost what it charges."


@dataclass(frozen=True, slots=True)
class Guide:
    """The first words, which depend on who paints and how much everybody may spend."""

    who_paints: str
    quota: tuple[Limit, ...]

    def printed(self, url: str, kept: Path | None) -> str:
        """Return the terminal's few lines: where to go, who is who, what to try."""
        first, second = MEMBERS
        where = f"is kept in {kept}" if kept else "is forgotten then, unless you add --data DIR"
        return f"""\
Easel's playground is open. {self.who_paints}

  {url}

You are {first} in #{CHANNEL}; "Viewing as" makes you {second}, or {ADMIN}, the admin. Try:
  /imagine prompt: a lighthouse at dusk    then add n: 4 or size: 1792x1024
  /imagine prompt: a forbidden garden      the prompt is declined, nothing is charged
  /usage                                   everybody has {self._allowance()}: spend it
  /quota set credits: 3 per: day           as {ADMIN}
Ctrl-C ends it; what happened {where}.
"""

    def welcome(self) -> discord.Embed:
        """Return the bot's first words in #gallery."""
        lines = (
            "Type `/imagine` below and say what you would like to see: "
            "*a lighthouse at dusk*, *a fox in the snow*, *a city in the rain*.",
            "",
            f"- You have {self._allowance()}; `/usage` shows what is left",
            f"- *Viewing as*, above, makes you {MEMBERS[1]} or {ADMIN}",
            f"- {ADMIN} is the admin: `/quota set` gives people more or less",
        )
        embed = discord.Embed(colour=GREETING_COLOUR, description="\n".join(lines))
        return embed.set_author(name="🎨 Welcome").set_footer(text=self.who_paints)

    def _allowance(self) -> str:
        limits = [f"{credits_} credits per {period}" for credits_, period in caps(self.quota)]
        return " and ".join(limits) or "no limit"
