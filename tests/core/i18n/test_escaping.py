"""What strangers wrote is shown, and does nothing."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.i18n.escaping import (
    clusters,
    columns,
    cut,
    echo,
    escaped,
    one_line,
    padded,
    quoted,
    visible,
    width,
)

FAMILY = "👨‍👩‍👧‍👦"
WHOLE = [
    FAMILY,
    "👍🏽",
    "🇩🇪",
    "e\u0301",
    "☺️",
    "1️⃣",
    "\u0928\u093f",
    "\u0e01\u0e47",
    "\U0001d50a",
    "\\*",
]
ANYTHING = st.text(st.characters(), max_size=300)


@pytest.mark.parametrize("whole", WHOLE)
def test_a_cut_never_tears_a_character_apart(whole: str) -> None:
    """A torn emoji shows as another person, a torn escape lets markdown act."""
    cuts = {limit: cut(whole * 20, limit) for limit in range(1, 30)}
    kept = re.compile(f"(?:{re.escape(whole)})*…")
    assert not {limit: shown for limit, shown in cuts.items() if not kept.fullmatch(shown)}
    assert not {limit: shown for limit, shown in cuts.items() if width(shown) > limit}


def test_what_fits_is_left_alone() -> None:
    """A prompt that fits is not marked as cut."""
    assert cut("a fox", 5) == "a fox"


def test_a_cut_leaves_no_empty_quote_line() -> None:
    """An ellipsis alone in a quote line looks like a broken card."""
    assert quoted("ab\ncd", 8) == "> ab…"


@given(ANYTHING, st.integers(1, 50))
def test_a_cut_holds_its_limit(text: str, limit: int) -> None:
    """One unit too many and Discord refuses the whole message."""
    assert width(cut(text, limit)) <= limit
    assert "".join(clusters(text)) == text


def test_an_endless_emoji_is_cut_all_the_same() -> None:
    """A chain of joined emoji must not swallow the whole limit."""
    shown = cut("👨‍" * 2000, 100)
    assert 50 < width(shown) <= 100


@pytest.mark.parametrize(
    "hostile",
    [
        "**bold** __under__ *it* ~~gone~~",
        "||spoiler||",
        "`code` ```py\nblock```",
        "[click me](https://evil.example)",
        "https://evil.example and discord://x",
        "<@1> <@&2> <#3> </imagine:4> <t:0:R> <:emoji:5> <id:guide>",
        "@everyone @here",
        "# big",
        "-# small",
        "- list",
        "+ list",
        "12. list",
        "3) list",
        "> quote",
        ">>> quote",
        r"\*half escaped\**",
    ],
)
def test_markdown_is_shown_and_not_obeyed(hostile: str) -> None:
    """A prompt that could ping, hide, link or shout would make the bot say it."""
    shown = quoted(hostile, 3_000)
    lines = [line.removeprefix("> ") for line in shown.split("\n")]
    for line in lines:
        bare = re.sub(r"\\[^0-9A-Za-z\s]", "x", line)
        assert not re.search(r"[\\`*_~|<>#@\[\]]|://|^[-+]|^\d+[.)]", bare)
    rendered = "\n".join(re.sub(r"\\([^0-9A-Za-z\s])", r"\1", line) for line in lines)
    assert rendered == visible(hostile)


def test_plain_words_are_not_escaped() -> None:
    """Backslashes in an ordinary prompt help nobody."""
    prompt = "A well-lit café (18:30), 50% fog: don't panic!"
    assert escaped(prompt) == prompt


@given(ANYTHING)
def test_nothing_unseen_stays(text: str) -> None:
    """Bidirectional and control characters can turn a card's words around."""
    for char in visible(text):
        assert char in "\n\u200c\u200d" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}
    assert "\n\n" not in visible(text)


def test_a_right_to_left_override_is_dropped() -> None:
    """With it, gnp.exe reads as exe.png."""
    assert visible("a\u202egnp.exe\u2066\u200f") == "agnp.exe"


def test_blank_lines_fall_together() -> None:
    """Four thousand line breaks would push the conversation off the screen."""
    assert visible("a" + "\n" * 4_000 + " \t\r\n\u2028b") == "a\nb"


def test_a_long_column_of_lines_is_cut() -> None:
    """One word in each of two thousand lines does the same without blank lines."""
    shown = quoted("a\n" * 2_000, 3_000)
    assert shown.count("\n") == 25
    assert shown.endswith("\n> …")


def test_a_tower_of_marks_is_flattened() -> None:
    """Hundreds of marks on one letter paint over the lines above."""
    assert len(visible("a" + "\u0301" * 500 + "b")) <= 8


def test_a_lone_surrogate_is_dropped() -> None:
    """It cannot be sent as UTF-8: the paid picture would not be delivered."""
    visible("a\ud83db").encode()


def test_an_empty_prompt_stays_a_quote() -> None:
    """A prompt of unseen characters must not break the card."""
    assert quoted("\u200b\u200d", 100) == "> "


@pytest.mark.parametrize(
    ("text", "wanted"), [("Model", 5), ("模型", 4), ("11月20日", 8), ("gpt 模", 6), ("", 0)]
)
def test_columns_of_a_table_count_wide_letters_twice(text: str, wanted: int) -> None:
    """In a code block, figures under a Chinese heading would stand elsewhere."""
    assert columns(text) == wanted
    assert padded(text, wanted + 3) == text + "   "


def test_names_stay_in_one_line() -> None:
    """A name with line breaks would forge a second line of the card."""
    assert one_line("Ada\n\nsays", 50) == "Ada says"


def test_an_echoed_word_keeps_its_underscores_and_loses_its_links() -> None:
    """A model's name must be repeated as it is typed; a link must not be."""
    assert echo("flux_1 [x](https://e.example)\n@here", 100) == "flux_1 x(https:e.example) here"
