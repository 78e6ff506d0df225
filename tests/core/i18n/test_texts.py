"""Texts: every id can be said, in the nearest language, with plurals and times as they should."""

from pathlib import Path

import pytest
from fluent.syntax.ast import Junk

from bot.core.i18n.texts import Texts, discord_timestamp, plain_time
from tests.core.i18n.fluent_files import FOLDER, files, messages, parts, read_messages
from tests.core.i18n.sample_facts import HOUR, facts


@pytest.fixture(scope="module")
def texts() -> Texts:
    """Return the texts as Discord shows them."""
    return Texts()


def test_every_id_can_be_said_in_every_language(texts: Texts) -> None:
    """A text with a hole in braces reaches a person."""
    for locale in texts.locales:
        asked = {name for entry in read_messages(locale).values() for name in entry.asked}
        for message_id in texts.ids(locale):
            said = texts.say(message_id, locale, **facts(asked))
            assert said.strip() == said != ""
            assert "{" not in said.replace("{prompt}", "")  # which people type in presets


def test_no_file_holds_junk() -> None:
    """Fluent skips what it cannot parse: a text would be missing without a word."""
    for file in FOLDER.glob("*/*.ftl"):
        assert not [part for part in parts(file) if isinstance(part, Junk)]


def test_no_id_is_written_twice(texts: Texts) -> None:
    """Of two messages with one id the second is silently dropped."""
    for locale in texts.locales:
        ids = [part.id.name for file in files(locale).values() for part in messages(file)]
        assert ids
        assert sorted(ids) == sorted(set(ids))


def test_a_translation_asks_for_no_fact_that_english_does_not_have(texts: Texts) -> None:
    """It would fall back to English without anybody noticing."""
    english = read_messages("en")
    for locale in texts.locales:
        assert all(
            used.asked <= english[name].asked for name, used in read_messages(locale).items()
        )


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


def test_an_attribute_is_said_by_its_path(tmp_path: Path) -> None:
    """The options of a command stand under it."""
    _write(tmp_path, en="a = A\n    .b = B", de="a = Ä")
    texts = Texts(folder=tmp_path)
    assert texts.ids() == {"a", "a.b"}
    assert (texts.say("a", "de"), texts.say("a.b", "de")) == ("Ä", "B")
    with pytest.raises(KeyError):
        texts.say("a.c")


@pytest.mark.parametrize(
    ("locale", "nearest"),
    [("zh-CN", "zh-CN"), ("zh-TW", "en"), ("en-GB", "en"), ("de", "en"), ("", "en")],
)
def test_a_reader_is_spoken_to_in_the_nearest_language(
    texts: Texts, locale: str, nearest: str
) -> None:
    """Dates have to be in the language of the words around them."""
    assert texts.nearest(locale) == nearest
    assert texts.say("card-cancel", locale) == texts.say("card-cancel", nearest)


@pytest.mark.parametrize(
    ("locale", "n", "said"),
    [
        ("en", 0, "0 credits"),
        ("en", 1, "1 credit"),
        ("en", 1_200, "1,200 credits"),
        ("zh-CN", 0, "0 点"),
        ("zh-CN", 1, "1 点"),
        ("zh-CN", 1_200, "1,200 点"),
    ],
)
def test_plurals_are_right(texts: Texts, locale: str, n: int, said: str) -> None:
    """One credit is not 1 credits."""
    assert texts.say("card-credits", locale, credits=n) == said


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
        (3 * HOUR, "zh-CN", "3小时后"),
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


def test_durations_read_well_in_chinese(texts: Texts) -> None:
    """Units are words, too."""
    said = [texts.say("card-took", "zh-CN", took_ms=took) for took in (840, 125_000)]
    assert said == ["0.8 秒", "2 分 5 秒"]


def _write(folder: Path, **languages: str) -> None:
    for locale, source in languages.items():
        (folder / locale).mkdir()
        (folder / locale / "some.ftl").write_text(source, encoding="utf-8")
