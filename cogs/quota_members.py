"""/quota grant, reset, block and unblock: what admins decide about one person."""

from functools import partial

import discord
from discord import Interaction, app_commands

from cogs.quota_base import QuotaCommands, checked_reason, checked_user, guild_id_of, quota


class MemberCommands(QuotaCommands):
    """The commands about one person."""

    @quota.command()
    @app_commands.describe(
        user="Person who gets the credits",
        credits="Number of extra credits",
        reason="Reason, for the list of changes",
    )
    async def grant(
        self, interaction: Interaction, user: discord.User, credits: int, reason: str
    ) -> None:
        """Give a person extra credits that do not expire."""
        server_id, user_id = guild_id_of(interaction), checked_user(user).id
        balance = await self._database.write_soon(
            partial(
                self._ledger.grant,
                server_id=server_id,
                user_id=user_id,
                credits=credits,
                reason=checked_reason(reason),
                actor_id=interaction.user.id,
            ),
            # The admin is asked to try again, and one grant after the other would count twice.
            undo=partial(
                self._ledger.undo_grant, server_id=server_id, user_id=user_id, credits=credits
            ),
        )
        await self.answer(
            interaction, self._embeds.granted(user.id, balance, self.locale(interaction))
        )

    @quota.command()
    @app_commands.describe(user="Person whose usage to reset")
    async def reset(self, interaction: Interaction, user: discord.User) -> None:
        """Reset what a person has used of their own limit."""
        await self._database.write_soon(
            partial(
                self._ledger.reset,
                server_id=guild_id_of(interaction),
                user_id=checked_user(user).id,
                actor_id=interaction.user.id,
            )
        )
        await self.answer(interaction, self._embeds.reset(user.id, self.locale(interaction)))

    @quota.command()
    @app_commands.describe(user="Person to block", reason="Reason; the person can read it")
    async def block(self, interaction: Interaction, user: discord.User, reason: str) -> None:
        """Block a person from painting here."""
        await self._database.write_soon(
            partial(
                self._ledger.block,
                server_id=guild_id_of(interaction),
                user_id=checked_user(user).id,
                reason=checked_reason(reason),
                actor_id=interaction.user.id,
            )
        )
        await self.answer(interaction, self._embeds.blocked(user.id, self.locale(interaction)))

    @quota.command()
    @app_commands.describe(user="Person to unblock")
    async def unblock(self, interaction: Interaction, user: discord.User) -> None:
        """Let a person paint here again."""
        await self._database.write_soon(
            partial(
                self._ledger.unblock,
                server_id=guild_id_of(interaction),
                user_id=user.id,
                actor_id=interaction.user.id,
            )
        )
        await self.answer(interaction, self._embeds.unblocked(user.id, self.locale(interaction)))
