import os
import stat
from pathlib import Path

import pytest

from bot.gateways.reply import unread_files
from bot.gateways.reply.unread_files import UNREAD_RETENTION_MS, UnreadFiles
from tests.gateways.generation_harness import CLOCK_START_MS


class _Store:
    """The folder, with a clock."""

    def __init__(self, folder: Path) -> None:
        self.now_ms = CLOCK_START_MS
        self.folder = folder / "unread"
        self.incoming = folder
        self.files = UnreadFiles(self.folder, lambda: self.now_ms)

    def keep(self, name: str, size: int = 100) -> None:
        """Keep a file of this size."""
        file = self.incoming / f"{name}.part"
        file.write_bytes(os.urandom(size))
        self.files.keep(file, name)
        assert not file.exists()

    @property
    def names(self) -> list[str]:
        """Return which files are kept."""
        return sorted(path.name.partition("-")[0] for path in self.folder.glob("*"))


def test_a_file_is_kept_for_a_week(tmp_path: Path) -> None:
    """The operator has time to look; other people's pictures do not stay for ever."""
    store = _Store(tmp_path)
    store.keep("a")
    store.now_ms += UNREAD_RETENTION_MS - 1000
    store.keep("b")
    assert store.names == ["a", "b"]
    store.now_ms += 2000
    store.files.delete_old()
    assert store.names == ["b"]


def test_the_oldest_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that sends rubbish does not fill the disk."""
    monkeypatch.setattr(unread_files, "MAX_UNREAD_BYTES", 250)
    store = _Store(tmp_path)
    for name in "abcd":
        store.keep(name)
        store.now_ms += 1000
    assert store.names == ["c", "d"]


def test_a_very_large_file_takes_no_other_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was paid for like any other, and stays until there is a newer one."""
    monkeypatch.setattr(unread_files, "MAX_UNREAD_BYTES", 250)
    store = _Store(tmp_path)
    kept = []
    for name, size in [("a", 100), ("b", 100), ("c", 999), ("d", 100)]:
        store.keep(name, size)
        store.now_ms += 1000
        kept.append(store.names)
    assert kept == [["a"], ["a", "b"], ["a", "b", "c"], ["b", "d"]]


def test_only_the_operator_can_read_them(tmp_path: Path) -> None:
    """They may be somebody's picture."""
    store = _Store(tmp_path)
    store.keep("a")
    (kept,) = store.folder.glob("*")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_without_a_folder_there_is_nothing_to_remove(tmp_path: Path) -> None:
    """Maintenance runs before anything was kept."""
    _Store(tmp_path).files.delete_old()
    assert not (tmp_path / "unread").exists()
