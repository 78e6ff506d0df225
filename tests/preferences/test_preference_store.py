"""Customs: memory for every door, written through, and read again at the next start."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.database.database import Database
from bot.preferences.image_options import ImageOptions
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.presets import (
    MOST_PRESETS,
    NoSuchPreset,
    PresetNameEmpty,
    PresetNameTooLong,
    PresetsFull,
    folded,
    spelled,
)
from bot.preferences.values import PersonalPreferences, ServerSettings

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
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database.open(tmp_path / "easel.db", backup_dir=tmp_path, now=lambda: 0)
    async with opened as store:
        yield store


async def fresh(store: Database) -> PreferenceStore:
    """Return what a new process reads."""
    customs = PreferenceStore(store, now=lambda: 7)
    await customs.load()
    return customs


async def test_everything_is_there_after_a_restart(store: Database) -> None:
    """Settings, preferences and presets outlive the process, each word of them."""
    before = await fresh(store)
    await before.change_server(1, lambda _: SETTINGS)
    await before.change_person(2, lambda _: PREFERENCES)
    assert await before.save_preset(2, "Ink", WISH) is None
    for customs in (before, await fresh(store)):
        assert customs.server(1) == SETTINGS
        assert customs.person(2) == PREFERENCES
        assert customs.preset(2, "iNK").wish == WISH
        assert customs.preset(2, "ink").at == 7
        assert customs.servers == (1,)


async def test_who_never_set_anything_has_the_defaults(store: Database) -> None:
    """A server that never saw /settings works, and a person's ping is on."""
    customs = await fresh(store)
    assert customs.server(1) == ServerSettings()
    assert customs.person(1) == PersonalPreferences()
    assert customs.presets(1) == {}


async def test_rows_of_other_versions_are_read(store: Database) -> None:
    """Unknown keys are passed over, missing ones have their default, a broken row stops nobody."""
    async with store.transaction() as tx:
        for server, text in enumerate(('{"n": 2, "later": [1]}', "{", '{"n": "two"}'), 1):
            await tx.execute("INSERT INTO server_settings VALUES ($1, $2)", server, text)
    customs = await fresh(store)
    assert customs.server(1) == ServerSettings(n=2)
    assert customs.server(2) == customs.server(3) == ServerSettings()


async def test_what_is_not_said_is_not_written(store: Database) -> None:
    """So that the default of a later version holds."""
    await (await fresh(store)).change_server(1, lambda s: replace(s, n=2))
    async with store.reading() as rows:
        row = await rows.one("SELECT settings FROM server_settings")
    assert row is not None
    assert "null" not in row["settings"]


async def test_a_change_that_fails_changes_nothing(store: Database) -> None:
    """Memory never knows more than the database."""
    customs = await fresh(store)
    await customs.change_server(1, lambda s: replace(s, n=2))

    def broken(_: ServerSettings) -> ServerSettings:
        raise NoSuchPreset(name="x")

    with pytest.raises(NoSuchPreset):
        await customs.change_server(1, broken)
    assert customs.server(1).n == (await fresh(store)).server(1).n == 2


async def test_changes_at_once_lose_nothing(store: Database) -> None:
    """Two admins press at the same moment; each starts from what the other made."""
    customs = await fresh(store)

    def one_more(settings: ServerSettings) -> ServerSettings:
        return replace(
            settings, channels=(*(settings.channels or ()), len(settings.channels or ()))
        )

    await asyncio.gather(*(customs.change_server(1, one_more) for _ in range(20)))
    assert customs.server(1).channels == tuple(range(20))
    assert (await fresh(store)).server(1) == customs.server(1)


async def test_a_row_that_cannot_be_written_is_not_remembered(store: Database) -> None:
    """The next start would have forgotten it."""
    customs = await fresh(store)
    async with store.transaction() as tx:
        await tx.execute("DROP TABLE presets")
        await tx.execute("DROP TABLE preferences")
    with pytest.raises(Exception, match="no such table"):
        await customs.save_preset(1, "ink", WISH)
    with pytest.raises(Exception, match="no such table"):
        await customs.change_person(1, lambda _: PREFERENCES)
    assert customs.presets(1) == {}
    assert customs.person(1) == PersonalPreferences()


async def test_a_name_is_there_once_whatever_its_case(store: Database) -> None:
    """Saving it again replaces it, also its spelling; others have presets of their own."""
    customs = await fresh(store)
    await customs.save_preset(1, "Straße", WISH)
    before = await customs.save_preset(1, "STRASSE", ImageOptions(n=2))
    assert before is not None
    assert before.wish == WISH
    assert [preset.name for preset in customs.presets(1).values()] == ["STRASSE"]
    assert customs.presets(2) == {}
    assert (await customs.delete_preset(1, "strasse")).wish == ImageOptions(n=2)
    assert (await fresh(store)).presets(1) == {}
    with pytest.raises(NoSuchPreset):
        await customs.delete_preset(1, "strasse")


async def test_a_thousand_presets_and_no_more(store: Database) -> None:
    """A person cannot fill the disk; what is there can still be replaced and found."""
    customs = await fresh(store)
    for number in range(MOST_PRESETS):
        await customs.save_preset(1, f"preset {number}", WISH)
    with pytest.raises(PresetsFull):
        await customs.save_preset(1, "one more", WISH)
    assert await customs.save_preset(1, "Preset 7", WISH) is not None
    assert len(customs.presets(1)) == MOST_PRESETS
    assert len(customs.suggest_presets(1, "")) == 25
    assert customs.suggest_presets(1, "ET 99") == [
        f"preset {number}" for number in (99, *range(990, 1000))
    ]
    again = await fresh(store)
    assert list(again.presets(1)) == list(customs.presets(1))


async def test_a_person_is_forgotten(store: Database) -> None:
    """What somebody deletes is in no table and in no memory; others keep theirs."""
    customs = await fresh(store)
    for user in (1, 2):
        await customs.change_person(user, lambda _: PREFERENCES)
        await customs.save_preset(user, "ink", WISH)
    await customs.forget(1)
    await customs.forget(3)
    for known in (customs, await fresh(store)):
        assert (known.person(1), known.presets(1)) == (PersonalPreferences(), {})
        assert (known.person(2), len(known.presets(2))) == (PREFERENCES, 1)


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
    assert spelled(typed) == name
    assert folded(typed) == folded(name)


@pytest.mark.parametrize("typed", ["", " ", "\u200b", "\u200d", "\n\t", "\u202e\u2066", "\x00"])
def test_a_name_that_shows_nothing_is_refused(typed: str) -> None:
    """Nobody could choose it again."""
    with pytest.raises(PresetNameEmpty):
        spelled(typed)


@pytest.mark.parametrize("typed", ["x" * 51, "🦊" * 26, "x" * 4_000])
def test_a_long_name_is_refused(typed: str) -> None:
    """Fifty characters, as Discord counts them."""
    with pytest.raises(PresetNameTooLong):
        spelled(typed)
