"""Jobs, attempts and posted messages: every state is written before it is acted on."""

from bot.journal.journal import Journal
from bot.journal.listing import ListedJob, find_jobs, list_jobs
from bot.journal.written import Attempt, Cost, WrittenAttempt, WrittenJob

__all__ = [
    "Attempt",
    "Cost",
    "Journal",
    "ListedJob",
    "WrittenAttempt",
    "WrittenJob",
    "find_jobs",
    "list_jobs",
]
