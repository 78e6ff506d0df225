"""Pseudonyms: keyed hashes of Discord ids.

OpenAI and others ask for a stable id of the end user, and what somebody spent counts after their
data was deleted. Each gets a hash of the Discord id, keyed with a secret that never leaves the data
folder, so that nobody can hash all ids and compare. The hashes are independent of each other.
"""

import hashlib
import os
from pathlib import Path
from secrets import token_bytes, token_hex

from bot.core.errors.base import StartRefused
from bot.core.private_files import make_private_folder

KEY_BYTES = 32


class Pseudonyms:
    """Makes pseudonyms with one key, which is created once for a data folder."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @property
    def fingerprint(self) -> str:
        """Return what tells this key from others and says nothing of it."""
        hashed = hashlib.blake2b(key=self._key, digest_size=16, person=b"fingerprint")
        return hashed.hexdigest()

    def of(self, user_id: int) -> str:
        """Return a person's tag for gateways: 32 characters, always the same."""
        data = str(user_id).encode()
        return hashlib.blake2b(data, key=self._key, digest_size=16).hexdigest()

    def pseudonym(self, user_id: int) -> int:
        """Return a person's number for the ledger, always the same: -1 to -2^62, no Discord id."""
        data = str(user_id).encode()
        hashed = hashlib.blake2b(data, key=self._key, digest_size=8, person=b"pseudonym")
        return -1 - int.from_bytes(hashed.digest()) % 2**62

    def deletion_mark(self, user_id: int) -> str:
        """Return the hash under which a deletion of somebody's data is remembered."""
        data = str(user_id).encode()
        hashed = hashlib.blake2b(data, key=self._key, digest_size=16, person=b"deletion")
        return hashed.hexdigest()


def read_key(setting: str, path: Path) -> bytes | None:
    """Return the key of USER_TAGS_KEY, else that of the data folder; None where there is none yet.

    Raises StartRefused for anything but a whole, readable key: without one, ids could be guessed,
    and what anonymous people spent would no longer count.
    """
    if setting:
        return bytes.fromhex(setting)
    try:
        return _read(path)
    except FileNotFoundError:
        return None


def make_key(path: Path) -> bytes:
    """Make the key of a data folder, or return the one that another process has made meanwhile."""
    make_private_folder(path.parent)
    # Whole from its first moment on: the other process reads it at once.
    part = path.with_name(f"{path.name}.{token_hex(8)}.part")
    key = token_bytes(KEY_BYTES)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
        os.link(part, path)
    except FileExistsError:
        return _read(path)
    finally:
        part.unlink(missing_ok=True)
    return key


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as refused:
        raise StartRefused(
            f"The file {path} in DATA_DIR cannot be read ({refused.strerror}): let the bot's user "
            "read it."
        ) from refused
    if len(key) != KEY_BYTES:
        raise StartRefused(
            f"The file {path} in DATA_DIR is damaged: bring it back from a backup; if the key is "
            "lost, delete the file and run python -m bot db accept-key, and people whose data was "
            "deleted may spend their credits once more."
        )
    return key
