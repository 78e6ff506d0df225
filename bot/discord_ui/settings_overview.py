"""The message of /settings show: each setting with its command, and a select for the rest."""

import re
from collections.abc import Callable, Sequence
from typing import Literal, Self, get_args

import discord
from discord import SelectOption
from discord.ui import DynamicItem, Select, View

from bot.core.i18n.escaping import cut
from bot.core.i18n.texts import Texts
from bot.discord_ui.embed_style import (
    COLOURS,
    FACT_SEPARATOR,
    LONGEST_FIELD,
    joined,
)
from bot.discord_ui.help_embeds import ModelCost, model_lines
from bot.discord_ui.settings_embeds import SettingLine

Area = Literal["limits", "costs", "changes", "models", "channels", "roles", "styles"]
AREAS: tuple[Area, ...] = get_args(Area)

AREA_CHOSEN = "settings_area_chosen"
"""The event for cogs: its arguments are the interaction and the area's name."""

LONGEST_LIST = 500  # of one setting in the overview: three of them and the rest share 6000
LONGEST_DESCRIPTION = 4_096  # of an embed (resources/message, Embed Limits)
_ROOM_FOR_MORE = 60
_EMOJIS: dict[Area, str] = {
    "limits": "🎟️",
    "costs": "🏷️",
    "changes": "📜",
    "models": "🎨",
    "channels": "💬",
    "roles": "👥",
    "styles": "🖌️",
}


class SettingsOverviewEmbeds:
    """Builds the overview of a server's settings, and what one area has in full."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def overview(
        self, lines: Sequence[SettingLine], mention: Callable[[str], str], locale: str
    ) -> discord.Embed:
        """Show every setting with the command that changes it."""
        embed = discord.Embed(
            colour=COLOURS["painting"], title=self._texts.say("custom-title", locale, of="server")
        )
        for line in lines:
            embed.add_field(
                name=self._texts.say(line.text_id, locale),
                value=_with_command(line.value, mention(line.command)),
                inline=False,
            )
        return embed

    def models(self, models: Sequence[ModelCost], locale: str) -> discord.Embed:
        """Show every model that may be used, with what a picture costs."""
        return self._list("models", model_lines(self._texts, models, locale), "\n", locale)

    def ids(
        self,
        area: Literal["channels", "roles"],
        ids: Sequence[int] | None,
        locale: str,
    ) -> discord.Embed:
        """Show every allowed channel or role; None is all of them."""
        if ids is None:
            return self._list(area, [self._texts.say("custom-all", locale, of=area)], " ", locale)
        mark = "#" if area == "channels" else "@&"
        return self._list(area, [f"<{mark}{id_}>" for id_ in ids], " ", locale)

    def _list(
        self, area: Area, entries: Sequence[str], separator: str, locale: str
    ) -> discord.Embed:
        longest = LONGEST_DESCRIPTION - _ROOM_FOR_MORE
        shown = joined(self._texts, entries, locale, longest=longest, separator=separator)
        return discord.Embed(
            colour=COLOURS["painting"],
            title=f"{_EMOJIS[area]} {self._texts.say(f'custom-{area}', locale)}",
            description=shown or self._texts.say("custom-empty", locale, of=area),
        )


class SettingsAreaSelect(DynamicItem[Select[View]], template="easel:settings-area"):
    """Shows one area of a server's settings in full; it outlives the process."""

    def __init__(self, select: Select[View]) -> None:
        super().__init__(select)

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],
        match: re.Match[str],  # noqa: ARG003 - as above
        /,
    ) -> Self:
        """Take the select as Discord has it."""
        assert isinstance(item, Select)  # noqa: S101 - nothing else has this id
        return cls(item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the choice to the cogs, which report errors; discord.py would only log them."""
        interaction.client.dispatch(AREA_CHOSEN, interaction, self.item.values[0])


def area_view(texts: Texts, locale: str) -> View:
    """Return the select under the overview."""
    select: Select[View] = Select(
        custom_id="easel:settings-area",
        placeholder=texts.say("settings-areas", locale),
        options=[
            SelectOption(
                label=texts.say(f"settings-area-{area}", locale), value=area, emoji=_EMOJIS[area]
            )
            for area in AREAS
        ],
    )
    return View(timeout=None).add_item(SettingsAreaSelect(select))


def _with_command(value: str, mention: str) -> str:
    first, *rest = value.split("\n")
    below = "".join(f"\n{line}" for line in rest)
    room = LONGEST_FIELD - len(below) - len(FACT_SEPARATOR) - len(mention)
    return f"{cut(first, room)}{FACT_SEPARATOR}{mention}{below}"
