"""What cards do not repeat: a prompt that moderation declined, for others read them, too."""

from dataclasses import replace

from bot.core.errors.base import EaselError
from bot.core.errors.gateway import is_declined
from bot.core.models import Job


def for_all_to_see(job: Job, error: EaselError | None) -> Job:
    """Return the job as cards show it: without its prompt where moderation declined that."""
    if not is_declined(error):
        return job
    return replace(job, request=replace(job.request, prompt=""))


def for_one_to_see(job: Job, error: EaselError | None, *, reader_id: int) -> Job:
    """Return the job as one person may read it: its requester knows what they typed."""
    return job if reader_id == job.requester.user_id else for_all_to_see(job, error)
