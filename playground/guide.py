"""The guide: the playground's first words in the terminal and in #gallery."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import discord

from bot.quota.limits import Limit, caps
from playground.art.composer import WHAT_IT_DRAWS
from playground.fixture_server import ADMIN, CHANNEL, MEMBERS
from playground.painter.responses import MASTER

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
            yield (
                "/imagine prompt: a forbidden garden",
                "the prompt is declined, nothing is charged",
            )
        yield "/preset save, /preferences, /history", "what you like, and what you had"
        yield "/usage", f"everybody has {self._allowance()}"
        yield "/quota set, /settings show", f"as {ADMIN}"

    def welcome(self) -> discord.Embed:
        """Return the bot's first words in #gallery."""
        embed = discord.Embed(
            colour=GREETING_COLOUR,
            description="Type `/imagine` below and say what you would like to see: "
            "*a lighthouse at dusk*, *a fox in the snow*, *a cabin in the woods*.",
        )
        finer = f"- `{MASTER}` paints finer, for more credits\n"
        embed.add_field(
            name="Then",
            value="- ✏️ *Edit* and 🖼️ *Use*, under a picture\n"
            f"{finer if self.who_paints == DEMONSTRATION_PAINTER else ''}"
            "- `/preset save`, `/history`, `/preferences`\n"
            f"- `/usage`: you have {self._allowance()}",
            inline=False,
        )
        embed.add_field(
            name=f"As {ADMIN}, the admin",
            value=f"- *Viewing as*, above, makes you {ADMIN}, or {MEMBERS[1]}\n"
            "- `/quota set` gives people more or less\n"
            "- `/settings` says what is painted, where and for whom",
            inline=False,
        )
        return embed.set_author(name="🎨 Welcome").set_footer(text=self.who_paints)

    def _allowance(self) -> str:
        limits = [f"{credits_} credits per {period}" for credits_, period in caps(self.quota)]
        return " and ".join(limits) or "no limit"
