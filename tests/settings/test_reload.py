"""All parts are read before any is applied, and no answer holds a secret."""

from pathlib import Path

import pytest
import structlog

from bot.core.errors.base import StartRefused
from bot.core.logging import Redactor
from bot.settings.reload import ReadPart, Reload, ReloadPart
from bot.settings.settings import Settings

SECRET = "a-word-without-the-shape-of-a-key"


class Parts:
    """Two parts, of which a test breaks one; ``applied`` are the log levels that were applied."""

    def __init__(self, broken: Exception | None = None) -> None:
        self.broken = broken
        self.applied: list[str] = []

    async def good(self, settings: Settings) -> ReadPart:
        """Read what cannot be wrong."""
        return ReadPart(lambda: self.applied.append(settings.log_level), "one part")

    async def bad(self, settings: Settings) -> ReadPart:
        """Read what a test broke."""
        if self.broken is not None:
            raise self.broken
        return await self.good(settings)

    def reload(self, redactor: Redactor | None = None) -> Reload:
        """Return a reload of them."""
        parts: tuple[ReloadPart, ...] = (self.good, self.bad, self.bad)
        return Reload(Settings(), parts, redactor or Redactor())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go where an operator's ``.env`` is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("LOG_LEVEL=ERROR\n")
    return tmp_path


async def test_every_part_is_applied_once(folder: Path) -> None:
    """The second reload takes what has changed since the first one."""
    parts = Parts()
    reload = parts.reload()
    assert (await reload.run()).sentence == "Reloaded: one part, one part, one part."
    (folder / ".env").write_text("LOG_LEVEL=WARNING\nMAX_QUEUE_AGE=7\n")
    for _ in range(2):
        answer = await reload.run()
        assert answer.sentence.endswith("MAX_QUEUE_AGE changed, which needs a restart.")
    assert parts.applied == ["ERROR"] * 3 + ["WARNING"] * 6


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (StartRefused("This.", "That."), "Nothing was reloaded. This. That. This. That."),
        (
            ZeroDivisionError(),
            "Nothing was reloaded. An unexpected error occurred: the bot's log has it.",
        ),
    ],
)
async def test_one_part_that_cannot_be_read_keeps_all_others_as_they_are(
    broken: Exception, sentence: str
) -> None:
    """Whether it is wrong or we are."""
    parts = Parts(broken)
    with structlog.testing.capture_logs() as logs:
        answer = await parts.reload().run()
    assert (answer.is_done, answer.sentence, parts.applied) == (False, sentence, [])
    assert logs[-1]["event"] == "reload.refused"


async def test_everything_that_is_wrong_is_told_as_by_a_start(folder: Path) -> None:
    """A wrong value must not hide a file that is missing until the next reload."""
    reload = Parts().reload()
    (folder / ".env").write_text("LOG_LEVEL=LOUD\nMODERATION_FILE=nowhere.txt\n")
    answer = await reload.run()
    assert "LOG_LEVEL is wrong" in answer.sentence
    assert "MODERATION_FILE cannot be read (nowhere.txt)" in answer.sentence


async def test_a_new_secret_is_hidden_from_its_reload_on(folder: Path) -> None:
    """Old ones stay hidden: requests that were sent with them are still under way."""
    (folder / ".env").write_text(f"IMAGE_API_KEY={SECRET}\n")
    redactor = Redactor(["an-older-secret"])
    assert (await Parts().reload(redactor).run()).is_done
    assert redactor.clean(f"{SECRET} an-older-secret") == "[hidden] [hidden]"


async def test_a_refused_secret_is_hidden_in_the_refusal_alone(folder: Path) -> None:
    """A key of one letter that nobody uses would spoil the whole log."""
    (folder / ".env").write_text("IMAGE_API_KEY=x\n")
    redactor = Redactor(["an-older-secret"])
    with structlog.testing.capture_logs() as logs:
        answer = await Parts(StartRefused("My x is wrong.")).reload(redactor).run()
    assert answer.sentence.startswith("Nothing was reloaded. My [hidden] is wrong.")
    assert logs[-1]["sentence"] == answer.sentence
    assert redactor.clean("x an-older-secret") == "x [hidden]"
