"""Card samples: for the card index and the pictures in docs/."""

from pathlib import Path

import pytest

from playground.samples import NAMES, NARROW, CardSamples
from tests.discord_ui.test_job_embeds_limits import assert_discord_takes

DOCS = Path(__file__).parents[2] / "docs"
MAX_BYTES = 3_000_000


@pytest.fixture(scope="module")
def factory(tmp_path_factory: pytest.TempPathFactory) -> CardSamples:
    folder = tmp_path_factory.mktemp("samples")
    return CardSamples(folder, 1_800_000_000_000, user_id=7, moderator_id=8, side=96)


def test_discord_takes_every_sample(factory: CardSamples) -> None:
    """A picture of a card that Discord refuses would promise too much."""
    samples = factory.make_all()
    assert tuple(each.name for each in samples) == NAMES
    for each in samples:
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
    assert sum(path.stat().st_size for path in (DOCS / "pictures").iterdir()) < MAX_BYTES
