"""Text tables for the terminal."""

from collections.abc import Iterator, Sequence

Row = tuple[str, ...]


def format_table(rows: Sequence[Row]) -> Iterator[str]:
    """Return the rows, the head first, as lines with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
