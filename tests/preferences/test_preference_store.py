"""The preference store: kept in memory, written at once, read again at the next start."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.models import ImageOptions
from bot.database.database import Database
from bot.database.notifications import LocalNotifications
from bot.database.opening import open_file
from bot.database.outage import DatabaseBusy, DatabaseWaits
from bot.database.transaction import Transaction
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.presets import (
    MAX_PRESETS,
    NoSuchPreset,
    PresetNameEmpty,
    PresetNameTooLong,
    PresetsFull,
    clean_preset_name,
    preset_key,
)
from bot.preferences.stored_preferences import PersonalPreferences, ServerSettings
from tests.database.test_outage import commits_wait, locked

SETTINGS = ServerSettings(
    model="m",
    size="1x1",
    n=3,
    models=("m",),
    channels=(2**63 - 1,),
    roles=(),
    controls="requester",
    reroll="👍",
    delete="👎",
    moderation="low",
    language="en",
)
PREFERENCES = PersonalPreferences(
    model="m", size="1x1", n=2, quality="hd", language="en", private=True, ping=False
)
WISH = ImageOptions(prompt="狐 {prompt}", model="m", size="1x1", n=1, quality="q", style="s")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = open_file(tmp_path / "easel.db", backup_dir=tmp_path, now=lambda: 0)
    async with opened as database:
        yield database


async def fresh(database: Database) -> PreferenceStore:
    """Return what a new process reads."""
    preference_store = PreferenceStore(database, LocalNotifications(), now=lambda: 7)
    await preference_store.load()
    return preference_store


async def test_everything_is_there_after_a_restart(database: Database) -> None:
    """Settings, preferences and presets outlive the process, each word of them."""
    before = await fresh(database)
    await before.change_server(1, lambda _: SETTINGS)
    await before.change_person(2, lambda _: PREFERENCES)
    assert await before.save_preset(2, "Ink", WISH) is None
    for preference_store in (before, await fresh(database)):
        assert preference_store.server(1) == SETTINGS
        assert preference_store.person(2) == PREFERENCES
        assert preference_store.preset(2, "iNK").options == WISH
        assert preference_store.preset(2, "ink").at == 7
        assert preference_store.servers == (1,)


async def test_who_never_set_anything_has_the_defaults(database: Database) -> None:
    """A server that never saw /settings works, and a person's ping is on."""
    preference_store = await fresh(database)
    assert preference_store.server(1) == ServerSettings()
    assert preference_store.person(1) == PersonalPreferences()
    assert preference_store.presets(1) == {}


async def test_rows_of_other_versions_are_read(database: Database) -> None:
    """Unknown keys are passed over, missing ones have their default, a broken row stops nobody."""
    for server, text in enumerate(('{"n": 2, "later": [1]}', "{", '{"n": "two"}'), 1):
        await database.write(
            Transaction.write, "INSERT INTO server_settings VALUES ($1, $2)", server, text
        )
    preference_store = await fresh(database)
    assert preference_store.server(1) == ServerSettings(n=2)
    assert preference_store.server(2) == preference_store.server(3) == ServerSettings()


async def test_what_is_not_said_is_not_written(database: Database) -> None:
    """So that the default of a later version holds."""
    await (await fresh(database)).change_server(1, lambda s: replace(s, n=2))
    row = await database.read(Transaction.one, "SELECT settings FROM server_settings")
    assert row is not None
    assert "null" not in row["settings"]


async def test_a_change_that_fails_changes_nothing(database: Database) -> None:
    """Memory never knows more than the database."""
    preference_store = await fresh(database)
    await preference_store.change_server(1, lambda s: replace(s, n=2))

    def broken(_: ServerSettings) -> ServerSettings:
        raise NoSuchPreset(name="x")

    with pytest.raises(NoSuchPreset):
        await preference_store.change_server(1, broken)
    assert preference_store.server(1).n == (await fresh(database)).server(1).n == 2


async def test_changes_at_once_lose_nothing(database: Database) -> None:
    """Two admins press at the same moment; each starts from what the other made."""
    preference_store = await fresh(database)

    def one_more(settings: ServerSettings) -> ServerSettings:
        return replace(
            settings, channels=(*(settings.channels or ()), len(settings.channels or ()))
        )

    await asyncio.gather(*(preference_store.change_server(1, one_more) for _ in range(20)))
    assert preference_store.server(1).channels == tuple(range(20))
    assert (await fresh(database)).server(1) == preference_store.server(1)


async def test_a_change_that_is_committed_too_late_is_remembered(database: Database) -> None:
    """Until a restart, people would see other settings than those that are stored."""
    preference_store = await fresh(database)
    await preference_store.save_preset(2, "old", WISH)
    database.waits = DatabaseWaits(answer_s=0.05)
    changes = (
        lambda: preference_store.change_server(1, lambda _: SETTINGS),
        lambda: preference_store.change_person(2, lambda _: PREFERENCES),
        lambda: preference_store.save_preset(2, "Ink", WISH),
        lambda: preference_store.delete_preset(2, "old"),
    )
    for change in changes:
        async with commits_wait(database):
            with pytest.raises(DatabaseBusy):
                await change()
        await database.write(Transaction.query, "SELECT 1")  # behind the late one
    for known in (preference_store, await fresh(database)):
        assert (known.server(1), known.person(2)) == (SETTINGS, PREFERENCES)
        assert list(known.presets(2)) == ["ink"]


