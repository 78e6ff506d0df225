"""Durations and addresses: what an operator means, or a ValueError, and never anything else."""

from datetime import timedelta

import pytest

from bot.settings.value_types import parse_address, parse_bytes, parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("24h", timedelta(hours=24)),
        ("30m", timedelta(minutes=30)),
        ("7d", timedelta(days=7)),
        (" 7 D ", timedelta(days=7)),
        ("1m", timedelta(minutes=1)),
        ("366d", timedelta(days=366)),
        ("0024h", timedelta(hours=24)),
        ("", None),
        ("  ", None),
    ],
)
def test_a_duration_is_read(text: str, duration: timedelta | None) -> None:
    """BACKUP_EVERY as people write it; empty is never."""
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "24", "h", "24 hours", "1e3m", "1.5h", "-1h", "+1h", "0m", "0d", "367d", "999999d", "1h30m",
        "٣h", "３h", "2⁴h", "24h # daily", "24h,7d", "24\u00a0x", "1000000m", "9" * 5000 + "h",
        "daily", "24s", "24w", "24h\x00", "\u200b24h",
    ],
)  # fmt: skip
def test_what_is_no_duration_is_refused(text: str) -> None:
    """A copy every three minutes because of other digits would surprise; so would none at all."""
    with pytest.raises(ValueError, match=r"^it is "):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9464", ("127.0.0.1", 9464)),
        (":9464", ("127.0.0.1", 9464)),
        (" 9464 ", ("127.0.0.1", 9464)),
        ("0.0.0.0:9464", ("0.0.0.0", 9464)),  # noqa: S104 - what the operator asks for
        ("[::1]:9464", ("::1", 9464)),
        ("[::]:65535", ("::", 65535)),
        ("[::ffff:10.0.0.1]:1", ("::ffff:10.0.0.1", 1)),
        ("easel.internal:9464", ("easel.internal", 9464)),
        ("xn--bcher-kva.example:9464", ("xn--bcher-kva.example", 9464)),
        ("", None),
        ("  ", None),
    ],
)
def test_an_address_is_read(text: str, address: tuple[str, int] | None) -> None:
    """A port alone is one of this machine only, so that nobody opens it to all by accident."""
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "9464:", ":0", "0", ":", "65536", "99999", "123456", "-1", "+9464", "1e3", "9_464",
        "0x24f8", "٩٤٦٤", "９４６４", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1 :9464",
        "a b:9464", "::1:9464", "::1", "[::1]", "[]:9464", "[:9464", "[::1:9464", "::1]:9464",
        "[[::1]]:9464", "[:::::]:9464", "[127.0.0.1]:9464", "[fe80::1%eth0]:9464",
        "http://127.0.0.1:9464", "127.0.0.1:9464/metrics", "user@host:9464",
        "bücher.example:9464", "例え.jp:9464", "localhost:9464\nX: y", "a" * 70_000 + ":x",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    """The start says so, instead of a bind that fails or listens elsewhere."""
    with pytest.raises(ValueError, match=r"^it (has|is) no "):
        parse_address(text)


@pytest.mark.parametrize("text", ["٥GB", "５GB", "5 G B", "-5GB", "1e3GB", ""])
def test_a_size_has_ordinary_digits(text: str) -> None:
    """As with the others."""
    with pytest.raises(ValueError, match=r"^it is "):
        parse_bytes(text)
