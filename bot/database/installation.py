"""What every process of an installation must have in common: a name and a value each."""

from pathlib import Path

from bot.core.errors.base import StartRefused
from bot.core.pseudonyms import Pseudonyms, make_key, read_key
from bot.database.database import Database
from bot.database.transaction import Transaction

KEY_FINGERPRINT = "user_tags_key"
_HOW = (
    "set USER_TAGS_KEY to the key of the other machine, or bring back user-tags.key in DATA_DIR "
    "from a backup; if the key is lost, python -m bot db accept-key accepts another one, and "
    "people whose data was deleted may spend their credits once more"
)


async def open_pseudonyms(database: Database, setting: str, path: Path) -> Pseudonyms:
    """Return the pseudonyms of this installation; its first start makes the key.

    Raises:
        StartRefused: the key is missing, or is not the one that the database was written with.
    """
    expected = await database.read(read_value, KEY_FINGERPRINT)
    key = read_key(setting, path)
    if key is None:
        if expected is not None:
            raise StartRefused(f"The key of people's pseudonyms is missing: {_HOW}.")
        key = make_key(path)
    pseudonyms = Pseudonyms(key)
    if expected is None:
        expected = await database.write(write_if_new, KEY_FINGERPRINT, pseudonyms.fingerprint)
    if expected != pseudonyms.fingerprint:
        raise StartRefused(
            "The key of people's pseudonyms is not the one that this database was written with: "
            f"{_HOW}."
        )
    return pseudonyms


def read_value(rows: Transaction, name: str) -> str | None:
    """Return a value of the installation."""
    found = rows.one("SELECT value FROM installation WHERE name = $1", name)
    return None if found is None else str(found["value"])


def write_if_new(tx: Transaction, name: str, value: str) -> str:
    """Write a value unless there is one; return the one that is there now."""
    tx.write(
        "INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        name,
        value,
    )
    return read_value(tx, name) or value


def write_value(tx: Transaction, name: str, value: str) -> None:
    """Write a value in the place of the one before it."""
    tx.write(
        "INSERT INTO installation (name, value) VALUES ($1, $2)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name,
        value,
    )


def forget_value(tx: Transaction, name: str) -> None:
    """Forget a value: the next start writes its own."""
    tx.write("DELETE FROM installation WHERE name = $1", name)