async def test_who_waits_for_the_change_of_another_is_answered_in_time(database: Database) -> None:
    """The second admin would have waited twice: for the first one, and for the database."""
    preference_store = await fresh(database)
    database.waits = DatabaseWaits(answer_s=0.5)
    async with commits_wait(database):
        began_s = asyncio.get_running_loop().time()
        ends = await asyncio.gather(
            *(preference_store.change_server(each, lambda _: SETTINGS) for each in range(3)),
            return_exceptions=True,
        )
        took_s = asyncio.get_running_loop().time() - began_s
    assert [type(each) for each in ends] == [DatabaseBusy] * 3
    assert took_s < 0.9


async def test_a_row_that_cannot_be_written_is_not_remembered(database: Database) -> None:
    """The next start would have forgotten it."""
    preference_store = await fresh(database)
    await database.write(Transaction.write, "DROP TABLE presets")
    await database.write(Transaction.write, "DROP TABLE preferences")
    with pytest.raises(Exception, match="no such table"):
        await preference_store.save_preset(1, "ink", WISH)
    with pytest.raises(Exception, match="no such table"):
        await preference_store.change_person(1, lambda _: PREFERENCES)
    assert preference_store.presets(1) == {}
    assert preference_store.person(1) == PersonalPreferences()


async def test_a_name_is_there_once_whatever_its_case(database: Database) -> None:
    """Saving it again replaces it, also its spelling; others have presets of their own."""
    preference_store = await fresh(database)
    await preference_store.save_preset(1, "Straße", WISH)
    before = await preference_store.save_preset(1, "STRASSE", ImageOptions(n=2))
    assert before is not None
    assert before.options == WISH
    assert [preset.name for preset in preference_store.presets(1).values()] == ["STRASSE"]
    assert preference_store.presets(2) == {}
    assert (await preference_store.delete_preset(1, "strasse")).options == ImageOptions(n=2)
    assert (await fresh(database)).presets(1) == {}
    with pytest.raises(NoSuchPreset):
        await preference_store.delete_preset(1, "strasse")


async def test_a_thousand_presets_and_no_more(database: Database) -> None:
    """A person cannot fill the disk; what is there can still be replaced and found."""
    preference_store = await fresh(database)
    for number in range(MAX_PRESETS):
        await preference_store.save_preset(1, f"preset {number}", WISH)
    with pytest.raises(PresetsFull):
        await preference_store.save_preset(1, "one more", WISH)
    assert await preference_store.save_preset(1, "Preset 7", WISH) is not None
    assert len(preference_store.presets(1)) == MAX_PRESETS
    assert len(preference_store.suggest_presets(1, "")) == 25
    assert preference_store.suggest_presets(1, "ET 99") == [
        f"preset {number}" for number in (99, *range(990, 1000))
    ]
    again = await fresh(database)
    assert list(again.presets(1)) == list(preference_store.presets(1))


async def test_a_person_is_forgotten(database: Database) -> None:
    """What somebody deletes is in no table and in no memory; others keep theirs."""
    preference_store = await fresh(database)
    for user in (1, 2):
        await preference_store.change_person(user, lambda _: PREFERENCES)
        await preference_store.save_preset(user, "ink", WISH)
    await preference_store.delete_person(1)
    await preference_store.delete_person(3)
    for known in (preference_store, await fresh(database)):
        assert (known.person(1), known.presets(1)) == (PersonalPreferences(), {})
        assert (known.person(2), len(known.presets(2))) == (PREFERENCES, 1)


async def test_a_person_is_forgotten_when_the_lock_is_gone(
    database: Database, tmp_path: Path
) -> None:
    """Their jobs are deleted before: it would be wrong to say that nothing was changed."""
    preference_store = await fresh(database)
    await preference_store.change_person(1, lambda _: PREFERENCES)
    database.waits = DatabaseWaits(first_pause_s=0.001, longest_pause_s=0.01)
    await database.write(Transaction.query, "PRAGMA busy_timeout = 20")
    with locked(tmp_path / "easel.db"):
        deleting = asyncio.create_task(preference_store.delete_person(1))
        await asyncio.wait((deleting,), timeout=0.2)
        assert not deleting.done()
    await deleting
    assert (await fresh(database)).person(1) == PersonalPreferences()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  two   words ", "two words"),
        ("a\u200bb\u202e", "ab"),
        ("line\nbreak", "line break"),
        ("狐" * 50, "狐" * 50),
        ("@everyone **x**", "@everyone **x**"),
        ("👩\u200d👧", "👩\u200d👧"),
    ],
)
def test_a_name_is_kept_as_people_see_it(typed: str, name: str) -> None:
    """Two names that look alike are one."""
    assert clean_preset_name(typed) == name
    assert preset_key(typed) == preset_key(name)


@pytest.mark.parametrize("typed", ["", " ", "\u200b", "\u200d", "\n\t", "\u202e\u2066", "\x00"])
def test_a_name_that_shows_nothing_is_refused(typed: str) -> None:
    """Nobody could choose it again."""
    with pytest.raises(PresetNameEmpty):
        clean_preset_name(typed)


@pytest.mark.parametrize("typed", ["x" * 51, "🦊" * 26, "x" * 4_000])
def test_a_long_name_is_refused(typed: str) -> None:
    """Fifty characters, as Discord counts them."""
    with pytest.raises(PresetNameTooLong):
        clean_preset_name(typed)
