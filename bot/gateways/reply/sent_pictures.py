"""Recognise the pictures that were sent with a request: where they come back, nothing was made."""

import filecmp
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from yarl import URL

from bot.core.models import Reference

_DISCORD_HOSTS = (".discordapp.com", ".discordapp.net")
_ADDRESS = re.compile(r"https?://[^\s\"'<>()\[\]]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SentPictures:
    """The references of one request, and the ``files`` that were sent, a mask too.

    A reply in words may quote the ``prompts``, and with them the addresses that they name.
    """

    references: tuple[Reference, ...] = ()
    files: tuple[Path, ...] = ()
    prompts: tuple[str, ...] = ()

    def include(self, source: Path | URL) -> bool:
        """Tell whether a file or an address of the reply is one of them."""
        if isinstance(source, URL):
            is_quoted = _place(source) in map(_place, _addresses(self.prompts))
            return is_quoted or any(_lies_at(each, source) for each in self.references)
        return bool(self.references or self.files) and self._include_file(source)

    def _include_file(self, part: Path) -> bool:
        size = part.stat().st_size
        hashes = {each.sha256 for each in self.references if each.bytes == size}
        if any(_is_same(file, part, size) for file in self.files):
            return True
        return bool(hashes) and _sha256(part) in hashes


NOTHING_SENT = SentPictures()


def _lies_at(reference: Reference, url: URL) -> bool:
    """Tell whether an address is one of a reference: a restart forgets it, but not its file."""
    if reference.url and _place(URL(reference.url)) == _place(url):
        return True
    if not reference.source or not (url.host or "").endswith(_DISCORD_HOSTS):
        return False
    return url.path.endswith(f"/{reference.source.file}")


def _addresses(prompts: tuple[str, ...]) -> Iterator[URL]:
    for text in _ADDRESS.findall(" ".join(prompts)):
        with suppress(ValueError):
            yield URL(text.rstrip(".,;:!?"))


def _place(url: URL) -> tuple[str | None, str]:
    """Return where a file is: its query only says who may fetch it, and for how long."""
    return url.host, url.path


def _is_same(file: Path, part: Path, size: int) -> bool:
    with suppress(FileNotFoundError):  # of a reference; it was sent all the same
        return file.stat().st_size == size and filecmp.cmp(file, part, shallow=False)
    return False


def _sha256(part: Path) -> str:
    with part.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
