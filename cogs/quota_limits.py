"""/quota set, unlimited, remove and show: the limits of a server."""

from collections.abc import Mapping
from functools import partial

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.errors.quotas import OneSubjectOnly
from bot.discord_ui.quota_embeds import LimitRow, MemberStatus
from bot.discord_ui.quota_list_embeds import (
    LIMITS_ON_A_PAGE,
    CreditLimit,
    GeneralLimits,
    SubjectRow,
    list_page,
)
from bot.quota.audit import Action
from bot.quota.levels import EVERYONE, SERVER, Member, role_subject, user_subject
from bot.quota.limits import Limit, LimitSet, Period, caps
from cogs.dependencies import Dependencies
from cogs.quota_base import PageReply, QuotaCommands, checked_user, guild_id_of, quota

PERIODS = [app_commands.Choice(name=str(period), value=str(period)) for period in Period]
LIMITS = "limits"


class LimitCommands(QuotaCommands):
    """The commands that set limits and show them."""

    @quota.command(name="set")
    @app_commands.describe(
        credits="Number of credits; 0 allows no pictures",
        per="Period of the limit",
        user="Person to limit; if user, role and whole_server are empty, everyone",
        role="Role to limit: each person with this role",
        whole_server="Limit all people here together instead of each one",
    )
    @app_commands.choices(per=PERIODS)
    async def set_limit(
        self,
        interaction: Interaction,
        credits: int,
        per: str,
        user: discord.User | None = None,
        role: discord.Role | None = None,
        whole_server: bool = False,
    ) -> None:
        """Limit the credits of a person, a role, everyone or the whole server."""
        subject = _subject(user and checked_user(user), role, whole_server=whole_server)
        limit = Limit(credits, Period(per))
        await self._database.write_soon(
            partial(
                self._ledger.set_limit,
                server_id=guild_id_of(interaction),
                subject=subject,
                limit=limit,
                actor_id=interaction.user.id,
            )
        )
        row = LimitRow(subject, limit.credits, limit.period)
        await self.answer(interaction, self._embeds.limit_set(row, self.locale(interaction)))

    @quota.command()
    @app_commands.describe(
        user="Person to exempt; if user, role and whole_server are empty, everyone",
        role="Role to exempt: each person with this role",
        whole_server="Exempt all people here together instead of each one",
    )
    async def unlimited(
        self,
        interaction: Interaction,
        user: discord.User | None = None,
        role: discord.Role | None = None,
        whole_server: bool = False,
    ) -> None:
        """Exempt a person, a role or everyone from personal limits."""
        subject = _subject(user and checked_user(user), role, whole_server=whole_server)
        server_id, actor_id = guild_id_of(interaction), interaction.user.id
        await self._database.write_soon(
            partial(
                self._ledger.set_unlimited,
                server_id=server_id,
                subject=subject,
                actor_id=actor_id,
            )
        )
        await self.answer(interaction, self._embeds.unlimited(subject, self.locale(interaction)))

    @quota.command(name="remove")
    @app_commands.describe(
        per="Period of the limit; if empty, all limits",
        user="Person whose limit to remove; if user, role and whole_server are empty, everyone's",
        role="Role whose limit to remove",
        whole_server="Remove the shared limit of all people here",
    )
    @app_commands.choices(per=PERIODS)
    async def remove_limit(
        self,
        interaction: Interaction,
        per: str | None = None,
        user: discord.User | None = None,
        role: discord.Role | None = None,
        whole_server: bool = False,
    ) -> None:
        """Remove a limit that was set here."""
        subject = _subject(user, role, whole_server=whole_server)
        await self._database.write_soon(
            partial(
                self._ledger.remove_limit,
                server_id=guild_id_of(interaction),
                subject=subject,
                period=Period(per) if per else None,
                actor_id=interaction.user.id,
            )
        )
        sentence = self._embeds.limit_removed(subject, per, self.locale(interaction))
        await self.answer(interaction, sentence)

    @quota.command()
    async def show(self, interaction: Interaction) -> None:
        """Show the limits set in this server."""
        await (await self.limits_page(interaction, 0)).send(interaction)

    async def limits_page(self, interaction: Interaction, number: int) -> PageReply:
        """Return a page of limits, grants and blocks, without deleted roles."""
        server_id = guild_id_of(interaction)
        if interaction.guild is not None:
            await self._delete_gone_roles(interaction.guild)
        limits, members = await self._database.read(self._ledger.decided, server_id)
        page = list_page(subject_rows(limits, members), number, LIMITS_ON_A_PAGE)
        locale = self.locale(interaction)
        embed = self._lists.limits(page, general_limits(self._deps, limits), locale)
        return self.page_reply(interaction, LIMITS, page, embed)

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """Delete the limits of a deleted role."""
        await self._roles_gone(role.guild.id, [role.id])

    async def _delete_gone_roles(self, guild: discord.Guild) -> None:
        """Delete the limits of roles that were deleted while the bot was not running."""
        # A server that Discord has not described yet has no roles at all, not even @everyone.
        if guild.unavailable or guild.get_role(guild.id) is None:
            return
        limits = await self._database.read(self._ledger.limits, guild.id)
        limited = [int(name.removeprefix("role:")) for name in limits if name.startswith("role:")]
        if gone := [role_id for role_id in limited if guild.get_role(role_id) is None]:
            await self._roles_gone(guild.id, gone)

    async def _roles_gone(self, server_id: int, role_ids: list[int]) -> None:
        await self._database.write(
            self._ledger.subjects_gone,
            server_id=server_id,
            subjects=[role_subject(role_id) for role_id in role_ids],
            action=Action.ROLE_GONE,
        )


