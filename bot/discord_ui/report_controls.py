"""The form of a report, and the buttons under its entry; both outlive the process."""

import re
from collections.abc import Sequence
from typing import Literal, Self, cast, get_args

import discord
from discord import TextStyle
from discord.ui import Button, DynamicItem, Label, Modal, TextInput, View

from bot.core.i18n.texts import Texts
from bot.discord_ui.log_embeds import LONGEST_REASON

REPORT_DECIDED = "report_decided"
"""The event for cogs: its arguments are the interaction, the decision, a job's id, a server's."""

REASON_FIELD = "reason"
REPORT_FORM = re.compile(r"easel:report-form:(?P<message_id>\d{1,20})")

Decision = Literal["remove", "dismiss"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
_STYLES: dict[Decision, discord.ButtonStyle] = {
    "remove": discord.ButtonStyle.danger,
    "dismiss": discord.ButtonStyle.secondary,
}


class ReportButton(
    DynamicItem[Button[View]],
    template=r"easel:report:(?P<decision>remove|dismiss):(?P<job_id>[^:]+):(?P<server_id>\d{1,20})",
):
    """Decides about the reports of a result in a server."""

    def __init__(
        self, decision: Decision, job_id: str, server_id: int, label: str | None = None
    ) -> None:
        custom_id = f"easel:report:{decision}:{job_id}:{server_id}"
        button: Button[View] = Button(
            label=label or decision, style=_STYLES[decision], custom_id=custom_id
        )
        super().__init__(button)
        self._decision = decision
        self._job_id = job_id
        self._server_id = server_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],  # noqa: ARG003 - as above
        match: re.Match[str],
        /,
    ) -> Self:
        """Read what is decided from the custom id."""
        decision = cast("Decision", match["decision"])
        return cls(decision, match["job_id"], int(match["server_id"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(
            REPORT_DECIDED, interaction, self._decision, self._job_id, self._server_id
        )


def report_buttons(
    texts: Texts, job_id: str, server_id: int, locale: str, *, only: Sequence[Decision] = DECISIONS
) -> View | None:
    """Return the row under the entry of a report, None without any button."""
    if not only:
        return None
    view = View(timeout=None)
    for decision in only:
        label = texts.say(f"report-{decision}", locale)
        view.add_item(ReportButton(decision, job_id, server_id, label))
    return view


def report_form(texts: Texts, message_id: int, locale: str) -> Modal:
    """Return the form that asks for a reason, to be sent at once."""
    title = texts.say("report-title", locale)
    modal = Modal(title=title, custom_id=f"easel:report-form:{message_id}")
    modal.stop()  # its answer is read by its custom id, as after a restart
    field: TextInput[Modal] = TextInput(
        custom_id=REASON_FIELD,
        style=TextStyle.paragraph,
        required=False,
        max_length=LONGEST_REASON,
    )
    description = texts.say("report-who-reads", locale)
    return modal.add_item(
        Label(text=texts.say("report-reason", locale), description=description, component=field)
    )
