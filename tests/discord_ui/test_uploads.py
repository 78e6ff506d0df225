"""What a file is by what Discord says of it."""

import pytest

from bot.discord_ui.uploads import declared_type
from bot.images.references import DeclaredType


@pytest.mark.parametrize(
    ("name", "content_type", "size", "declared"),
    [
        ("fox.png", "image/png", 9, DeclaredType.PERHAPS_PICTURE),
        ("fox.png", None, 9, DeclaredType.PERHAPS_PICTURE),
        ("fox", None, 9, DeclaredType.PERHAPS_PICTURE),
        ("fox.bin", "application/octet-stream", 9, DeclaredType.PERHAPS_PICTURE),
        ("fox.avif", "image/avif", 9, DeclaredType.PERHAPS_PICTURE),
        ("fox.png", "image/png; charset=x", 9, DeclaredType.PERHAPS_PICTURE),
        ("fox.png", "image/png", 0, DeclaredType.NO_PICTURE),
        ("fox.svg", "image/svg+xml", 9, DeclaredType.NO_PICTURE),
        ("fox.svg", None, 9, DeclaredType.NO_PICTURE),
        ("fox.mp4", "video/mp4", 9, DeclaredType.NO_PICTURE),
        ("fox.mp4", "application/octet-stream", 9, DeclaredType.NO_PICTURE),
        ("fox.png", "text/plain", 9, DeclaredType.NO_PICTURE),
        ("fox.HEIC", None, 400, DeclaredType.HEIC),
        ("fox.jpg", "image/heic", 400, DeclaredType.HEIC),
        ("fox.heic", "image/heic", 324, DeclaredType.NO_PICTURE),
    ],
)
def test_what_is_surely_no_picture_is_known_before_it_is_fetched(
    name: str, content_type: str | None, size: int, declared: DeclaredType
) -> None:
    """Its sender alone hears it at once; what may be one is fetched and looked into."""
    assert declared_type(name, content_type, size) is declared
