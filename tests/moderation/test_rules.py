"""MODERATION_FILE is read strictly: a wrong or slow line refuses it, by its number."""

from pathlib import Path

import pytest

from bot.core.errors.base import StartRefused
from bot.moderation.expressions import Expression, SearchTooSlow, compile_expression, search
from bot.moderation.rules import (
    MAX_EXPRESSIONS,
    MAX_PROBLEMS,
    OperatorRules,
    parse_rules,
    read_rules,
)


def rules(*lines: str) -> OperatorRules:
    """Return the rules of a file with these lines."""
    return parse_rules("\n".join(lines), file="words.txt")


def test_words_phrases_and_expressions_are_read_with_their_lines() -> None:
    """Comments and empty lines count, as they do in the operator's editor."""
    found = rules("# comment", "", "  napalm ", "blood bath", r"/gr(e|a)nades?/", "毒品")
    texts = ("Napalm", "a blood bath", "two GRENADES", "毒品", "a fox # comment")
    assert [found.find([text]) for text in texts] == [3, 4, 5, 6, None]


def test_the_first_text_that_breaks_a_rule_is_enough() -> None:
    """A negative prompt is checked as the prompt is, but no phrase spans the two."""
    found = rules("blood bath")
    assert found.find(["a fox", "blood bath"]) == 1
    assert found.find(["blood", "bath"]) is None


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("/gren+ade/", "GRENNNADE"),
        ("/gren+ade/", "gre\u200bnade"),
        ("/gren+ade/", "ｇｒｅｎａｄｅ"),
        ("/gren+ade/", "grеnаdе"),
        ("/gren+ade/", "gr\u00e9nade"),
        ("/грен+ата/", "ГРЕНАТА"),
        ("/грен+ата/", "гpeнaтa"),
        ("/су+ка/", "cуka"),
        ("/[а-я]+ната/", "граната"),
        ("/бо[мn]ба/", "бомба"),
        ("/💣{2,}/", "💣💣"),
        (r"/\bkadın\b/", "bir KADIN"),
    ],
)
def test_expressions_see_what_is_meant(expression: str, text: str) -> None:
    """Full width, look-alikes and invisible letters do not lead around an expression."""
    assert rules(expression).find([text]) == 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("/(a+)+$/", "takes too long in 4,000 characters"),
        (r"/(\w+\s?)+$/", "takes too long"),
        (r"/^(b|bb)+$/", "takes too long"),
        (r"/(я+)+$/", "takes too long"),
        (r"/(.*?,){11}P/", "takes too long"),
        ("/a*/", "matches every prompt"),
        ("/(open/", "is no regular expression"),
        ("/forgotten", "begins with / but is no expression"),
        ("//", "begins with / but is no expression"),
        ("💣", "has neither a letter nor a digit"),
        ("x" * 1001, "has more than 1,000 characters"),
        (f"/{'x' * 1000}/", "has more than 1,000 characters"),
    ],
)
def test_a_line_that_cannot_be_used_refuses_the_file(line: str, why: str) -> None:
    """The operator reads which line, and why, in one sentence; nothing starts half-protected."""
    with pytest.raises(StartRefused, match=r"MODERATION_FILE \(words\.txt\), line 3, ") as refused:
        rules("napalm", "# comment", line)
    assert why in str(refused.value)
    assert str(refused.value).endswith("correct the line or remove it.")


def test_too_many_expressions_refuse_the_file() -> None:
    """A check has a bounded number of searches."""
    lines = [f"/x{number}y/" for number in range(MAX_EXPRESSIONS)]
    assert len(rules(*lines).expressions) == MAX_EXPRESSIONS
    with pytest.raises(StartRefused, match="line 201, is one expression too many"):
        rules(*lines, "/one more/")


def test_every_wrong_line_is_told_but_not_a_thousand() -> None:
    """An operator mends them at once; a file that is something else fills no screen."""
    with pytest.raises(StartRefused) as refused:
        rules("/good/", "/(/", "fine", "!!", "/b")
    assert [one.split(", ")[1] for one in refused.value.problems] == ["line 2", "line 4", "line 5"]
    with pytest.raises(StartRefused) as refused:
        rules(*["!!"] * 1000)
    assert len(refused.value.problems) == MAX_PROBLEMS + 1
    assert refused.value.problems[-1].endswith("has 980 more wrong lines.")


def test_an_expression_that_is_slow_after_all_does_not_let_a_prompt_pass() -> None:
    """The trial cannot know every text: the search itself ends in time, with a refusal."""
    import regex  # noqa: PLC0415 - as the bot does

    pattern = regex.compile("(a+)+$", cache_pattern=False)
    slow = Expression(5, (pattern,) * 3)
    with pytest.raises(SearchTooSlow) as found:
        search([slow], ["a" * 4000 + "!"])
    assert found.value.number == 5


def test_a_file_without_rules_forbids_nothing(tmp_path: Path) -> None:
    """An empty file is as good as none; a mark at its beginning is no word."""
    file = tmp_path / "words.txt"
    file.write_bytes(b"\xef\xbb\xbf# nothing\r\n\r\n")
    assert read_rules(file).is_empty
    assert read_rules(None).is_empty


@pytest.mark.parametrize("content", [None, b"caf\xe9"])
def test_a_file_that_cannot_be_read_refuses_the_start(
    tmp_path: Path, content: bytes | None
) -> None:
    """A list that is missing, or in another encoding, must not silently forbid nothing."""
    file = tmp_path / "words.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StartRefused, match="MODERATION_FILE cannot be read"):
        read_rules(file)


def test_lines_of_windows_are_read() -> None:
    """Notepad ends lines with a carriage return, which belongs to no word."""
    found = parse_rules("napalm\r\n/bo+m/\r\n", file="words.txt")
    assert [found.find(["napalm"]), found.find(["boooom"])] == [1, 2]


def test_a_trial_leaves_ordinary_expressions_alone() -> None:
    """What operators usually write is accepted on a slow machine, too."""
    for source in (r"\bnapalm(ed|ing)?\b", "foo.*bar", r"\w+cide", r"(very|really) bad \w+"):
        compile_expression(1, source)


def test_the_example_can_be_used_as_it_is() -> None:
    """Who copies it first and edits it later has a bot that starts."""
    example = Path(__file__).parents[2] / "moderation.txt.example"
    found = read_rules(example)
    assert (len(found.words), len(found.expressions)) == (4, 2)
    for text in ("MARZIPAN", "a sugared\nalmond", "很多杏仁糖", "candied lemons", "caramelized"):
        assert found.find([text]) is not None
