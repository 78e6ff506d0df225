"""The version stands in one place, and the list of changes agrees with it."""

import re
from pathlib import Path

import pytest
from packaging.version import Version

import bot
from bot.__main__ import main

CHANGES = (Path(__file__).parent.parent / "CHANGELOG.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^## (.+)$", CHANGES, re.MULTILINE)
RELEASES = [
    Version(found[1])
    for heading in HEADINGS
    if (found := re.fullmatch(r"v(\d+\.\d+\.\d+)(?: \(\d{4}-\d\d-\d\d\))?", heading))
]


def test_the_changes_are_listed_by_release_newest_first() -> None:
    """Who updates over several releases reads from the top down to their own."""
    unreleased = [heading for heading in HEADINGS if heading == "Unreleased"]
    assert len(RELEASES) + len(unreleased) == len(HEADINGS)
    assert unreleased == HEADINGS[:1] or not unreleased
    assert sorted(set(RELEASES), reverse=True) == RELEASES


def test_the_version_is_that_of_the_newest_list_of_changes() -> None:
    """A release whose changes are still called unreleased, or the next version's, misleads."""
    version = Version(bot.__version__)
    if HEADINGS[0] == "Unreleased":
        assert version.is_devrelease
        assert Version(version.base_version) > RELEASES[0]
    else:
        assert version == RELEASES[0]


def test_the_terminal_names_that_version(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What an operator reports must be what runs."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"Easel {bot.__version__}\n"
