"""A page of /history with its buttons and its select, for tests."""

from dataclasses import dataclass
from typing import Any, Self

import discord
import simcord

from tests.cogs.discord_world import DiscordWorld


@dataclass(frozen=True)
class HistoryPage:
    """A page as one person sees it."""

    world: DiscordWorld
    who: simcord.MemberActor
    message: Any

    @classmethod
    async def open(cls, world: DiscordWorld, who: simcord.MemberActor, **options: object) -> Self:
        """Call /history as a person."""
        answer = await who.slash(world.channel, "history", **options)
        assert answer.ephemeral
        return cls(world, who, answer.response)

    @property
    def embeds(self) -> list[discord.Embed]:
        """Return the page's embeds."""
        return list(self.message.embeds)

    @property
    def prompts(self) -> list[str]:
        """Return each embed's prompt."""
        return [str(embed.description).split("\n")[0].removeprefix("> ") for embed in self.embeds]

    @property
    def facts(self) -> list[str]:
        """Return each embed's line of facts."""
        return [str(embed.description).split("\n")[-1] for embed in self.embeds]

    @property
    def components(self) -> list[dict[str, Any]]:
        """Return the components under the page, row by row."""
        return [each for row in self.message.components for each in row["components"]]

    @property
    def buttons(self) -> dict[str, bool]:
        """Return the labels of its buttons, and whether each can be pressed."""
        return {
            each["label"]: not each.get("disabled", False)
            for each in self.components
            if "label" in each
        }

    @property
    def choices(self) -> dict[str, str]:
        """Return the jobs that can be posted again: the label and the id of each."""
        options = [each["options"] for each in self.components if "options" in each]
        return {each["label"]: each["value"] for each in (options[0] if options else [])}

    async def press(self, label: str) -> "HistoryPage":
        """Press a button; return the page that replaces this one."""
        result = await self.who.click(self.message, label=label)
        return HistoryPage(self.world, self.who, result.response)

    async def post_again(self, job_id: str | None = None) -> simcord.InteractionResult:
        """Choose a job, by default the first that is offered."""
        chosen = job_id or next(iter(self.choices.values()))
        result = await self.who.select(self.message, [chosen], custom_id="easel:again")
        await self.world.wait_for_jobs()
        return result
