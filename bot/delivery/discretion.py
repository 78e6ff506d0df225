"""What cards do not repeat: a prompt that moderation declined, for others read them, too."""

from dataclasses import replace

from bot.domain import Job
from bot.errors import EaselError, GatewayErrorKind

_DECLINED = f"error-gateway-{GatewayErrorKind.MODERATION}"


def for_all_to_see(job: Job, error: EaselError | None) -> Job:
    """Return the job as cards show it: without its prompt where moderation declined that.

    It does so also where other pictures were painted from the same words.
    """
    # After a restart the error is a Recorded one with the same id and facts.
    if error is None or not (error.message_id == _DECLINED or error.facts.get("declined")):
        return job
    return replace(job, request=replace(job.request, prompt=""))


def for_one_to_see(job: Job, error: EaselError | None, *, reader_id: int) -> Job:
    """Return the job as one person may read it: its requester knows what they typed."""
    return job if reader_id == job.requester.user_id else for_all_to_see(job, error)
