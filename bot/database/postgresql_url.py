"""The address of a PostgreSQL database: the password in it, and the driver that it needs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

from bot.core.errors.base import StartRefused

# What stands between the user and the host: up to the first @, as libpq reads it, or to the last
# one, for an operator who has not written a @ of the password as %40.
_PASSWORD = re.compile(r"://[^:/?#@]*:(?P<libpq>[^@/?#]*)@")
_LONGEST_PASSWORD = re.compile(r"://[^:/?#@]*:(?P<written>.*)@", re.DOTALL)
_PARAMETER = re.compile(r"[?&](?:ssl)?password=(?P<value>[^&#]*)", re.IGNORECASE)
_HIDDEN = "…"
_NO_DRIVER = (
    "DATABASE_URL names a PostgreSQL database, and its driver is not installed: "
    "install it with pip install 'easel-bot[postgres]'."
)


def passwords_of(url: str) -> tuple[str, ...]:
    """Return the passwords of a URL, as they are written and as they are meant."""
    written = _written(url)
    return tuple(dict.fromkeys((*written, *map(unquote, written))))


def without_password(url: str) -> str:
    """Return a URL that may be shown: its passwords are left out."""
    for password in sorted(_written(url), key=len, reverse=True):
        url = url.replace(f":{password}@", f":{_HIDDEN}@").replace(
            f"password={password}", f"password={_HIDDEN}"
        )
    return url


def _written(url: str) -> list[str]:
    found = [shape.search(url) for shape in (_PASSWORD, _LONGEST_PASSWORD)]
    return [
        password
        for password in (
            *(match[1] for match in found if match),
            *(match["value"] for match in _PARAMETER.finditer(url)),
        )
        if password
    ]


@contextmanager
def driver_needed() -> Iterator[None]:
    """Import within this what needs psycopg.

    Raises StartRefused where it, or its libpq, is missing.
    """
    try:
        yield
    except ImportError as missing:
        raise StartRefused(_NO_DRIVER) from missing
