"""Every language says everything, with the same facts, as somebody who grew up with it would."""

import re
from collections.abc import Iterator

import pytest

from bot.core.i18n.texts import FALLBACK, Texts
from tests.core.i18n.fluent_files import FOLDER, Messages, entries, files, read_messages, whole
from tests.core.i18n.sample_facts import every_case

TEXTS = Texts()
TRANSLATIONS = [locale for locale in TEXTS.locales if locale != FALLBACK]
IDS = sorted(TEXTS.ids())
ENGLISH = read_messages(FALLBACK)
# The same in every language: names, and signs that the eye knows.
UNTRANSLATED = {"audit-easel"}

HAN = "[\u3400-\u9fff]"
FULL_WIDTH = "，。；：！？（）、"
# GB/T 15834 and how Discord itself writes Chinese.
WRONG_IN_CHINESE = {
    "a Latin mark beside a Chinese letter": f"{HAN}[,.;:!?()]|[,;!?()]{HAN}",
    "no space between Chinese and Latin letters": f"{HAN}[A-Za-z0-9`$]|[A-Za-z0-9`%]{HAN}",
    "a space beside a full-width mark": f"[{FULL_WIDTH}] | [{FULL_WIDTH}]",
    "a space between Chinese letters": f"{HAN} {HAN}",
    "another word in the glossary": "積|您|信用|积分|提示语|参考图片|垫图|角色|线程",
}


def test_there_is_english_and_simplified_chinese() -> None:
    """What the bot promises to speak."""
    assert TEXTS.locales == ("en", "zh-CN")
    assert TEXTS.names == {"en": "English", "zh-CN": "简体中文"}


@pytest.mark.parametrize("locale", TRANSLATIONS)
def test_every_id_is_in_every_language(locale: str) -> None:
    """What is missing would be English amid another language, what is left over was renamed."""
    assert set(read_messages(locale)) == set(ENGLISH)


@pytest.mark.parametrize("locale", TRANSLATIONS)
def test_every_text_stands_in_the_file_of_its_name(locale: str) -> None:
    """Who changes a text in one language finds it in the others."""
    for name, file in files(FALLBACK).items():
        theirs = FOLDER / locale / name
        assert [id_ for id_, _ in entries(file)] == [id_ for id_, _ in entries(theirs)], name


@pytest.mark.parametrize("locale", TRANSLATIONS)
def test_every_text_tells_the_same_facts(locale: str) -> None:
    """A limit, a price or a case that a translator left out is a lie in that language."""
    theirs, ours = (
        {id_: _meant(told, id_) for id_ in IDS} for told in (read_messages(locale), ENGLISH)
    )
    assert theirs == ours


@pytest.mark.parametrize("locale", TRANSLATIONS)
def test_no_text_was_left_in_english(locale: str) -> None:
    """Copied, and forgotten."""
    theirs = read_messages(locale)
    same = {
        message_id
        for message_id, entry in ENGLISH.items()
        if entry.words == theirs[message_id].words and re.search("[A-Za-z]{2}", entry.words)
    }
    assert same == UNTRANSLATED


def test_chinese_is_written_as_chinese() -> None:
    """Marks, spaces and words: what tells a translation from a machine's."""
    assert not [
        (message_id, wrong, said)
        for message_id in IDS
        for said in _said(message_id, "zh-CN")
        for wrong, pattern in WRONG_IN_CHINESE.items()
        if re.search(pattern, said)
    ]


def _meant(read_messages: Messages, message_id: str) -> tuple[set[str], dict[str, set[str]]]:
    told, cases = whole(read_messages, message_id)
    return told, {name: known for name, known in cases.items() if known}


def _said(message_id: str, locale: str) -> Iterator[str]:
    told, cases = whole(read_messages(locale), message_id)
    for n in (0, 1, 2):
        for facts in every_case(told, cases, n):
            yield TEXTS.say(message_id, locale, **facts)
