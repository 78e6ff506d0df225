"""What servers and people made their custom: in memory for every door, written through."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
import structlog

from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.preferences.image_options import ImageOptions
from bot.preferences.presets import (
    MOST_PRESETS,
    NoSuchPreset,
    PresetsFull,
    folded,
    matching,
    spelled,
)
from bot.preferences.values import PersonalPreferences, Preset, ServerSettings

log: structlog.stdlib.BoundLogger = structlog.get_logger()

T = TypeVar("T")

_NO_SETTINGS = ServerSettings()
_NO_PREFERENCES = PersonalPreferences()


class PreferenceStore:
    """Settings of servers, preferences and presets of people.

    A data folder has one bot, so memory is the truth: reading asks no database. A change is
    written first, and remembered only once it is committed.
    """

    def __init__(self, database: Database, *, now: Callable[[], int]) -> None:
        self._database = database
        self._now = now
        self._changing = asyncio.Lock()
        self._servers: dict[int, ServerSettings] = {}
        self._people: dict[int, PersonalPreferences] = {}
        self._presets: dict[int, dict[str, Preset]] = {}

    async def load(self) -> None:
        """Read everything that was written before."""
        async with self._database.reading() as rows:
            for row in await rows.all("SELECT server_id, settings FROM server_settings"):
                settings = _read(row["settings"], ServerSettings, _NO_SETTINGS)
                self._servers[row["server_id"]] = settings
            for row in await rows.all("SELECT user_id, preferences FROM preferences"):
                preferences = _read(row["preferences"], PersonalPreferences, _NO_PREFERENCES)
                self._people[row["user_id"]] = preferences
            for row in await rows.all("SELECT * FROM presets ORDER BY user_id, name"):
                preset = Preset(
                    row["spelling"], _read(row["wish"], ImageOptions, ImageOptions()), row["at"]
                )
                self._presets.setdefault(row["user_id"], {})[row["name"]] = preset

    # --- servers ------------------------------------------------------------------------------

    def server(self, server_id: int) -> ServerSettings:
        """Return what the admins of a server set."""
        return self._servers.get(server_id, _NO_SETTINGS)

    @property
    def servers(self) -> tuple[int, ...]:
        """Return the servers whose admins set anything."""
        return tuple(self._servers)

    async def change_server(
        self, server_id: int, change: Callable[[ServerSettings], ServerSettings]
    ) -> ServerSettings:
        """Let ``change`` make the server's settings from those that hold, and return the new."""
        async with self._changing:
            settings = change(self.server(server_id))
            async with self._database.transaction() as tx:
                await tx.execute(
                    "INSERT INTO server_settings (server_id, settings) VALUES ($1, $2)"
                    " ON CONFLICT (server_id) DO UPDATE SET settings = excluded.settings",
                    server_id,
                    _text(settings),
                )
            self._servers[server_id] = settings
        return settings

    # --- people -------------------------------------------------------------------------------

    def person(self, user_id: int) -> PersonalPreferences:
        """Return what a person set for themselves."""
        return self._people.get(user_id, _NO_PREFERENCES)

    async def change_person(
        self, user_id: int, change: Callable[[PersonalPreferences], PersonalPreferences]
    ) -> PersonalPreferences:
        """Let ``change`` make the preferences from those that hold, and return the new."""
        async with self._changing:
            preferences = change(self.person(user_id))
            async with self._database.transaction() as tx:
                await tx.execute(
                    "INSERT INTO preferences (user_id, preferences) VALUES ($1, $2)"
                    " ON CONFLICT (user_id) DO UPDATE SET preferences = excluded.preferences",
                    user_id,
                    _text(preferences),
                )
            self._people[user_id] = preferences
        return preferences

    # --- presets ------------------------------------------------------------------------------

    def presets(self, user_id: int) -> Mapping[str, Preset]:
        """Return a person's presets in the order of their names, by folded name."""
        return self._presets.get(user_id, {})

    def preset(self, user_id: int, name: str) -> Preset:
        """Return one preset, whatever the case of its name; raise NoSuchPreset."""
        if found := self.presets(user_id).get(folded(name)):
            return found
        raise NoSuchPreset(name=name)

    def suggest_presets(self, user_id: int, typed: str) -> list[str]:
        """Return up to 25 names of a person's presets that match."""
        return matching(self.presets(user_id), typed)

    async def save_preset(self, user_id: int, name: str, options: ImageOptions) -> Preset | None:
        """Keep a wish under a name; return the preset that had it before.

        Raises:
            PresetNameEmpty, PresetNameTooLong, PresetsFull
        """
        preset, key = Preset(spelled(name), options, self._now()), folded(name)
        async with self._changing:
            mine = self.presets(user_id)
            before = mine.get(key)
            if before is None and len(mine) >= MOST_PRESETS:
                raise PresetsFull(limit=MOST_PRESETS)
            async with self._database.transaction() as tx:
                await _write_preset(tx, user_id, key, preset)
            self._presets[user_id] = dict(sorted({**mine, key: preset}.items()))
        return before

    async def delete_preset(self, user_id: int, name: str) -> Preset:
        """Forget a preset and return it; raise NoSuchPreset."""
        async with self._changing:
            gone, key = self.preset(user_id, name), folded(name)
            async with self._database.transaction() as tx:
                await tx.execute(
                    "DELETE FROM presets WHERE user_id = $1 AND name = $2", user_id, key
                )
            del self._presets[user_id][key]
        return gone

    def of_person(self, user_id: int) -> bytes | None:
        """Return what a person set and saved, as JSON for them to read; None if that is nothing."""
        preferences, presets = self._people.get(user_id), self.presets(user_id)
        if preferences is None and not presets:
            return None
        kept = {"preferences": preferences, "presets": list(presets.values())}
        return msgspec.json.format(msgspec.json.encode(kept))

    async def forget(self, user_id: int) -> None:
        """Forget everything that a person set or saved."""
        async with self._changing:
            async with self._database.transaction() as tx:
                await tx.execute("DELETE FROM preferences WHERE user_id = $1", user_id)
                await tx.execute("DELETE FROM presets WHERE user_id = $1", user_id)
            self._people.pop(user_id, None)
            self._presets.pop(user_id, None)


async def _write_preset(tx: Transaction, user_id: int, key: str, preset: Preset) -> None:
    await tx.execute(
        "INSERT INTO presets (user_id, name, spelling, wish, at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (user_id, name) DO UPDATE SET spelling = excluded.spelling,"
        " wish = excluded.wish, at = excluded.at",
        user_id,
        key,
        preset.name,
        _text(preset.options),
        preset.at,
    )


def _text(value: ServerSettings | PersonalPreferences | ImageOptions) -> str:
    # What says nothing is left out, so that a later version's default holds.
    said = {name: fact for name, fact in msgspec.to_builtins(value).items() if fact is not None}
    return msgspec.json.encode(said).decode()


def _read(text: str, kind: type[T], otherwise: T) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as broken:
        log.warning("customs.unreadable", kind=kind.__name__, error=str(broken))
        return otherwise