def general_limits(deps: Dependencies, limits: Mapping[str, LimitSet]) -> GeneralLimits:
    """Return the limits that hold for everyone and for the whole server."""
    return GeneralLimits(
        everyone=_in_order_of_periods(limits.get(EVERYONE, ())),
        server=_in_order_of_periods(_deciding(limits.get(SERVER, ()), deps.server_quota)),
        default=_in_order_of_periods(deps.default_quota),
        server_quota=_in_order_of_periods(deps.server_quota),
    )


def _deciding(limits: LimitSet, ceiling: LimitSet) -> LimitSet:
    """Return the shared limits that decide: above the operator's one, the operator's does."""
    ceilings = {period: credits for credits, period in caps(ceiling)}
    return tuple(
        Limit(credits, period)
        for credits, period in caps(limits)
        if credits <= ceilings.get(period, credits)
    )


def _subject(user: discord.User | None, role: discord.Role | None, *, whole_server: bool) -> str:
    """Return the subject that the options name, everyone without one; raises OneSubjectOnly."""
    named = []
    if user is not None:
        named.append(user_subject(user.id))
    if role is not None:
        named.append(EVERYONE if role.is_default() else role_subject(role.id))
    if whole_server:
        named.append(SERVER)
    if len(named) > 1:
        raise OneSubjectOnly
    return named[0] if named else EVERYONE


def subject_rows(limits: Mapping[str, LimitSet], members: Mapping[int, Member]) -> list[SubjectRow]:
    """Return the rows of roles, then of people; those of everyone are shown elsewhere."""
    statuses = {
        user_subject(user_id): MemberStatus(member.granted, member.block_reason)
        for user_id, member in members.items()
        if member.granted or member.block_reason is not None
    }
    subjects = sorted({*limits, *statuses} - {EVERYONE, SERVER}, key=_order)
    return [
        SubjectRow(
            subject,
            _in_order_of_periods(limits.get(subject, ())),
            statuses.get(subject, MemberStatus()),
        )
        for subject in subjects
    ]


def _order(subject: str) -> tuple[str, int]:
    kind, _, number = subject.partition(":")
    return kind, int(number)


def _in_order_of_periods(limits: LimitSet) -> tuple[CreditLimit, ...]:
    """Return limits in the order of their periods, without an "unlimited" beside a number."""
    periods = list(Period)
    numbered = [limit for limit in limits if limit.credits is not None]
    found = sorted(numbered or limits, key=lambda limit: periods.index(limit.period))
    return tuple((limit.credits, limit.period) for limit in found)
