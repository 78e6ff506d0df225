"""One of each card: for the wall, the pictures in docs/ and whoever looks at them there."""

from pathlib import Path

import pytest

from playground.specimens import NAMES, NARROW, Easel
from tests.discord_ui.test_job_embeds_limits import assert_discord_takes

DOCS = Path(__file__).parents[2] / "docs"
MOST_BYTES = 2_000_000


@pytest.fixture(scope="module")
def easel(tmp_path_factory: pytest.TempPathFactory) -> Easel:
    return Easel(tmp_path_factory.mktemp("wall"), 1_800_000_000_000, user_id=7)


def test_every_specimen_could_hang_in_discord(easel: Easel) -> None:
    """A picture of a card that Discord refuses would promise too much."""
    specimens = easel.specimens()
    assert tuple(each.name for each in specimens) == NAMES
    for each in specimens:
        files = each.attachments()
        assert len(files) == len(each.files) <= 10
        for file in files:
            file.close()
        if each.embeds:
            assert_discord_takes(each.embeds)
        else:
            assert each.content


def test_every_card_stands_in_the_docs() -> None:
    """Who adds a card takes its picture, and nobody links to one that is gone."""
    page = (DOCS / "cards.md").read_text(encoding="utf-8")
    pictures = {path.name for path in (DOCS / "pictures").iterdir()}
    wanted = {f"{name}.png" for name in (*NAMES, *(f"{name}-phone" for name in NARROW))}
    assert wanted <= pictures
    assert {name for name in pictures if f"pictures/{name}" in page} == pictures
    assert sum(path.stat().st_size for path in (DOCS / "pictures").iterdir()) < MOST_BYTES
