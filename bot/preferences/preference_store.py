"""Stores the settings of servers, and the preferences and presets of people."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal, TypeVar

import msgspec

from bot.core.models import ImageOptions
from bot.database.database import Database
from bot.database.kept_rows import EVERYTHING, KeptRows
from bot.database.notifications import Notifications
from bot.database.transaction import Row, Transaction
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

K = TypeVar("K")
T = TypeVar("T")

_NO_SETTINGS = ServerSettings()
_NO_PREFERENCES = PersonalPreferences()

Presets = Mapping[str, Preset]
"""A person's presets in the order of their names, by the key of the name."""


class PreferenceStore(KeptRows):
    """Keeps everything in memory and writes changes to the database.

    Reading asks no database. Who makes a change waits no longer than for one answer of the
    database; DatabaseBusy is raised then.
    """

    channel = "preferences"

    def __init__(
        self, database: Database, notifications: Notifications, *, now: Callable[[], int]
    ) -> None:
        super().__init__(database, notifications)
        self._now = now
        self._servers: dict[int, ServerSettings] = {}
        self._people: dict[int, PersonalPreferences] = {}
        self._presets: dict[int, Presets] = {}

    def _read(self, rows: Transaction, key: str) -> Callable[[], None]:
        if key == EVERYTHING:
            found = _read_servers(rows), _read_people(rows), _read_presets(rows)
            return partial(self._keep_all, *found)
        kind, _, id_ = key.partition(":")
        if kind == "server":
            return partial(_keep, self._servers, int(id_), _read_server(rows, int(id_)))
        preferences, presets = _read_person(rows, int(id_)), _read_presets_of(rows, int(id_))
        return partial(self._keep_person, int(id_), preferences, presets)

    def _keep_all(
        self,
        servers: dict[int, ServerSettings],
        people: dict[int, PersonalPreferences],
        presets: dict[int, Presets],
    ) -> None:
        self._servers, self._people, self._presets = servers, people, presets

    def _keep_person(
        self, user_id: int, preferences: PersonalPreferences | None, presets: Presets | None
    ) -> None:
        _keep(self._people, user_id, preferences)
        _keep(self._presets, user_id, presets)

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
        """Replace the server's settings by what ``change`` returns for them; return the new.

        ``change`` is called in the thread of the database, and may be called again.
        """

        def write(tx: Transaction) -> ServerSettings:
            key = _key("server", server_id)
            self._lock(tx, key)
            settings = change(_read_server(tx, server_id) or _NO_SETTINGS)
            _write_server(tx, server_id, settings)
            self._changed(tx, key, partial(_keep, self._servers, server_id, settings))
            return settings

        return await self._database.write_soon(write)

    # --- people -------------------------------------------------------------------------------

    def person(self, user_id: int) -> PersonalPreferences:
        """Return what a person set for themselves."""
        return self._people.get(user_id, _NO_PREFERENCES)

    async def change_person(
        self, user_id: int, change: Callable[[PersonalPreferences], PersonalPreferences]
    ) -> PersonalPreferences:
        """Replace a person's preferences as ``change_server`` does; return the new."""

        def write(tx: Transaction) -> PersonalPreferences:
            key = _key("person", user_id)
            self._lock(tx, key)
            preferences = change(_read_person(tx, user_id) or _NO_PREFERENCES)
            _write_person(tx, user_id, preferences)
            self._changed(tx, key, partial(_keep, self._people, user_id, preferences))
            return preferences

        return await self._database.write_soon(write)

    # --- presets ------------------------------------------------------------------------------

    def presets(self, user_id: int) -> Presets:
        """Return a person's presets."""
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
        preset, name_key = Preset(clean_preset_name(name), options, self._now()), preset_key(name)

        def write(tx: Transaction) -> Preset | None:
            key = _key("person", user_id)
            self._lock(tx, key)
            before = _read_preset(tx, user_id, name_key)
            if before is None and _count_presets(tx, user_id) >= MAX_PRESETS:
                raise PresetsFull(limit=MAX_PRESETS)
            _write_preset(tx, user_id, name_key, preset)
            self._changed(tx, key, partial(self._keep_preset, user_id, name_key, preset))
            return before

        return await self._database.write_soon(write)

    async def delete_preset(self, user_id: int, name: str) -> Preset:
        """Delete a preset and return it; raise NoSuchPreset."""
        name_key = preset_key(name)

        def write(tx: Transaction) -> Preset:
            key = _key("person", user_id)
            self._lock(tx, key)
            gone = _read_preset(tx, user_id, name_key)
            if gone is None:
                raise NoSuchPreset(name=name)
            tx.write("DELETE FROM presets WHERE user_id = $1 AND name = $2", user_id, name_key)
            self._changed(tx, key, partial(self._keep_preset, user_id, name_key, None))
            return gone

        return await self._database.write_soon(write)

    def _keep_preset(self, user_id: int, name_key: str, preset: Preset | None) -> None:
        presets = {**self.presets(user_id)}
        _keep(presets, name_key, preset)
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

        def write(tx: Transaction) -> None:
            key = _key("person", user_id)
            self._lock(tx, key)
            tx.write("DELETE FROM preferences WHERE user_id = $1", user_id)
            tx.write("DELETE FROM presets WHERE user_id = $1", user_id)
            self._changed(tx, key, partial(self._keep_person, user_id, None, None))

        await self._database.write_when_possible(write)


