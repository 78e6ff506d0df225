"""Checks that every press of a button under a result passes before anything is done."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

import discord
from discord import Interaction

from bot.discord_ui.caller import CallerContext, caller_of
from bot.discord_ui.client import Client
from bot.discord_ui.command_permissions import RequestPermissions
from bot.jobs.job_lookup import JobLookup
from bot.jobs.repository.rows import WrittenJob
from bot.preferences.access_rules import check_access, check_controls
from bot.preferences.preference_store import PreferenceStore

# Presses of the same button by the same person count once in this time.
DEBOUNCE_MS = 3_000

ButtonAction = Callable[[Interaction, WrittenJob, CallerContext], Awaitable[None]]


class ButtonGuard:
    """Runs the actions of buttons and answers their errors, which discord.py would only log."""

    def __init__(
        self,
        *,
        client: Client,
        job_lookup: JobLookup,
        preference_store: PreferenceStore,
        now: Callable[[], int],
    ) -> None:
        self._client = client
        self._job_lookup = job_lookup
        self._preference_store = preference_store
        self._pressed = Debouncer(now, within_ms=DEBOUNCE_MS)
        self._permissions = RequestPermissions(client, "imagine", now=now)

    async def run(self, interaction: Interaction, job_id: str, action: ButtonAction) -> None:
        """Run an action that requests no picture, such as showing details or deleting."""
        try:
            written, caller = await self._admit(interaction, job_id)
            await action(interaction, written, caller)
        except Exception as error:  # noqa: BLE001 - the one handler answers what is expected
            await self._client.answer_error(interaction, error)

    async def run_request(
        self, interaction: Interaction, job_id: str, action: ButtonAction
    ) -> None:
        """Run an action that leads to a new request, where the caller may make one."""
        try:
            written, caller = await self.admit_request(interaction, job_id)
            await action(interaction, written, caller)
        except Exception as error:  # noqa: BLE001 - the one handler answers what is expected
            await self._client.answer_error(interaction, error)

    async def admit_request(
        self, interaction: Interaction, job_id: str
    ) -> tuple[WrittenJob, CallerContext]:
        """Return the job, and who wants to make a new request from it.

        Raises:
            EaselError: there is no such job, or they may not request here, or not from it.
        """
        self._client.admit(interaction)
        written, caller = await self._admit(interaction, job_id)
        settings = self._preference_store.server(caller.requester.server_id)
        check_access(settings, caller.requester)
        check_controls(settings, caller.requester, written.job)
        self._job_lookup.check_not_removed(written)
        await self.check_request(interaction)
        return written, caller

    async def check_request(self, interaction: Interaction) -> None:
        """Raise CommandNotAllowed where the person may not use /imagine, so not in other ways."""
        await self._permissions.check_press(interaction)

    async def may_repeat(self, member: discord.Member, channel_id: int) -> bool:
        """Tell whether a member who reacts may make a request where they do."""
        return await self._permissions.allows_reaction(member, channel_id)

    async def is_repeated(self, interaction: Interaction, control: str, content: object) -> bool:
        """Tell whether the same person just did the same; then acknowledge only.

        ``content`` is what was done: a job's id of a button, everything that was typed of a form.
        """
        if not self._pressed.is_repeated((interaction.user.id, control, content)):
            return False
        await interaction.response.defer()
        return True

    async def _admit(
        self, interaction: Interaction, job_id: str
    ) -> tuple[WrittenJob, CallerContext]:
        if interaction.guild_id is not None:
            self._client.admit(interaction)
        caller = caller_of(interaction, self._client.languages)
        return await self._job_lookup.job(job_id), caller


class Debouncer:
    """Remembers the actions of the last ``within_ms`` milliseconds."""

    def __init__(self, now: Callable[[], int], *, within_ms: int) -> None:
        self._now = now
        self._within_ms = within_ms
        self._at: OrderedDict[object, int] = OrderedDict()  # the oldest first

    def is_repeated(self, action: object) -> bool:
        """Tell whether the action was seen lately; if not, remember it now."""
        now = self._now()
        self._forget_before(now - self._within_ms)
        if self._is_recent(action, now):
            return True
        self._at[action] = now
        self._at.move_to_end(action)
        return False

    def _forget_before(self, end: int) -> None:
        # A thousand actions may come at once: only what is forgotten is looked at.
        while self._at and next(iter(self._at.values())) <= end:
            self._at.popitem(last=False)

    def _is_recent(self, action: object, now: int) -> bool:
        at = self._at.get(action)  # behind a later time, where the clock was set back
        return at is not None and now - at < self._within_ms
