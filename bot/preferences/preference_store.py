"""Stores the settings of servers, and the preferences and presets of people."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from bot.core.models import ImageOptions
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.preferences.change_lock import ChangeLock
from bot.preferences.json_columns import from_text, to_text
from bot.preferences.presets import (
    MAX_PRESETS,
    NoSuchPreset,
    PresetsFull,
    clean_preset_name,
    matching_presets,
    preset_key,
)
from bot.preferences.stored_preferences import PersonalPreferences, Preset, ServerSettings

_NO_SETTINGS = ServerSettings()
_NO_PREFERENCES = PersonalPreferences()


class PreferenceStore:
    """Keeps everything in memory and writes changes to the database.

    A data folder has one bot, so reading asks no database. A change is written first and kept in
    memory once it is committed. Who makes one waits no longer than for one answer of the database,
    changes of others before it included; DatabaseBusy is raised then.
    """

    def __init__(self, database: Database, *, now: Callable[[], int]) -> None:
        self._database = database
        self._now = now
        self._changes = ChangeLock(database)
        self._servers: dict[int, ServerSettings] = {}
        self._people: dict[int, PersonalPreferences] = {}
        self._presets: dict[int, dict[str, Preset]] = {}

    async def load(self) -> None:
        """Read everything that was written before."""
        self._servers, self._people, self._presets = await self._database.read(_read_all)

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
        """Replace the server's settings by what ``change`` returns for them; return the new."""
        async with self._changes.held_soon() as within_s:
            settings = change(self.server(server_id))
            await self._database.write_soon(
                lambda tx: _write_server(tx, server_id, settings),
                on_commit=partial(self._servers.__setitem__, server_id, settings),
                within_s=within_s,
            )
        return settings

    # --- people -------------------------------------------------------------------------------

    def person(self, user_id: int) -> PersonalPreferences:
        """Return what a person set for themselves."""
        return self._people.get(user_id, _NO_PREFERENCES)

    async def change_person(
        self, user_id: int, change: Callable[[PersonalPreferences], PersonalPreferences]
    ) -> PersonalPreferences:
        """Replace a person's preferences by what ``change`` returns for them; return the new."""
        async with self._changes.held_soon() as within_s:
            preferences = change(self.person(user_id))
            await self._database.write_soon(
                lambda tx: _write_person(tx, user_id, preferences),
                on_commit=partial(self._people.__setitem__, user_id, preferences),
                within_s=within_s,
            )
        return preferences

    # --- presets ------------------------------------------------------------------------------

    def presets(self, user_id: int) -> Mapping[str, Preset]:
        """Return a person's presets in the order of their names, by the key of the name."""
        return self._presets.get(user_id, {})

    def preset(self, user_id: int, name: str) -> Preset:
        """Return one preset, whatever the case of its name; raise NoSuchPreset."""
        if found := self.presets(user_id).get(preset_key(name)):
            return found
        raise NoSuchPreset(name=name)

    def suggest_presets(self, user_id: int, typed: str) -> list[str]:
        """Return up to 25 names of a person's presets that match."""
        return matching_presets(self.presets(user_id), typed)

    async def save_preset(self, user_id: int, name: str, options: ImageOptions) -> Preset | None:
        """Save options under a name; return the preset that had it before.

        Raises:
            PresetNameEmpty, PresetNameTooLong, PresetsFull
        """
        preset, key = Preset(clean_preset_name(name), options, self._now()), preset_key(name)
        async with self._changes.held_soon() as within_s:
            mine = self.presets(user_id)
            before = mine.get(key)
            if before is None and len(mine) >= MAX_PRESETS:
                raise PresetsFull(limit=MAX_PRESETS)
            await self._database.write_soon(
                lambda tx: _write_preset(tx, user_id, key, preset),
                on_commit=lambda: self._keep_preset(user_id, key, preset),
                within_s=within_s,
            )
        return before

    async def delete_preset(self, user_id: int, name: str) -> Preset:
        """Delete a preset and return it; raise NoSuchPreset."""
        async with self._changes.held_soon() as within_s:
            gone, key = self.preset(user_id, name), preset_key(name)
            await self._database.write_soon(
                lambda tx: _delete_preset(tx, user_id, key),
                on_commit=lambda: self._presets.get(user_id, {}).pop(key, None),
                within_s=within_s,
            )
        return gone

    def _keep_preset(self, user_id: int, key: str, preset: Preset) -> None:
        presets = {**self.presets(user_id), key: preset}
        self._presets[user_id] = dict(sorted(presets.items()))

    def export_person(self, user_id: int) -> bytes | None:
        """Return what a person set and saved, as JSON for them to read; None if that is nothing."""
        preferences, presets = self._people.get(user_id), self.presets(user_id)
        if preferences is None and not presets:
            return None
        saved = [
            {"name": each.name, "wish": each.options, "at": each.at} for each in presets.values()
        ]
        kept = {"preferences": preferences, "presets": saved}
        return msgspec.json.format(msgspec.json.encode(kept))

    async def delete_person(self, user_id: int) -> None:
        """Delete everything that a person set or saved, as soon as the database is there."""
        async with self._changes.held():
            await self._database.write_when_possible(_delete_person, user_id)
            self._people.pop(user_id, None)
            self._presets.pop(user_id, None)


