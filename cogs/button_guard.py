"""What every press on a control goes through, before it does anything."""

from collections.abc import Awaitable, Callable

from discord import Interaction

from bot.discord_ui.client import Client
from bot.jobs.job_lookup import JobLookup
from bot.jobs.repository.rows import WrittenJob
from cogs.request_builder import CallerContext, RequestBuilder

# The same person's press on the same control counts once in this time.
DEBOUNCE_MS = 3_000

Do = Callable[[Interaction, WrittenJob, CallerContext], Awaitable[None]]


class ButtonGuard:
    """Lets presses through, or says why not: errors inside controls are lost anywhere else."""

    def __init__(
        self,
        *,
        client: Client,
        job_lookup: JobLookup,
        request_builder: RequestBuilder,
        now: Callable[[], int],
    ) -> None:
        self._client = client
        self._job_lookup = job_lookup
        self._request_builder = request_builder
        self._pressed = Debouncer(now, within_ms=DEBOUNCE_MS)

    async def let(self, interaction: Interaction, job_id: str, do: Do) -> None:
        """Let somebody look at a result, or take it down."""
        try:
            written, caller = await self._admit(interaction, job_id)
            await do(interaction, written, caller)
        except Exception as error:  # noqa: BLE001 - the one handler tells what is expected
            await self._client.answer_error(interaction, error)

    async def let_paint(self, interaction: Interaction, job_id: str, do: Do) -> None:
        """Let somebody paint from a result, where they may."""
        try:
            written, caller = await self.admit_painter(interaction, job_id)
            await do(interaction, written, caller)
        except Exception as error:  # noqa: BLE001 - the one handler tells what is expected
            await self._client.answer_error(interaction, error)

    async def admit_painter(
        self, interaction: Interaction, job_id: str
    ) -> tuple[WrittenJob, CallerContext]:
        """Return the job and who wants to paint from it.

        Raises:
            EaselError: there is no such job, or they may not paint here, or not from it.
        """
        self._client.admit(interaction)
        written, caller = await self._admit(interaction, job_id)
        self._request_builder.check_access(caller)
        self._request_builder.check_controls(caller, written.job)
        return written, caller

    async def is_double(self, interaction: Interaction, control: str, job_id: str) -> bool:
        """Tell whether the same person pressed the same a moment ago; then nothing happens."""
        if not self._pressed.did((interaction.user.id, control, job_id)):
            return False
        await interaction.response.defer()
        return True

    async def _admit(
        self, interaction: Interaction, job_id: str
    ) -> tuple[WrittenJob, CallerContext]:
        if interaction.guild_id is not None:
            self._client.admit(interaction)
        return await self._job_lookup.job(job_id), self._request_builder.caller(interaction)


class Debouncer:
    """Remembers who did something within the last ``within_ms`` milliseconds."""

    def __init__(self, now: Callable[[], int], *, within_ms: int) -> None:
        self._now = now
        self._within_ms = within_ms
        self._at: dict[object, int] = {}

    def did(self, who: object) -> bool:
        """Tell whether they did it lately; if not, they did it now."""
        now = self._now()
        self._at = {who: at for who, at in self._at.items() if now - at < self._within_ms}
        if who in self._at:
            return True
        self._at[who] = now
        return False
