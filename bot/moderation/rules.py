"""The operator's rules for prompts, and the file that they are read from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.errors.base import StartRefused
from bot.moderation.expressions import (
    Expression,
    WrongExpression,
    compile_expression,
    search,
)
from bot.moderation.word_list import WordList, has_letters

MAX_EXPRESSIONS = 200
MAX_LINE = 1_000
MAX_PROBLEMS = 20  # that are told

_EXPRESSION = re.compile(r"/(?P<source>.+)/")


@dataclass(frozen=True, slots=True)
class OperatorRules:
    """Words and expressions, by their lines in MODERATION_FILE; they never change."""

    words: WordList = field(default_factory=WordList)
    expressions: Sequence[Expression] = ()

    @property
    def size(self) -> int:
        """Return how many words and expressions there are."""
        return len(self.words) + len(self.expressions)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is forbidden."""
        return not self.words and not self.expressions

    def find(self, texts: Sequence[str]) -> int | None:
        """Return the line that one of these texts breaks, None for none; it blocks.

        Raises:
            SearchTooSlow: the expressions took too long.
        """
        for text in texts:
            if (line := self.words.find(text)) is not None:
                return line
        return search(self.expressions, texts)


NO_RULES = OperatorRules()


def read_rules(path: Path | None) -> OperatorRules:
    """Read MODERATION_FILE, None for no file; it blocks while expressions are tried.

    Raises:
        StartRefused: it cannot be read, or lines are wrong; each sentence names the file and line.
    """
    if path is None:
        return NO_RULES
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows editors write a mark first
    except (OSError, UnicodeDecodeError):
        raise StartRefused(
            f"MODERATION_FILE cannot be read ({path}): set it to the path of a UTF-8 text file "
            "that the bot's user may read, or leave it empty."
        ) from None
    return parse_rules(text, file=str(path))


def parse_rules(text: str, *, file: str) -> OperatorRules:
    """Return the rules of a file's text; raises as ``read_rules`` does."""
    words: list[tuple[int, str]] = []
    expressions: list[Expression] = []
    problems: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        try:
            if entry.startswith("/"):
                expressions.append(_expression(number, entry, count=len(expressions)))
            else:
                words.append((number, _word(entry)))
        except WrongExpression as wrong:
            where = f"MODERATION_FILE ({file}), line {number}"
            problems.append(f"{where}, {wrong}: correct the line or remove it.")
    if more := len(problems[MAX_PROBLEMS:]):
        problems[MAX_PROBLEMS:] = [f"MODERATION_FILE ({file}) has {more} more wrong lines."]
    if problems:
        raise StartRefused(*problems)
    return OperatorRules(WordList(words), tuple(expressions))


def _word(entry: str) -> str:
    if not has_letters(entry):
        raise WrongExpression("has neither a letter nor a digit: symbols go into a /…/")
    if len(entry) > MAX_LINE:
        raise WrongExpression(f"has more than {MAX_LINE:,} characters")
    return entry


def _expression(number: int, entry: str, *, count: int) -> Expression:
    if count >= MAX_EXPRESSIONS:
        raise WrongExpression(f"is one expression too many: {MAX_EXPRESSIONS} are allowed")
    if len(entry) > MAX_LINE:
        raise WrongExpression(f"has more than {MAX_LINE:,} characters")
    if not (found := _EXPRESSION.fullmatch(entry)):
        raise WrongExpression("begins with / but is no expression: write it like /bad (word|idea)/")
    return compile_expression(number, found["source"])
