"""/operator: what the owner of the application decides for every server, in direct messages."""

import re
from dataclasses import dataclass
from functools import partial

from discord import Interaction, app_commands

from bot.core.errors.base import Refusal
from bot.core.i18n.escaping import cut
from bot.discord_ui.client import OPERATORS_ONLY
from bot.discord_ui.embed_style import plain_line
from bot.quota.admin import MAX_REASON
from bot.quota.levels import EVERY_SERVER
from cogs.quota_base import QuotaCommands, checked_reason

_PERSON = re.compile(r"(?:<@!?)?(?P<id>[1-9]\d{0,18})>?")
_LONGEST_LIST = 2_000  # a message's content


@dataclass(eq=False, kw_only=True)
class NotAPerson(Refusal):
    """What was typed is no id of a person."""

    message_id = "error-not-a-person"


class OperatorCog(QuotaCommands):
    """The commands of the owner, or of the owner's team: the client admits nobody else."""

    operator = app_commands.Group(
        name="operator",
        description="For the operator of this bot alone",
        extras=OPERATORS_ONLY,
        # A command without servers is in no list of theirs.
        allowed_contexts=app_commands.AppCommandContext(
            guild=False, dm_channel=True, private_channel=False
        ),
    )

    @operator.command()
    @app_commands.describe(
        person="Id of the person, or a mention", reason="Reason; the person can read it"
    )
    async def block(self, interaction: Interaction, person: str, reason: str) -> None:
        """Block a person in every server."""
        user_id = _user_id(person)
        await self._database.write_soon(
            partial(
                self._ledger.block,
                server_id=EVERY_SERVER,
                user_id=user_id,
                reason=checked_reason(reason),
                actor_id=interaction.user.id,
            )
        )
        await self._say(interaction, "operator-blocked", user_id)

    @operator.command()
    @app_commands.describe(person="Id of the person, or a mention")
    async def unblock(self, interaction: Interaction, person: str) -> None:
        """Lift such a block; what admins of servers decided stays."""
        user_id = _user_id(person)
        await self._database.write_soon(
            partial(
                self._ledger.unblock,
                server_id=EVERY_SERVER,
                user_id=user_id,
                actor_id=interaction.user.id,
            )
        )
        await self._say(interaction, "operator-unblocked", user_id)

    @operator.command()
    async def blocks(self, interaction: Interaction) -> None:
        """List who is blocked in every server."""
        found = await self._database.read(self._ledger.members, EVERY_SERVER)
        lines = [
            f"<@{user_id}> `{user_id}` {plain_line(member.block_reason or '', MAX_REASON)}"
            for user_id, member in sorted(found.items())
        ]
        nobody = self._deps.client.texts.say("operator-nobody", self.locale(interaction))
        await self.answer(interaction, cut("\n".join(lines) or nobody, _LONGEST_LIST))

    async def _say(self, interaction: Interaction, text_id: str, user_id: int) -> None:
        texts, subject = self._deps.client.texts, f"<@{user_id}>"
        await self.answer(
            interaction, texts.say(text_id, self.locale(interaction), subject=subject)
        )


def _user_id(typed: str) -> int:
    """Return the id of a person; raises NotAPerson."""
    found = _PERSON.fullmatch(typed.strip())
    if found is None or int(found["id"]) >= 2**63:  # no id has more bits, nor a column
        raise NotAPerson
    return int(found["id"])
