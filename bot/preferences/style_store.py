"""Stores the styles of servers."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bot.core.models import ImageOptions, Reference
from bot.database.database import Database
from bot.database.kept_rows import EVERYTHING, KeptRows
from bot.database.notifications import Notifications
from bot.database.transaction import Row, Transaction
from bot.preferences.json_columns import from_text, to_text
from bot.preferences.presets import preset_key
from bot.preferences.server_styles import MAX_STYLES, NoSuchStyle, ServerStyle, StylesFull

Styles = Mapping[str, ServerStyle]
"""The styles of a server in the order of their names, by the key of the name."""


class ServerStyleStore(KeptRows):
    """Keeps all styles in memory and writes changes to the database, as PreferenceStore does."""

    channel = "styles"

    def __init__(
        self, database: Database, notifications: Notifications, *, now: Callable[[], int]
    ) -> None:
        super().__init__(database, notifications)
        self._now = now
        self._styles: dict[int, Styles] = {}

    def _read(self, rows: Transaction, key: str) -> Callable[[], None]:
        if key == EVERYTHING:
            return partial(self._keep_all, _read_styles(rows))
        return partial(self._keep_server, int(key), _read_server(rows, int(key)))

    def _keep_all(self, styles: dict[int, Styles]) -> None:
        self._styles = styles

    def _keep_server(self, server_id: int, styles: Styles) -> None:
        self._styles[server_id] = styles

    def styles(self, server_id: int) -> Styles:
        """Return the styles of a server."""
        return self._styles.get(server_id, {})

    def style(self, server_id: int, name: str) -> ServerStyle:
        """Return one style, whatever the case of its name; raise NoSuchStyle."""
        return _style(self.styles(server_id), name)

    async def save(self, server_id: int, styles: Sequence[ServerStyle]) -> int:
        """Save all of some styles with different names, or none; return how many were replaced.

        One without a picture keeps that of the style which had its name before.

        Raises:
            StylesFull, DatabaseBusy
        """
        now = self._now()

        def write(tx: Transaction) -> int:
            self._lock(tx, str(server_id))
            before = _read_server(tx, server_id)
            new = {each.key: each.saved_over(before.get(each.key), now) for each in styles}
            if len({**before, **new}) > MAX_STYLES:
                raise StylesFull(limit=MAX_STYLES)
            _write_styles(tx, server_id=server_id, styles=tuple(new.values()))
            self._changed_to(tx, server_id, {**before, **new})
            return len(before.keys() & new.keys())

        return await self._database.write_soon(write)

    async def delete(self, server_id: int, name: str) -> ServerStyle:
        """Delete a style and return it; raise NoSuchStyle."""

        def write(tx: Transaction) -> ServerStyle:
            self._lock(tx, str(server_id))
            before = _read_server(tx, server_id)
            gone = _style(before, name)
            _delete_style(tx, server_id=server_id, key=gone.key)
            left = {key: each for key, each in before.items() if key != gone.key}
            self._changed_to(tx, server_id, left)
            return gone

        return await self._database.write_soon(write)

    def _changed_to(self, tx: Transaction, server_id: int, styles: Styles) -> None:
        ordered = dict(sorted(styles.items()))
        self._changed(tx, str(server_id), partial(self._keep_server, server_id, ordered))


def _style(styles: Styles, name: str) -> ServerStyle:
    if found := styles.get(preset_key(name)):
        return found
    raise NoSuchStyle(name=name)


# --- rows -------------------------------------------------------------------------------------


def _read_styles(rows: Transaction) -> dict[int, Styles]:
    found = defaultdict[int, dict[str, ServerStyle]](dict)
    for row in rows.query("SELECT * FROM server_styles ORDER BY server_id, name"):
        found[row["server_id"]][row["name"]] = _stored_style(row)
    return dict(found)


def _read_server(rows: Transaction, server_id: int) -> Styles:
    found = rows.query("SELECT * FROM server_styles WHERE server_id = $1 ORDER BY name", server_id)
    return {row["name"]: _stored_style(row) for row in found}


def _stored_style(row: Row) -> ServerStyle:
    picture = None
    if row["picture_sha256"] is not None:
        picture = Reference(row["picture_sha256"], row["picture_format"], row["picture_bytes"])
    options = from_text(row["options"], ImageOptions, ImageOptions())
    return ServerStyle(row["spelling"], options, row["at"], picture)


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
