"""Build a ZIP of limited size from one person's data.

The lists go in first, the newest jobs first; then the pictures that still fit. The lists are
drafted in files, so that ten thousand jobs need no more memory than a hundred.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import msgspec

from bot.core.errors.base import Fact
from bot.core.models import JobState, Reference, WordOptions
from bot.jobs.repository.personal_data import PersonalJob
from bot.jobs.repository.text_requests import PersonalTextRequest
from bot.quota.repository import Charge

NAME = "easel-my-data.zip"
_ENTRY_BYTES = 256  # a file's headers and names in a ZIP, twice, and its name in the list
_MENTION_BYTES = 32  # what the place and name of a file may add to the compressed draft of a list
_RESERVED_BYTES = 64 * 1024  # for the words to read first, and what little deflate may differ

_NO_WORDS = WordOptions()

FileStatus = Literal["in this file", "left out", "kept no longer"]


class PictureEntry(msgspec.Struct):
    """A picture of a job: its name in the archive, if it is there."""

    sha256: str
    format: str
    bytes: int
    place: FileStatus = "left out"
    name: str | None = None
    width: int | None = None
    height: int | None = None
    revised_prompt: str | None = None
    seed: int | None = None


class _JobEntry(msgspec.Struct):
    id: str
    asked_at: str
    ended_at: str | None
    state: str
    server_id: str
    channel_id: str | None
    your_name: str
    language: str
    prompt: str
    model: str
    size: str
    pictures_asked: int
    credits: int
    private: bool = False
    spoiler: bool = False
    words: WordOptions = _NO_WORDS
    seed: int | None = None
    negative: str | None = None
    strength: int | None = None
    left_out: Sequence[str] = ()
    error: str | None = None
    error_facts: dict[str, Fact | None] | None = None
    references: Sequence[PictureEntry] = ()
    mask: PictureEntry | None = None
    pictures: Sequence[PictureEntry] = ()
    action: str | None = None
    operation: str | None = None
    buttons: Sequence[str] = ()
    task_seeds: Sequence[int] = ()

    @property
    def files(self) -> Sequence[PictureEntry]:
        masks = () if self.mask is None else (self.mask,)
        return (*self.pictures, *self.references, *masks)


class _TextEntry(msgspec.Struct):
    id: str
    asked_at: str
    kind: str
    state: str
    server_id: str
    credits: int
    suggestions: Sequence[str]


class _ChargeEntry(msgspec.Struct):
    job_id: str
    at: str
    state: str
    credits: int
    of_these_from_grants: int
    in_doubt_not_charged: int


@dataclass(frozen=True, slots=True)
class ArchiveSummary:
    """What is in an archive, and what did not fit into it."""

    path: Path
    jobs: int
    files: int
    jobs_left_out: int
    files_left_out: int


class ArchiveBuilder:
    """Builds one archive in a folder; its methods block, so call them in a thread.

    ``find`` returns the path of a picture, None where it is kept no longer.
    """

    def __init__(
        self, folder: Path, find: Callable[[Reference], Path | None], *, max_bytes: int
    ) -> None:
        self._folder = folder
        self._find = find
        self._free_bytes = max_bytes - _RESERVED_BYTES
        self._deflate = zlib.compressobj()
        for name in ("jobs", "charges", "texts"):
            (folder / f"{name}.draft").touch()
        self.jobs = 0
        self.texts = 0
        self._names: dict[str, str] = {}
        self._left_out: set[str] = set()

    def add_preferences(self, text: bytes) -> None:
        """Add what the person set and saved; it is small beside pictures."""
        (self._folder / "preferences.draft").write_bytes(text)
        self._free_bytes -= len(text)

    def add_jobs(self, jobs: Sequence[PersonalJob], charges: Mapping[str, Charge]) -> bool:
        """Add some jobs to the drafts, with their charges by job id.

        Return False at the first one that does not fit; those before it are in.
        """
        with (
            (self._folder / "jobs.draft").open("ab") as job_draft,
            (self._folder / "charges.draft").open("ab") as charge_draft,
        ):
            for job in jobs:
                charge = charges.get(job.written.job.id)
                record = _job(job)
                line = msgspec.json.encode(record) + b"\n"
                charged = b"" if charge is None else msgspec.json.encode(_charge(charge)) + b"\n"
                if not self._reserve(line + charged, files=len(record.files)):
                    return False
                job_draft.write(line)
                charge_draft.write(charged)
                self.jobs += 1
        return True

    def add_texts(
        self, texts: Sequence[PersonalTextRequest], charges: Mapping[str, Charge]
    ) -> bool:
        """Add some requests to the chat model as ``add_jobs`` adds jobs."""
        with (
            (self._folder / "texts.draft").open("ab") as text_draft,
            (self._folder / "charges.draft").open("ab") as charge_draft,
        ):
            for text in texts:
                charge = charges.get(text.id)
                line = msgspec.json.encode(_text(text)) + b"\n"
                charged = b"" if charge is None else msgspec.json.encode(_charge(charge)) + b"\n"
                if not self._reserve(line + charged, files=0):
                    return False
                text_draft.write(line)
                charge_draft.write(charged)
                self.texts += 1
        return True

    def close(self, readme: str, *, jobs_left_out: int) -> ArchiveSummary:
        """Write the archive with the pictures that fit."""
        path = self._folder / NAME
        with ZipFile(path, "w", ZIP_DEFLATED, strict_timestamps=False) as archive:
            for job in self._drafted_jobs():
                self._add_pictures(archive, job)
            archive.writestr("README.txt", readme)
            _write(archive, "jobs.json", (self._with_status(job) for job in self._drafted_jobs()))
            _write(archive, "charges.json", self._drafted("charges"))
            if self.texts:
                _write(archive, "texts.json", self._drafted("texts"))
            if (preferences := self._folder / "preferences.draft").is_file():
                archive.write(preferences, "customs.json")
        return ArchiveSummary(path, self.jobs, len(self._names), jobs_left_out, len(self._left_out))

    def _reserve(self, text: bytes, *, files: int) -> bool:
        """Reserve space for some text, compressed; return False if there is not enough."""
        tried = self._deflate.copy()
        size = len(tried.compress(text)) + len(tried.flush(zlib.Z_SYNC_FLUSH))
        size += files * _MENTION_BYTES
        if size > self._free_bytes:
            return False
        self._deflate, self._free_bytes = tried, self._free_bytes - size
        return True

    def _add_pictures(self, archive: ZipFile, job: _JobEntry) -> None:
        """Add a job's files that exist and fit, and remember which do not fit."""
        for file in job.files:
            if file.sha256 in self._names or (path := self._find(_reference(file))) is None:
                continue
            if file.bytes + _ENTRY_BYTES > self._free_bytes:
                self._left_out.add(file.sha256)
                continue
            name = f"pictures/{job.asked_at[:10]}-{file.sha256[:16]}.{file.format}"
            try:
                archive.write(path, name, ZIP_STORED)
            except FileNotFoundError:  # cleared away a moment ago
                continue
            self._names[file.sha256] = name
            self._free_bytes -= file.bytes + _ENTRY_BYTES

    def _with_status(self, job: _JobEntry) -> bytes:
        for file in job.files:
            file.name = self._names.get(file.sha256)
            if file.name is not None:
                file.place = "in this file"
            elif file.sha256 not in self._left_out:
                file.place = "kept no longer"
        entry = msgspec.to_builtins(job)
        words = entry.pop("words")
        return msgspec.json.encode(entry | words)

    def _drafted(self, name: str) -> Iterator[bytes]:
        with (self._folder / f"{name}.draft").open("rb") as draft:
            for line in draft:
                yield line.rstrip(b"\n")

    def _drafted_jobs(self) -> Iterator[_JobEntry]:
        return (msgspec.json.decode(line, type=_JobEntry) for line in self._drafted("jobs"))


