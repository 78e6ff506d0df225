"""The map of the project for whoever works on it."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def terms() -> list[str]:
    """Return the terms of the glossary, without what is in parentheses."""
    rows = re.findall(r"^\| ([^|]+) \| [^|]", section("Glossary"), re.MULTILINE)
    return [re.sub(r" \(.*\)$", "", row).lower() for row in rows if row != "Term"]


def test_the_glossary_is_in_order_and_each_term_has_one_meaning() -> None:
    """Whoever looks a word up would miss the one that stands elsewhere, or twice."""
    assert len(terms()) > 50
    assert terms() == sorted(set(terms()))


def test_every_decision_is_in_the_index() -> None:
    """A decision that nobody finds is taken once more, in another way."""
    listed = re.findall(
        r"^\| \[(\d{3})\]\((docs/decisions/\S+)\)", section("Decisions"), re.MULTILINE
    )
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs/decisions").glob("*.md"))
    assert [file for _, file in listed] == files
    assert all(Path(file).name.startswith(number) for number, file in listed)


def test_every_count_of_the_slow_tests_is_set_and_explained() -> None:
    """A count that .ci/run does not set has its small value also in the full run."""
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    counts = set(re.findall(r'environ\.get\("(EASEL_[A-Z_]+)", "\d', tests)) - {"EASEL_SEED"}
    runs = (ROOT / ".ci/run").read_text("utf-8")
    assert counts == set(re.findall(r"(EASEL_[A-Z_]+)=\d", runs))
    assert all(len(re.findall(rf"\b{name}=\d", runs)) == 2 for name in counts)
    assert all(f"`{name}`" in section("Tests") for name in counts)
