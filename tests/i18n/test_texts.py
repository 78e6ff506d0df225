"""Texts: every id can be said, in the nearest language, with plurals and times as they should."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fluent.runtime import FluentResource
from fluent.syntax.ast import EntryType, Junk, Message, VariableReference
from fluent.syntax.visitor import Visitor

from bot.i18n import texts as texts_module
from bot.i18n.texts import Texts, discord_timestamp, plain_time

HOUR = 3_600_000
FOLDER = Path(texts_module.__file__).parent
FACTS: dict[str, str | int] = {
    "name": "Ada",
    "mention": "<@1>",
    "level": "user",
    "period": "day",
    "money": "back",
    "reference": "a1b2",
    "subject": "Everyone",
    "started_at": HOUR,
    "frees_at": HOUR,
    "took_ms": 8_400,
    "model": "some-model",
    "allowed": "a, b",
    "prompt": "a fox",
    "path": "fox.png",
    "sentence": "Try again.",
    "param": "size",
    "size": "1x1",
    "width": "1024",
    "height": "1024",
}


@pytest.fixture(scope="module")
def texts() -> Texts:
    """Return the texts as Discord shows them."""
    return Texts()


def test_every_id_can_be_said_in_every_language(texts: Texts) -> None:
    """A text with a hole in braces reaches a person."""
    for locale in texts.locales:
        facts = {name: FACTS.get(name, 2) for used in _facts(locale).values() for name in used}
        for message_id in texts.ids(locale):
            said = texts.say(message_id, locale, **facts)
            assert said.strip() == said != ""
            assert "{" not in said


def test_no_file_holds_junk() -> None:
    """Fluent skips what it cannot parse: a text would be missing without a word."""
    for file in FOLDER.glob("*/*.ftl"):
        assert not [part for part in _resource(file) if isinstance(part, Junk)]


def test_no_id_is_written_twice() -> None:
    """Of two messages with one id the second is silently dropped."""
    for locale in FOLDER.iterdir():
        ids = [part.id.name for part in _messages(locale)]
        assert sorted(ids) == sorted(set(ids))


def test_a_translation_asks_for_no_fact_that_english_does_not_have(texts: Texts) -> None:
    """It would fall back to English without anybody noticing."""
    english = _facts("en")
    for locale in texts.locales:
        assert all(used <= english[message] for message, used in _facts(locale).items())


def test_an_unknown_id_is_an_error_of_ours(texts: Texts) -> None:
    """A mistyped id must fail in the first test that meets it."""
    with pytest.raises(KeyError, match="no-such-text"):
        texts.say("no-such-text")


def test_a_missing_fact_warns_and_still_speaks(texts: Texts) -> None:
    """In tests it fails; in production a card with a hole beats a lost picture."""
    with pytest.warns(UserWarning, match="card-done lacks a fact"):
        assert texts.say("card-done", done=1) == "1 of total done"


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("de", "Fertig"),
        ("de-AT", "Fertig"),
        ("pt-BR", "Pronto"),
        ("pt", "Done"),
        ("tlh", "Done"),
        ("", "Done"),
    ],
)
def test_the_nearest_language_answers(tmp_path: Path, locale: str, said: str) -> None:
    """A reader gets their own language, its wider one, or English."""
    _write(tmp_path, en="done = Done", de="done = Fertig", **{"pt-BR": "done = Pronto"})
    assert Texts(folder=tmp_path).say("done", locale) == said


def test_a_text_that_a_language_lacks_is_said_in_english(tmp_path: Path) -> None:
    """A translation may lag behind."""
    _write(tmp_path, en="a = A\nb = B", de="a = Ä")
    assert Texts(folder=tmp_path).say("b", "de") == "B"


def test_a_translation_with_a_hole_gives_way_to_english(tmp_path: Path) -> None:
    """A translator's slip must not show braces."""
    _write(tmp_path, en="a = { $n } left", de="a = { $m } übrig")
    assert Texts(folder=tmp_path).say("a", "de", n=1) == "1 left"


def test_only_folders_with_texts_are_languages(tmp_path: Path) -> None:
    """Python's own folders stand beside them."""
    _write(tmp_path, en="a = A")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "note.ftl").write_text("b = B")
    assert Texts(folder=tmp_path).locales == ("en",)


@pytest.mark.parametrize(
    ("n", "said"), [(0, "0 credits"), (1, "1 credit"), (1_200, "1,200 credits")]
)
def test_plurals_are_right(texts: Texts, n: int, said: str) -> None:
    """One credit is not 1 credits."""
    assert texts.say("card-credits", credits=n) == said


def test_discord_counts_down_by_itself(texts: Texts) -> None:
    """Discord's own time stamp is right in every time zone and moves on."""
    assert texts.say("card-started", started_at=1_700_000_000_999) == "Started <t:1700000000:R>"
    assert discord_timestamp(5_000, "en") == "<t:5:R>"


@pytest.mark.parametrize(
    ("at", "locale", "said"),
    [
        (3 * HOUR, "en", "in 3 hours"),
        (HOUR, "en", "in 1 hour"),
        (6 * 24 * HOUR, "en", "in 6 days"),
        (-40_000, "en", "40 seconds ago"),
        (3 * HOUR, "pt-BR", "em 3 horas"),
    ],
)
def test_the_terminal_says_times_in_words(at: int, locale: str, said: str) -> None:
    """A terminal shows no time stamps of Discord."""
    assert plain_time(lambda: 1_000)(1_000 + at, locale) == said
    assert Texts(plain_time(lambda: 0)).say("card-started", started_at=HOUR) == "Started in 1 hour"


@pytest.mark.parametrize(
    ("took", "said"),
    [(0, "0 s"), (840, "0.8 s"), (12_400, "12 s"), (59_700, "1 min 0 s"), (125_000, "2 min 5 s")],
)
def test_durations_read_well(texts: Texts, took: int, said: str) -> None:
    """Nobody wants to read 125,000 ms."""
    assert texts.say("card-took", took_ms=took) == said


def _write(folder: Path, **languages: str) -> None:
    for locale, source in languages.items():
        (folder / locale).mkdir()
        (folder / locale / "some.ftl").write_text(source, encoding="utf-8")


class _FactsOf(Visitor):
    """Collects the facts that one message asks for."""

    def __init__(self, message: Message) -> None:
        self.names: set[str] = set()
        self.visit(message)

    def visit_VariableReference(self, node: VariableReference) -> None:  # noqa: N802 - Fluent's name
        """Note one."""
        self.names.add(node.id.name)


def _facts(locale: str) -> dict[str, set[str]]:
    return {part.id.name: _FactsOf(part).names for part in _messages(FOLDER / locale)}


def _resource(file: Path) -> list[EntryType]:
    return list(FluentResource(file.read_text(encoding="utf-8")).body)


def _messages(locale: Path) -> Iterator[Message]:
    for file in sorted(locale.glob("*.ftl")):
        yield from (part for part in _resource(file) if isinstance(part, Message))
