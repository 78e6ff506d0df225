"""Which reactions a server may choose."""

import pytest

from bot.preferences.emoji import custom_emoji_id, is_unicode_emoji, same_emoji

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    "emoji",
    ["🔄", "❌", "❤️", "❤", "👍🏽", FAMILY, "🇩🇪", SCOTLAND, "1️⃣", "#⃣", "🏳️\u200d🌈", "🫩"],
)
def test_one_emoji_of_unicode_is_one(emoji: str) -> None:
    """However many code points it takes."""
    assert is_unicode_emoji(emoji)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "1",
        "*",
        "🔄🔄",
        "🔄 ",
        " 🔄",
        ":fox:",
        "<:fox:123456789012345678>",
        "@everyone",
        "\u200d",
        "\ufe0f",
        "🇩",
        "🏽",
        "☐",
        "狐",
        "🔄\u200d",
        "🔄" * 4_000,
        FAMILY * 20,
    ],
)
def test_anything_else_is_none(text: str) -> None:
    """Discord would refuse the reaction, and nobody could roll again."""
    assert not is_unicode_emoji(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<:fox:123456789012345678>", 123456789012345678),
        ("<a:fox_2:123456789012345678>", 123456789012345678),
        ("<:fox:123456789012345678> ", None),
        ("<:f:123456789012345678>", None),
        ("<:fox:12>", None),
        ("<:fox:" + "9" * 40 + ">", None),
        ("<@123456789012345678>", None),
        ("<:狐狐:123456789012345678>", None),
        ("<:fox:١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨>", None),
    ],
)
def test_a_servers_own_emoji_is_known_by_its_id(text: str, found: int | None) -> None:
    """As Discord writes it, and nothing beside it."""
    assert custom_emoji_id(text) == found


def test_the_same_emoji_may_be_written_differently() -> None:
    """Clients leave the variation selector out, and servers rename their emojis."""
    assert same_emoji("❤", "❤️")
    assert same_emoji("<:fox:123456789012345678>", "<a:vixen:123456789012345678>")
    assert not same_emoji("<:fox:123456789012345678>", "<:fox:123456789012345679>")
    assert not same_emoji("🔄", "❌")