def _read_all(
    rows: Transaction,
) -> tuple[dict[int, ServerSettings], dict[int, PersonalPreferences], dict[int, dict[str, Preset]]]:
    return _read_servers(rows), _read_people(rows), _read_presets(rows)


def _read_servers(rows: Transaction) -> dict[int, ServerSettings]:
    return {
        row["server_id"]: from_text(row["settings"], ServerSettings, _NO_SETTINGS)
        for row in rows.query("SELECT server_id, settings FROM server_settings")
    }


def _read_people(rows: Transaction) -> dict[int, PersonalPreferences]:
    return {
        row["user_id"]: from_text(row["preferences"], PersonalPreferences, _NO_PREFERENCES)
        for row in rows.query("SELECT user_id, preferences FROM preferences")
    }


def _read_presets(rows: Transaction) -> dict[int, dict[str, Preset]]:
    presets = defaultdict[int, dict[str, Preset]](dict)
    for row in rows.query("SELECT * FROM presets ORDER BY user_id, name"):
        preset = Preset(
            row["spelling"], from_text(row["wish"], ImageOptions, ImageOptions()), row["at"]
        )
        presets[row["user_id"]][row["name"]] = preset
    return dict(presets)


def _write_server(tx: Transaction, server_id: int, settings: ServerSettings) -> None:
    tx.write(
        "INSERT INTO server_settings (server_id, settings) VALUES ($1, $2)"
        " ON CONFLICT (server_id) DO UPDATE SET settings = excluded.settings",
        server_id,
        to_text(settings),
    )


def _write_person(tx: Transaction, user_id: int, preferences: PersonalPreferences) -> None:
    tx.write(
        "INSERT INTO preferences (user_id, preferences) VALUES ($1, $2)"
        " ON CONFLICT (user_id) DO UPDATE SET preferences = excluded.preferences",
        user_id,
        to_text(preferences),
    )


def _delete_preset(tx: Transaction, user_id: int, key: str) -> None:
    tx.write("DELETE FROM presets WHERE user_id = $1 AND name = $2", user_id, key)


def _delete_person(tx: Transaction, user_id: int) -> None:
    tx.write("DELETE FROM preferences WHERE user_id = $1", user_id)
    tx.write("DELETE FROM presets WHERE user_id = $1", user_id)


def _write_preset(tx: Transaction, user_id: int, key: str, preset: Preset) -> None:
    tx.write(
        "INSERT INTO presets (user_id, name, spelling, wish, at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (user_id, name) DO UPDATE SET spelling = excluded.spelling,"
        " wish = excluded.wish, at = excluded.at",
        user_id,
        key,
        preset.name,
        to_text(preset.options),
        preset.at,
    )
