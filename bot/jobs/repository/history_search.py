"""A person's jobs, found by words of the prompt and by model, page by page.

Requests lie in the database as JSON. SQL finds what may be meant: LOWER is sure of ASCII and of
letters without case only, and some characters are escaped there. Python decides.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.models import ImageRequest
from bot.database.database import LONG_ROWS
from bot.database.transaction import Transaction
from bot.jobs.repository.rows import WrittenJob, listed_job, read_job
from bot.quota.meters import Parameters

# One batch of a search: small, for most of it may be more than a page needs.
_BATCH = 50
_ACTIVE = frozenset('%_\\"')  # in LIKE, or in JSON


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Accepts requests by words of the prompt, in any case, and by model; None is any."""

    text: str | None = None
    model: str | None = None

    def accepts(self, request: ImageRequest) -> bool:
        """Tell whether a request passes."""
        return (self.text is None or _folded(self.text) in _folded(request.prompt)) and (
            self.model is None or self.model.casefold() == request.model.casefold()
        )


EVERYTHING = HistoryFilter()


@dataclass(frozen=True, slots=True)
class JobPlace:
    """The place of a job among a person's, in the order of these."""

    created_at: int
    id: str


@dataclass(frozen=True, slots=True)
class FoundJobs:
    """Jobs that were found, the nearest first, and where to go on; None at the end."""

    jobs: Sequence[WrittenJob]
    last: JobPlace | None


def job_of(rows: Transaction, job_id: str, user_id: int) -> WrittenJob | None:
    """Return a job of this person, None when there is none."""
    row = rows.one("SELECT * FROM jobs WHERE id = $1 AND user_id = $2", job_id, user_id)
    return None if row is None else listed_job(row)


def place_of(rows: Transaction, job_id: str, user_id: int) -> JobPlace | None:
    """Return the place of a job among this person's, None when there is none."""
    found = job_of(rows, job_id, user_id)
    return None if found is None else _place(found)


def last_jobs(rows: Transaction, user_id: int, *, most: int) -> list[WrittenJob]:
    """Return a person's last jobs, the newest first."""
    found = rows.query(
        "SELECT * FROM jobs WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
        user_id,
        most,
    )
    return [listed_job(row) for row in found]


def look_through(
    rows: Transaction,
    user_id: int,
    wanted: HistoryFilter,
    behind: JobPlace | None,
    *,
    newer: bool,
    most: int,
) -> FoundJobs:
    """Return the first of a person's jobs before or after a place that pass, the nearest first.

    Of all others it looks at LONG_ROWS only, because others wait; the place in the result is where
    to go on. It may have more than ``most`` jobs. Without a place it begins at an end of them all.
    """
    if wanted == EVERYTHING:
        jobs = _batch(rows, user_id, wanted, behind, None, newer=newer, most=most)
        return FoundJobs(jobs, _place(jobs[-1]) if len(jobs) == most else None)
    edge = _edge(rows, user_id, behind, newer=newer)
    found: list[WrittenJob] = []
    while len(found) < most:
        batch = _batch(rows, user_id, wanted, behind, edge, newer=newer, most=_BATCH)
        found.extend(each for each in batch if wanted.accepts(each.job.request))
        if len(batch) < _BATCH:
            return FoundJobs(found, edge)
        behind = _place(batch[-1])
    return FoundJobs(found, behind)


def models(rows: Transaction, user_id: int, *, most: int) -> list[str]:
    """Return the models of a person's last ``most`` jobs, that of the newest first."""
    found = rows.query(
        "SELECT * FROM jobs WHERE user_id = $1 ORDER BY created_at DESC LIMIT $2",
        user_id,
        most,
    )
    read = (read_job(row) for row in found)
    jobs = (each.job for each in read if isinstance(each, WrittenJob))
    return list(dict.fromkeys(job.request.model for job in jobs))


def _batch(
    rows: Transaction,
    user_id: int,
    wanted: HistoryFilter,
    behind: JobPlace | None,
    edge: JobPlace | None,
    *,
    newer: bool,
    most: int,
) -> Sequence[WrittenJob]:
    """Return the jobs behind a place, and up to an edge, that SQL does not exclude."""
    parameters = Parameters()
    where = _behind(parameters, behind, newer=newer)
    if edge is not None:
        # The other way, and with the edge itself.
        where += f" AND (created_at, id) {'<=' if newer else '>='} {_values(parameters, edge)}"
    if wanted != EVERYTHING:
        where += f" AND LOWER(request) LIKE {parameters.add(_pattern(wanted))}"
    found = rows.query(
        f"SELECT * FROM jobs WHERE user_id = {parameters.add(user_id)}{where}"
        f" ORDER BY {_order(newer=newer)} LIMIT {parameters.add(most)}",
        *parameters.values,
    )
    return [listed_job(row) for row in found]


def _edge(
    rows: Transaction, user_id: int, behind: JobPlace | None, *, newer: bool
) -> JobPlace | None:
    """Return the last of the jobs that may be looked at, None if all that are left may be."""
    parameters = Parameters()
    where = _behind(parameters, behind, newer=newer)
    found = rows.one(
        f"SELECT created_at, id FROM jobs WHERE user_id = {parameters.add(user_id)}{where}"
        f" ORDER BY {_order(newer=newer)} LIMIT 1 OFFSET {parameters.add(LONG_ROWS - 1)}",
        *parameters.values,
    )
    return None if found is None else JobPlace(*found)


def _behind(parameters: Parameters, place: JobPlace | None, *, newer: bool) -> str:
    if place is None:
        return ""
    return f" AND (created_at, id) {'>' if newer else '<'} {_values(parameters, place)}"


def _values(parameters: Parameters, place: JobPlace) -> str:
    return f"({parameters.add(place.created_at)}, {parameters.add(place.id)})"


def _order(*, newer: bool) -> str:
    order = "ASC" if newer else "DESC"
    return f"created_at {order}, id {order}"


def _place(written: WrittenJob) -> JobPlace:
    return JobPlace(written.job.created_at, written.job.id)


def _pattern(wanted: HistoryFilter) -> str:
    """Return what LIKE finds in a request as it is recorded: prompt, model, size.

    A quotation mark within one is written behind a backslash, so its end is found nowhere else.
    """
    text = "%" if wanted.text is None else f"%{_like(wanted.text)}%"
    model = "%" if wanted.model is None else f'{_like(wanted.model)}","size":"%'
    return f'{{"prompt":"{text}","model":"{model}'


def _like(words: str) -> str:
    return "".join(letter if _is_itself(letter) else "%" for letter in words.lower())


def _is_itself(letter: str) -> bool:
    if letter in _ACTIVE or not letter.isprintable() or letter.isspace():
        return False
    written_so = {letter, letter.upper(), unicodedata.normalize("NFD", letter)}
    return letter.isascii() or len(written_so) == 1


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
