"""The file that remembers deletions: nobody is named in it, and it forgets in time."""

from pathlib import Path

import pytest

from bot.core.errors.base import StartRefused
from bot.core.job_ids import new_job_id
from bot.core.pseudonyms import Pseudonyms
from bot.jobs.personal_data.deletion_requests import KEPT_MS, DeletionRequest, DeletionRequests

ADA, BEN = 123_456_789_012_345_678, 2


class Time:
    """A clock that a test moves."""

    now_ms = 1_790_000_000_000

    def __call__(self) -> int:
        """Return the time."""
        return self.now_ms


def opened(folder: Path, now: Time, key: bytes = b"k" * 32) -> DeletionRequests:
    return DeletionRequests(folder / "easel.db", hashed=Pseudonyms(key).deletion_mark, now=now)


def test_the_last_deletion_of_each_person_is_known(tmp_path: Path) -> None:
    """Also by the next process, which restores an older backup."""
    now = Time()
    assert opened(tmp_path, now).among([ADA, BEN]) == []
    for _ in range(2):
        now.now_ms += 1000
        opened(tmp_path, now).add(ADA)
    assert opened(tmp_path, now).among([ADA, BEN]) == [DeletionRequest(ADA, now.now_ms)]


def test_nobody_is_named_and_nobody_can_be_guessed(tmp_path: Path) -> None:
    """Whoever deletes everything leaves no id behind, and no hash of it without the key."""
    now = Time()
    opened(tmp_path, now).add(ADA)
    file = tmp_path / "easel.db-deletions"
    assert str(ADA) not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert opened(tmp_path, now, key=b"x" * 32).among([ADA]) == []
    pseudonyms = Pseudonyms(b"k" * 32)
    assert pseudonyms.deletion_mark(ADA) != pseudonyms.of(ADA)


def test_what_no_backup_can_bring_back_is_forgotten(tmp_path: Path) -> None:
    """Backups are kept for 90 days at most."""
    now = Time()
    opened(tmp_path, now).add(ADA)
    now.now_ms += KEPT_MS - 1
    opened(tmp_path, now).add(BEN)
    opened(tmp_path, now).forget_old()
    assert {each.user_id for each in opened(tmp_path, now).among([ADA, BEN])} == {ADA, BEN}
    now.now_ms += 1
    opened(tmp_path, now).forget_old()
    assert {each.user_id for each in opened(tmp_path, now).among([ADA, BEN])} == {BEN}


def test_a_removed_result_is_known_and_forgotten_as_people_are(tmp_path: Path) -> None:
    """It stands in the same file, and is nobody who had their data deleted."""
    now, job_id = Time(), new_job_id(Time.now_ms)
    opened(tmp_path, now).add_result(job_id)
    assert not opened(tmp_path, now).any()
    opened(tmp_path, now).add(ADA)
    assert opened(tmp_path, now).any()
    assert opened(tmp_path, now).results() == [job_id]
    now.now_ms += KEPT_MS
    opened(tmp_path, now).forget_old()
    assert opened(tmp_path, now).results() == []


def test_a_damaged_line_is_skipped(tmp_path: Path) -> None:
    """The file must not keep the bot from starting."""
    now = Time()
    opened(tmp_path, now).add(ADA)
    with (tmp_path / "easel.db-deletions").open("ab") as file:
        file.write(b"\xff\xff\nwhen who\n12\n")
    assert len(opened(tmp_path, now).among([ADA, BEN])) == 1


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    """Left by root, for example."""
    (tmp_path / "easel.db-deletions").mkdir()
    with pytest.raises(StartRefused, match="deletions cannot be read"):
        opened(tmp_path, Time()).among([ADA])
