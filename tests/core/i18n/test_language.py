"""A language parses only what it says, and says what Fluent says of its whole files."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax.ast import Resource

from bot.core.i18n import language as language_module
from bot.core.i18n.language import Language
from bot.core.i18n.texts import Texts
from tests.core.i18n.fluent_files import FOLDER, files, read_messages, whole
from tests.core.i18n.sample_facts import every_case

_LOCALES = sorted(folder.name for folder in FOLDER.iterdir() if any(folder.glob("*.ftl")))


def sources(locale: str) -> list[str]:
    """Return the texts of a language's files."""
    return [file.read_text(encoding="utf-8") for file in files(locale).values()]


def whole_bundle(locale: str) -> FluentBundle:
    """Return a language as Fluent itself reads it."""
    bundle = FluentBundle([locale], use_isolating=False)
    for source in sources(locale):
        bundle.add_resource(FluentResource(source))
    return bundle


@cache
def kept(locale: str) -> Language:
    """Return a language for messages that show no others."""
    return Language(locale, sources(locale))


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what Fluent parses from now on, in order."""
    found: list[str] = []

    def parse(source: str) -> Resource:
        found.append(source)
        return FluentResource(source)

    monkeypatch.setattr(language_module, "FluentResource", parse)
    return found


@pytest.mark.parametrize("locale", _LOCALES)
def test_the_first_words_of_a_language_are_those_of_its_whole_files(locale: str) -> None:
    """Somebody would read a cut text, or none, because its message was parsed on its own."""
    bundle, entries = whole_bundle(locale), read_messages(locale)
    for message_id, entry in entries.items():
        language = Language(locale, sources(locale)) if entry.references else kept(locale)
        name, _, attribute = message_id.partition(".")
        message = bundle.get_message(name)
        pattern = message.attributes[attribute] if attribute else message.value
        assert pattern is not None
        for facts in every_case(*whole(entries, message_id), n=1_234):
            told = {key: "none" if fact is None else fact for key, fact in facts.items()}
            assert language.format(message_id, told) == bundle.format_pattern(pattern, told)


@pytest.mark.parametrize("locale", _LOCALES)
def test_a_language_knows_its_ids_without_parsing(locale: str, parsed: list[str]) -> None:
    """Discord is told at each start which descriptions are translated."""
    assert Language(locale, sources(locale)).ids == read_messages(locale).keys()
    assert parsed == []


def test_a_start_loads_what_formats_texts_only_after_the_login() -> None:
    """The bot would be away for longer at each restart."""
    loaded = "import bot.app, sys; assert not {'fluent', 'babel'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", loaded], check=True)


def test_only_what_is_said_is_parsed(tmp_path: Path, parsed: list[str]) -> None:
    """A start, or the first person with another language, would wait a tenth of a second."""
    for locale, word in (("en", "Done"), ("de", "Fertig")):
        (tmp_path / locale).mkdir()
        text = f"done = {word}\n    .hint = {{ more }}\nmore =\n    {word}!\nb = B\n"
        (tmp_path / locale / "a.ftl").write_text(text)
    texts = Texts(folder=tmp_path)
    assert (texts.locales, parsed) == (("de", "en"), [])
    assert texts.say("done", "de") == "Fertig"
    assert texts.say("done.hint", "de") == texts.say("more", "de") == "Fertig!"
    assert len(parsed) == 2
    assert "b = B" not in "".join(parsed)


def test_a_translation_that_fluent_cannot_read_gives_way_to_english(tmp_path: Path) -> None:
    """A translator's slip must not end a command."""
    for locale, text in (("en", "a = A\n"), ("de", "a = { $n\nb = B\n")):
        (tmp_path / locale).mkdir()
        (tmp_path / locale / "a.ftl").write_text(text)
    assert Texts(folder=tmp_path).say("a", "de") == "A"


@pytest.mark.parametrize(
    ("number", "locale", "said"),
    [(1, "en", "1"), (1.0, "en", "1"), (1_234.5, "en", "1,234.5"), (1_234.5, "de", "1.234,5")],
)
def test_a_number_is_formatted_for_each_language(number: float, locale: str, said: str) -> None:
    """A kept format of one language must not be shown in another."""
    for _ in range(2):
        assert Language(locale, ["a = { $n }"]).format("a", {"n": number}) == (said, [])
