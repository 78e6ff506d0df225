"""``python -m bot privacy``: the page for PRIVACY_URL says what this bot really does."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.privacy import print_privacy_page
from bot.settings.settings import Settings
from playground.settings import GivenSettings
from tests.cli.process import environment, run

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "privacy.md"


def page(**settings: object) -> str:
    said: list[str] = []
    print_privacy_page(GivenSettings().model_copy(update=settings), said.append)
    return "\n".join(said)


def test_the_document_is_the_page_of_the_defaults() -> None:
    """Who reads the page in the repository must read what a bot does for which nobody set more.

    ``python -m bot privacy > docs/privacy.md`` in an empty folder writes it anew.
    """
    assert DOCUMENT.read_text() == page() + "\n"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"keep_jobs_days": 120}, "how they ended | 120 days |"),
        ({"retention_days": 1}, "repetitions | 1 day; the oldest go earlier when"),
        ({"max_disk": 500_000_000}, "more than 0.5 GB"),
        ({"forget_deleted": True}, "deleted from the bot's store as well."),
        ({"forget_deleted": False}, "its pictures stay in your `/history` for 30 days"),
        ({}, "lost | 7 days: one every day |"),
        ({}, "no words, no pictures"),
        ({"traces_url": "http://collector:4318"}, "gets how long each request took"),
        ({"log_level": "DEBUG"}, "also parts of your words"),
        ({"backup_every": timedelta(hours=36), "backup_keep": 3}, "for up to 108 hours."),
        ({"backup_every": timedelta(minutes=90)}, "one every 90 minutes"),
        ({"backup_every": None}, "for up to 90 days."),
        ({"database_url": "postgresql://db/easel"}, "for up to 90 days."),
        (
            {"database_url": "postgresql://db/easel"},
            "database are overwritten within days.",
        ),
        ({"content_store_url": "s3://b/x"}, "and the pictures with [the company whose storage"),
    ],
)
def test_the_page_follows_the_settings(settings: dict[str, object], words: str) -> None:
    """A promise that the bot does not keep is worse than none."""
    assert words in page(**settings)


def test_nothing_is_left_unfilled_but_what_only_the_operator_knows() -> None:
    """A placeholder on a published page is read by everybody."""
    assert "$" not in page()
    assert len(re.findall(r"\[[^]]+\]", page())) == 6


async def test_the_command_prints_the_page_without_a_gateway(tmp_path: Path) -> None:
    """It is written before the bot is set up; a wrong setting is one sentence as always."""
    ended = await run("bot", "privacy", folder=tmp_path, env=environment(tmp_path))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == page() + "\n"
    env = environment(tmp_path, KEEP_JOBS_DAYS="5")
    assert "KEEP_JOBS_DAYS is wrong" in (await run("bot", "privacy", folder=tmp_path, env=env)).err


def test_the_page_names_every_setting_of_retention() -> None:
    """A new setting that keeps something longer must not be forgotten here."""
    kept = {name for name in Settings.model_fields if name.endswith(("_days", "_keep", "_every"))}
    assert kept == {"retention_days", "keep_jobs_days", "backup_keep", "backup_every"}
