"""A person's jobs, found by words of the prompt and by model, page by page.

Requests lie in the database as JSON. SQL finds what may be meant: LOWER is sure of ASCII and of
letters without case only, and some characters are escaped there. Python decides.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.models import ImageRequest
from bot.database.transaction import Transaction, Value
from bot.jobs.repository.rows import WrittenJob, listed_job, read_job

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


def job_of(rows: Transaction, job_id: str, user_id: int) -> WrittenJob | None:
    """Return a job of this person, None when there is none."""
    row = rows.one("SELECT * FROM jobs WHERE id = $1 AND user_id = $2", job_id, user_id)
    return None if row is None else listed_job(row)


def last_jobs(rows: Transaction, user_id: int, *, most: int) -> list[WrittenJob]:
    """Return a person's last jobs, the newest first."""
    found = rows.query(
        "SELECT * FROM jobs WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
        user_id,
        most,
    )
    return [listed_job(row) for row in found]


def page_around(
    rows: Transaction,
    user_id: int,
    wanted: HistoryFilter,
    job: WrittenJob | None,
    *,
    newer: bool,
    most: int,
) -> list[WrittenJob]:
    """Return at most ``most`` of a person's jobs from before or after one, the nearest first.

    Where there is none they are the newest or the oldest of all.
    """
    found: list[WrittenJob] = []
    size = most if wanted == EVERYTHING else _BATCH
    while len(found) < most:
        batch = _batch(rows, user_id, wanted, job, newer=newer, most=size)
        found.extend(each for each in batch if wanted.accepts(each.job.request))
        if len(batch) < size:
            break
        job = batch[-1]
    return found[:most]


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
    job: WrittenJob | None,
    *,
    newer: bool,
    most: int,
) -> Sequence[WrittenJob]:
    sign, order = (">", "ASC") if newer else ("<", "DESC")
    where, values = "", list[Value]()
    if wanted != EVERYTHING:
        where += " AND LOWER(request) LIKE $3"
        values.append(_pattern(wanted))
    if job is not None:
        number = 3 + len(values)
        where += f" AND (created_at, id) {sign} (${number}, ${number + 1})"
        values += [job.job.created_at, job.job.id]
    found = rows.query(
        f"SELECT * FROM jobs WHERE user_id = $1{where}"
        f" ORDER BY created_at {order}, id {order} LIMIT $2",
        user_id,
        most,
        *values,
    )
    return [listed_job(row) for row in found]


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