def _write(archive: ZipFile, name: str, lines: Iterator[bytes]) -> None:
    """Write a JSON list, one entry to a line."""
    with archive.open(name, "w") as file:
        file.write(b"[")
        for number, line in enumerate(lines):
            file.write(b",\n" if number else b"\n")
            file.write(line)
        file.write(b"\n]\n")


def _job(found: PersonalJob) -> _JobEntry:
    written, job, request = found.written, found.written.job, found.written.job.request
    # As in /history: what was not delivered was not charged, and is not handed out.
    kept = found.kept if written.state is JobState.DONE else ()
    return _JobEntry(
        id=job.id,
        asked_at=_moment(job.created_at),
        ended_at=None if found.ended_at is None else _moment(found.ended_at),
        state=written.state,
        # As words: JavaScript loses the last digits of Discord's ids.
        server_id=str(job.requester.server_id),
        channel_id=None if written.card is None else str(written.card.channel_id),
        your_name=job.requester.name,
        language=job.locale,
        prompt=request.prompt,
        model=request.model,
        size=str(request.size),
        pictures_asked=request.n,
        credits=job.credits,
        private=job.private,
        spoiler=job.spoiler,
        words=WordOptions().with_words(request.words),
        seed=request.seed,
        negative=request.negative,
        strength=request.strength,
        left_out=request.left_out,
        error=None if written.error is None else written.error.message_id,
        error_facts=None if written.error is None else written.error.facts,
        references=[_file(reference) for reference in request.references],
        mask=None if request.mask is None else _file(request.mask),
        pictures=[
            PictureEntry(
                *(each.file.sha256, each.file.format, each.file.bytes),
                width=each.width,
                height=each.height,
                revised_prompt=each.revised_prompt,
                seed=each.seed,
            )
            for each in kept
        ],
        action=None if request.action is None else request.action.face,
        operation=request.operation,
        buttons=[each.button.face for each in found.buttons],
        task_seeds=found.task_seeds,
    )


def _text(found: PersonalTextRequest) -> _TextEntry:
    return _TextEntry(
        id=found.id,
        asked_at=_moment(found.created_at),
        kind=found.kind,
        state=found.state,
        server_id=str(found.server_id),
        credits=found.credits,
        suggestions=found.suggestions,
    )


def _charge(charge: Charge) -> _ChargeEntry:
    return _ChargeEntry(
        job_id=charge.job_id,
        at=_moment(charge.at),
        state=charge.state,
        credits=charge.credits,
        of_these_from_grants=charge.granted,
        in_doubt_not_charged=charge.doubtful,
    )


def _file(reference: Reference) -> PictureEntry:
    return PictureEntry(reference.sha256, reference.format, reference.bytes)


def _reference(file: PictureEntry) -> Reference:
    return msgspec.convert(
        {"sha256": file.sha256, "format": file.format, "bytes": file.bytes}, Reference
    )


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
