"""User tags: the gateway can tell people apart, and cannot tell who they are."""

import stat
from pathlib import Path

import pytest

from bot.core.errors.base import StartRefused
from bot.core.pseudonyms import Pseudonyms, make_key, read_key


def test_a_person_keeps_their_tag_and_shares_it_with_nobody(tmp_path: Path) -> None:
    """A gateway that blocks one abuser must not block another person."""
    first = Pseudonyms(make_key(tmp_path / "key"))
    again = Pseudonyms(make_key(tmp_path / "key"))
    assert first.of(1) == again.of(1)
    assert len({first.of(user_id) for user_id in range(1000)}) == 1000
    assert len(first.of(2**63)) == 32


def test_a_pseudonym_is_a_number_that_no_id_is(tmp_path: Path) -> None:
    """What an anonymous person spent must never count for somebody else."""
    tags = Pseudonyms(make_key(tmp_path / "key"))
    pseudonyms = [tags.pseudonym(user_id) for user_id in range(1000)]
    assert pseudonyms == [tags.pseudonym(user_id) for user_id in range(1000)]
    assert len(set(pseudonyms)) == 1000
    assert all(-(2**62) <= pseudonym < 0 for pseudonym in pseudonyms)


def test_a_pseudonym_tells_nothing_of_the_tag(tmp_path: Path) -> None:
    """A gateway that knows somebody's tag must not find their charges in an export."""
    tags = Pseudonyms(make_key(tmp_path / "key"))
    hashed = -1 - tags.pseudonym(1)
    assert f"{hashed:016x}"[1:] not in tags.of(1)


def test_another_data_folder_gives_other_tags(tmp_path: Path) -> None:
    """Two bots of one operator cannot be put together by their gateway."""
    one, two = (Pseudonyms(make_key(tmp_path / name)) for name in "ab")
    assert one.of(1) != two.of(1)
    assert one.pseudonym(1) != two.pseudonym(1)


def test_only_the_owner_can_read_the_key(tmp_path: Path) -> None:
    """With the key, all ids could be tried."""
    make_key(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize("left", [b"", b"half a key"])
def test_a_damaged_key_stops_the_start(tmp_path: Path, left: bytes) -> None:
    """With an empty one anybody could go through all ids, and the disk was full once."""
    (tmp_path / "key").write_bytes(left)
    with pytest.raises(StartRefused, match="DATA_DIR is damaged"):
        read_key("", tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == left


def test_a_key_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    """Somebody started the bot as root once: no traceback, but what to fix."""
    (tmp_path / "key").mkdir()
    with pytest.raises(StartRefused, match=r"cannot be read .*: let the bot's user read it"):
        read_key("", tmp_path / "key")