def _key(kind: Literal["server", "person"], id_: int) -> str:
    return f"{kind}:{id_}"


def _keep(kept: dict[K, T], key: K, value: T | None) -> None:
    if value is None:
        kept.pop(key, None)
    else:
        kept[key] = value


# --- rows -------------------------------------------------------------------------------------


def _read_servers(rows: Transaction) -> dict[int, ServerSettings]:
    found = rows.query("SELECT server_id, settings FROM server_settings")
    return {row["server_id"]: _settings(row) for row in found}


def _read_server(rows: Transaction, server_id: int) -> ServerSettings | None:
    row = rows.one("SELECT settings FROM server_settings WHERE server_id = $1", server_id)
    return None if row is None else _settings(row)


def _settings(row: Row) -> ServerSettings:
    return from_text(row["settings"], ServerSettings, _NO_SETTINGS)


def _read_people(rows: Transaction) -> dict[int, PersonalPreferences]:
    found = rows.query("SELECT user_id, preferences FROM preferences")
    return {row["user_id"]: _preferences(row) for row in found}


def _read_person(rows: Transaction, user_id: int) -> PersonalPreferences | None:
    row = rows.one("SELECT preferences FROM preferences WHERE user_id = $1", user_id)
    return None if row is None else _preferences(row)


def _preferences(row: Row) -> PersonalPreferences:
    return from_text(row["preferences"], PersonalPreferences, _NO_PREFERENCES)


def _read_presets(rows: Transaction) -> dict[int, Presets]:
    presets = defaultdict[int, dict[str, Preset]](dict)
    for row in rows.query("SELECT * FROM presets ORDER BY user_id, name"):
        presets[row["user_id"]][row["name"]] = _stored_preset(row)
    return dict(presets)


def _read_presets_of(rows: Transaction, user_id: int) -> Presets | None:
    found = rows.query("SELECT * FROM presets WHERE user_id = $1 ORDER BY name", user_id)
    return {row["name"]: _stored_preset(row) for row in found} or None


def _read_preset(rows: Transaction, user_id: int, name_key: str) -> Preset | None:
    row = rows.one("SELECT * FROM presets WHERE user_id = $1 AND name = $2", user_id, name_key)
    return None if row is None else _stored_preset(row)


def _count_presets(rows: Transaction, user_id: int) -> int:
    row = rows.one("SELECT COUNT(*) AS count FROM presets WHERE user_id = $1", user_id)
    return 0 if row is None else int(row["count"])


def _stored_preset(row: Row) -> Preset:
    options = from_text(row["wish"], ImageOptions, ImageOptions())
    return Preset(row["spelling"], options, row["at"])


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
