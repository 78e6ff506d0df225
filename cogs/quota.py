"""/quota …: limits that server admins set; /usage: what is left for me."""

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.delivery.quota_cards import LimitRow, QuotaCards, UsageRow
from bot.errors import OneSubjectOnly
from bot.ledger import EVERYONE, Allowance, Ledger, Limit, Period
from bot.ledger import role as role_subject
from bot.ledger import user as user_subject
from bot.store import Store
from cogs.imagine import requester

PERIODS = [app_commands.Choice(name=str(period), value=str(period)) for period in Period]


class Quota(commands.Cog):
    """The door through which limits are set and seen."""

    quota = app_commands.Group(
        name="quota",
        description="Set how many credits people may spend here",
        # Discord keeps others out, and admins can change who may in Server Settings → Integrations.
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )

    def __init__(self, *, store: Store, ledger: Ledger, cards: QuotaCards) -> None:
        self._store = store
        self._ledger = ledger
        self._cards = cards

    @app_commands.command()
    @app_commands.guild_only()
    async def usage(self, interaction: Interaction) -> None:
        """Show which limits apply to you, and what is left."""
        who = requester(interaction.user, interaction.guild_id)
        async with self._store.reading() as rows:
            allowances = await self._ledger.allowances(rows, who)
        embed = self._cards.usage(who, [_row(a) for a in allowances], str(interaction.locale))
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @quota.command(name="set")
    @app_commands.describe(
        credits="How many credits; 0 allows none",
        per="In which time",
        user="For whom; everyone if you leave user and role empty",
        role="For each person with this role",
    )
    @app_commands.choices(per=PERIODS)
    async def set_limit(
        self,
        interaction: Interaction,
        credits: int,
        per: str,
        user: discord.User | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Limit what a person, or everyone, may spend here."""
        subject, limit = _subject(user, role), Limit(credits, Period(per))
        async with self._store.transaction() as tx:
            await self._ledger.set_limit(
                tx,
                server_id=interaction.guild_id or 0,
                subject=subject,
                limit=limit,
                actor_id=interaction.user.id,
            )
        row = LimitRow(subject, limit.credits, limit.period)
        await self._answer(interaction, self._cards.limit_set(row, str(interaction.locale)))

    @quota.command(name="remove")
    @app_commands.describe(
        per="Which limit; all of them if you leave it empty",
        user="Whose; everyone's if you leave user and role empty",
        role="For each person with this role",
    )
    @app_commands.choices(per=PERIODS)
    async def remove_limit(
        self,
        interaction: Interaction,
        per: str | None = None,
        user: discord.User | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Remove a limit that was set here."""
        subject = _subject(user, role)
        async with self._store.transaction() as tx:
            await self._ledger.remove_limit(
                tx,
                server_id=interaction.guild_id or 0,
                subject=subject,
                period=Period(per) if per else None,
                actor_id=interaction.user.id,
            )
        await self._answer(
            interaction, self._cards.limit_removed(subject, per, str(interaction.locale))
        )

    @quota.command()
    async def show(self, interaction: Interaction) -> None:
        """Show the limits that were set here."""
        async with self._store.reading() as rows:
            limits = await self._ledger.limits(rows, interaction.guild_id or 0)
        found = [
            LimitRow(subject, limit.credits, limit.period)
            for subject, limits_ in sorted(limits.items())
            for limit in limits_
        ]
        embed = self._cards.limits(found, str(interaction.locale))
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @staticmethod
    async def _answer(interaction: Interaction, sentence: str) -> None:
        await interaction.response.send_message(sentence, ephemeral=True)


def _subject(user: discord.User | None, role: discord.Role | None) -> str:
    if user is not None and role is not None:
        raise OneSubjectOnly
    if user is not None:
        return user_subject(user.id)
    if role is not None and not role.is_default():
        return role_subject(role.id)
    return EVERYONE


def _row(allowance: Allowance) -> UsageRow:
    return UsageRow(
        level=allowance.level,
        limit=allowance.limit,
        period=allowance.period,
        used=allowance.used,
        held=allowance.held,
        left=allowance.left,
        frees_at=allowance.frees_at,
    )
