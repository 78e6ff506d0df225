"""User tags: the gateway can tell people apart, and cannot tell who they are."""

import stat
from pathlib import Path

from bot.user_tags import UserTags, read_or_make_key


def test_a_person_keeps_their_tag_and_shares_it_with_nobody(tmp_path: Path) -> None:
    """A gateway that blocks one abuser must not block another person."""
    first = UserTags(read_or_make_key(tmp_path / "key"))
    again = UserTags(read_or_make_key(tmp_path / "key"))
    assert first.of(1) == again.of(1)
    assert len({first.of(user_id) for user_id in range(1000)}) == 1000
    assert len(first.of(2**63)) == 32


def test_another_data_folder_gives_other_tags(tmp_path: Path) -> None:
    """Two bots of one operator cannot be put together by their gateway."""
    one, two = (UserTags(read_or_make_key(tmp_path / name)) for name in "ab")
    assert one.of(1) != two.of(1)


def test_only_the_owner_can_read_the_key(tmp_path: Path) -> None:
    """With the key, all ids could be tried."""
    read_or_make_key(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
