"""What every process of an installation has in common: a wrong key would give credits twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.errors.base import StartRefused
from bot.core.pseudonyms import make_key
from bot.database.database import Database
from bot.database.installation import KEY_FINGERPRINT, forget_value, open_pseudonyms, read_value
from bot.database.opening import open_database

KEY, OTHER = "0123456789abcdef" * 4, "fedcba9876543210" * 4


@pytest.fixture
async def database(engine_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    backups = tmp_path / "backup"
    async with open_database(engine_url, backup_dir=backups, now=lambda: 1) as database:
        yield database


async def test_an_existing_installation_writes_its_fingerprint_at_the_next_start(
    database: Database, tmp_path: Path
) -> None:
    """Nothing changes for whoever has the file: it is neither replaced nor moved."""
    key = make_key(tmp_path / "key")
    first = await open_pseudonyms(database, "", tmp_path / "key")
    again = await open_pseudonyms(database, "", tmp_path / "key")
    assert first.pseudonym(1) == again.pseudonym(1)
    assert (tmp_path / "key").read_bytes() == key
    fingerprint = await database.read(read_value, KEY_FINGERPRINT)
    assert fingerprint == first.fingerprint
    assert key.hex() not in str(fingerprint)


async def test_a_second_machine_has_the_key_of_the_first_as_a_setting(
    database: Database, tmp_path: Path
) -> None:
    """Both count what somebody spent for the same pseudonym, and it makes no file."""
    key = make_key(tmp_path / "key")
    first = await open_pseudonyms(database, "", tmp_path / "key")
    second = await open_pseudonyms(database, key.hex().upper(), tmp_path / "other")
    assert first.pseudonym(1) == second.pseudonym(1)
    assert not (tmp_path / "other").exists()


async def test_another_key_stops_the_start(database: Database, tmp_path: Path) -> None:
    """Under other pseudonyms a spent limit would be free again; the sentence has no key."""
    await open_pseudonyms(database, KEY, tmp_path / "key")
    with pytest.raises(StartRefused, match=r"is not the one .* set USER_TAGS_KEY") as refused:
        await open_pseudonyms(database, OTHER, tmp_path / "key")
    assert OTHER not in str(refused.value)


async def test_a_missing_key_stops_the_start_and_none_is_made(
    database: Database, tmp_path: Path
) -> None:
    """On a new machine the file was forgotten: a new one in its place would hide that."""
    await open_pseudonyms(database, KEY, tmp_path / "key")
    with pytest.raises(StartRefused, match=r"is missing: .* bring back user-tags\.key"):
        await open_pseudonyms(database, "", tmp_path / "key")
    assert not (tmp_path / "key").exists()


async def test_a_lost_key_can_be_given_up(database: Database, tmp_path: Path) -> None:
    """Otherwise an operator without the backup of one small file could never start again."""
    await open_pseudonyms(database, KEY, tmp_path / "key")
    await database.write(forget_value, KEY_FINGERPRINT)
    new = await open_pseudonyms(database, "", tmp_path / "key")
    assert await database.read(read_value, KEY_FINGERPRINT) == new.fingerprint
