"""``python -m bot db restore``: put a backup in the place of the database while no bot runs."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.core.errors.base import StartRefused
from bot.core.i18n.texts import Texts
from bot.core.process_lock import LockFolders, hold_restore_lock
from bot.core.pseudonyms import Pseudonyms, make_key, read_key
from bot.database.installation import KEY_FINGERPRINT, read_value
from bot.database.opening import SQLITE_ENDS
from bot.database.restore import (
    BackupRefused,
    ForgottenCharges,
    forgotten_charges,
    prepare_backup,
    replace_database,
)
from bot.database.transaction import Transaction
from bot.jobs.personal_data.deletion_requests import DeletionRequests
from bot.jobs.repository import personal_data
from bot.jobs.repository.restored_jobs import set_open_jobs_aside
from bot.settings.settings import USER_TAGS_KEY

Say = Callable[[str], None]


def restore(
    file: Path, locks: LockFolders, now: Callable[[], int], say: Say, *, key: str = ""
) -> None:
    """Restore the backup, and print what it does not know; ``key`` is USER_TAGS_KEY.

    Raises:
        StartRefused: a process uses the database, or the backup cannot be restored.
    """
    _refuse_unless_a_backup(file, locks.database)
    path, key_file = locks.database.resolve(), locks.data_dir / USER_TAGS_KEY
    with hold_restore_lock(locks):
        found = read_key(key, key_file)
        restored = _restore(file, path, now)
        if found is None and restored.fingerprint is None:
            found = make_key(key_file)
    pseudonyms = None if found is None else Pseudonyms(found)
    say(Texts().say("db-restored", file=str(file), path=str(path)))
    _tell(restored, say)
    if pseudonyms is None or restored.fingerprint not in (None, pseudonyms.fingerprint):
        say(Texts().say("db-key-missing", key=str(key_file)))
        return
    deletions = DeletionRequests(path, hashed=pseudonyms.deletion_mark, now=now)
    count = len(deletions.among(restored.people))
    say(Texts().say("db-deletions-repeated", count=count))


@dataclass(frozen=True, slots=True)
class _Restored:
    """What was restored: ``aside`` is the database before it, if there was one.

    ``fingerprint`` is that of the key which the backup was written with, if it knows.
    """

    aside: Path | None
    forgotten: ForgottenCharges | None
    open_jobs: int
    people: Sequence[int]
    fingerprint: str | None


def _restore(file: Path, path: Path, now: Callable[[], int]) -> _Restored:
    prepared = path.with_name(f"{path.name}.restoring")
    aside = path.with_name(f"{path.name}.before-{_stamp(now())}") if path.exists() else None
    try:
        open_jobs, people, fingerprint = prepare_backup(file, prepared, _set_aside, now=now)
        forgotten = forgotten_charges(path, prepared) if aside else None
        replace_database(path, prepared, aside or path.with_name(f"{path.name}.before"))
    except BackupRefused as refused:
        raise StartRefused(f"{file} was not restored, because {refused}.") from None
    except (OSError, sqlite3.Error) as error:
        raise StartRefused(
            f"{file} could not be restored ({error}): let your user read it and write "
            f"{path.parent}, and free some disk space."
        ) from error
    return _Restored(aside, forgotten, open_jobs, people, fingerprint)


def _tell(restored: _Restored, say: Say) -> None:
    texts = Texts()
    if restored.aside:
        say(texts.say("db-moved-aside", aside=str(restored.aside)))
        if restored.forgotten is None:
            say(texts.say("db-forgotten-unknown"))
        else:
            count, credits_ = restored.forgotten.count, restored.forgotten.credits
            say(texts.say("db-forgotten", count=count, credits=credits_))
    say(texts.say("db-jobs-set-aside", count=restored.open_jobs))


def _set_aside(tx: Transaction) -> tuple[int, list[int], str | None]:
    """Return how many jobs were open, of whom the backup has data, and its key's fingerprint."""
    return set_open_jobs_aside(tx), personal_data.everybody(tx), read_value(tx, KEY_FINGERPRINT)


def _refuse_unless_a_backup(file: Path, path: Path) -> None:
    if not file.is_file():
        raise StartRefused(f"There is no file {file}: name the backup that you want to restore.")
    own = {path.with_name(path.name + end).resolve() for end in SQLITE_ENDS}
    if file.resolve() in own or (path.exists() and file.samefile(path)):
        raise StartRefused(f"{file} is, or belongs to, the database itself: name a backup.")


def _stamp(now_ms: int) -> str:
    return datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
