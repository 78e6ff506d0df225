"""Stores the styles of servers."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bot.core.models import ImageOptions, Reference
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.preferences.change_lock import ChangeLock
from bot.preferences.json_columns import from_text, to_text
from bot.preferences.presets import preset_key
from bot.preferences.server_styles import MAX_STYLES, NoSuchStyle, ServerStyle, StylesFull

Styles = Mapping[str, ServerStyle]
"""The styles of a server in the order of their names, by the key of the name."""


class ServerStyleStore:
    """Keeps all styles in memory and writes changes to the database, as PreferenceStore does."""

    def __init__(self, database: Database, *, now: Callable[[], int]) -> None:
        self._database = database
        self._now = now
        self._changes = ChangeLock(database)
        self._styles: dict[int, Styles] = {}

    async def load(self) -> None:
        """Read everything that was written before."""
        self._styles = await self._database.read(_read_styles)

    def styles(self, server_id: int) -> Styles:
        """Return the styles of a server."""
        return self._styles.get(server_id, {})

    def style(self, server_id: int, name: str) -> ServerStyle:
        """Return one style, whatever the case of its name; raise NoSuchStyle."""
        if found := self.styles(server_id).get(preset_key(name)):
            return found
        raise NoSuchStyle(name=name)

    async def save(self, server_id: int, styles: Sequence[ServerStyle]) -> int:
        """Save all of some styles with different names, or none; return how many were replaced.

        One without a picture keeps that of the style which had its name before.

        Raises:
            StylesFull, DatabaseBusy
        """
        async with self._changes.held_soon() as within_s:
            before = self.styles(server_id)
            new = {each.key: each.saved_over(before.get(each.key), self._now()) for each in styles}
            if len({**before, **new}) > MAX_STYLES:
                raise StylesFull(limit=MAX_STYLES)
            await self._database.write_soon(
                partial(_write_styles, server_id=server_id, styles=tuple(new.values())),
                on_commit=lambda: self._keep(server_id, {**self.styles(server_id), **new}),
                within_s=within_s,
            )
        return len(before.keys() & new.keys())

    async def delete(self, server_id: int, name: str) -> ServerStyle:
        """Delete a style and return it; raise NoSuchStyle."""
        async with self._changes.held_soon() as within_s:
            gone = self.style(server_id, name)
            await self._database.write_soon(
                partial(_delete_style, server_id=server_id, key=gone.key),
                on_commit=lambda: self._forget(server_id, gone.key),
                within_s=within_s,
            )
        return gone

    def _forget(self, server_id: int, key: str) -> None:
        styles = self.styles(server_id)
        self._styles[server_id] = {name: styles[name] for name in styles if name != key}

    def _keep(self, server_id: int, styles: Styles) -> None:
        self._styles[server_id] = dict(sorted(styles.items()))


def _read_styles(rows: Transaction) -> dict[int, Styles]:
    found = defaultdict[int, dict[str, ServerStyle]](dict)
    for row in rows.query("SELECT * FROM server_styles ORDER BY server_id, name"):
        picture = None
        if row["picture_sha256"] is not None:
            picture = Reference(row["picture_sha256"], row["picture_format"], row["picture_bytes"])
        options = from_text(row["options"], ImageOptions, ImageOptions())
        found[row["server_id"]][row["name"]] = ServerStyle(
            row["spelling"], options, row["at"], picture
        )
    return dict(found)


def _write_styles(tx: Transaction, *, server_id: int, styles: Sequence[ServerStyle]) -> None:
    for style in styles:
        picture = style.picture
        tx.write(
            """
            INSERT INTO server_styles (
                server_id, name, spelling, options, picture_sha256, picture_format, picture_bytes,
                at
            )
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (server_id, name) DO UPDATE SET
                spelling = excluded.spelling,
                options = excluded.options,
                picture_sha256 = excluded.picture_sha256,
                picture_format = excluded.picture_format,
                picture_bytes = excluded.picture_bytes,
                at = excluded.at
            """,
            server_id,
            style.key,
            style.name,
            to_text(style.options),
            None if picture is None else picture.sha256,
            None if picture is None else picture.format,
            None if picture is None else picture.bytes,
            style.at,
        )


def _delete_style(tx: Transaction, *, server_id: int, key: str) -> None:
    tx.write("DELETE FROM server_styles WHERE server_id = $1 AND name = $2", server_id, key)
