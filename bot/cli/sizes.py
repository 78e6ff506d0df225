"""Sizes for the terminal."""

_UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def format_bytes(count: int) -> str:
    """Return a size like ``1.2 MB``."""
    for unit, size in _UNITS:
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
