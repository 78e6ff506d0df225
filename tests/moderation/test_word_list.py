"""A listed word is found however its letters are written, and nothing else is."""

import time

import pytest

from bot.moderation.word_list import WordList, has_letters


def is_found(word: str, text: str) -> bool:
    """Tell whether a list of this word alone finds something in a text."""
    return WordList([(1, word)]).find(text) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a NAPALM sky", id="capitals"),
        pytest.param("ｎａｐａｌｍ", id="full-width"),
        pytest.param("na\u200bpa\u00adlm", id="zero-width and soft hyphen"),
        pytest.param("n\u2060a\ufeffp\u200da\ufe0fl\u034fm", id="joiners and selectors"),
        pytest.param("nap\U000e0061alm", id="tags"),
        pytest.param("nар\u0430lm", id="Cyrillic а and р"),
        pytest.param("NАРАLМ", id="Cyrillic capitals"),
        pytest.param("ոapalm", id="Armenian n"),
        pytest.param("nαpαlm", id="Greek alpha"),
        pytest.param("ΝAPALΜ", id="Greek capitals"),
        pytest.param("napalм", id="a small letter that looks like a capital"),
        pytest.param("n\u0336a\u0336p\u0336a\u0336l\u0336m", id="struck through"),
        pytest.param("ńäpàłm", id="diacritics and strokes"),
        pytest.param("𝓷𝓪𝓹𝓪𝓵𝓶", id="mathematical letters"),
        pytest.param("ⓝⓐⓟⓐⓛⓜ", id="white circles"),
        pytest.param("🅝🅐🅟🅐🅛🅜", id="black circles"),
        pytest.param("ɴᴀᴘᴀʟᴍ", id="small capitals"),
        pytest.param("n a p a l m", id="spaced out"),
        pytest.param("n.a.p.a.l.m, please", id="dotted"),
        pytest.param("n_a*p-a l/m", id="any separators"),
        pytest.param("(napalm)!", id="punctuation"),
        pytest.param("na||pa||lm", id="Discord's spoiler marks"),
        pytest.param("nap**al**m!", id="Discord's bold"),
        pytest.param("nap🔥alm", id="an emoji within"),
        pytest.param("bad_napalm", id="underscore"),
        pytest.param("napalm's", id="possessive"),
        pytest.param("画napalm图", id="between Chinese"),
    ],
)
def test_a_word_is_found_however_it_is_written(text: str) -> None:
    """Whoever writes a forbidden word with other letters or invisible ones is declined, too."""
    assert is_found("napalm", text)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        pytest.param("cunt", "the town of Scunthorpe", id="within a word"),
        pytest.param("napalm", "napalms", id="another word"),
        pytest.param("napalm", "na palm", id="two words"),
        pytest.param("napalm", "n a p", id="the beginning of it, spaced out"),
        pytest.param("pot", "рот и нос", id="a Russian word of other letters"),
        pytest.param("tom", "первый том", id="a Russian word of capitals' forms"),
        pytest.param("mop", "Моряк", id="a Russian word that begins like it"),
        pytest.param("assassin", "ass, assin", id="two words with punctuation"),
        pytest.param("bad word", "word bad", id="another order"),
        pytest.param("napalm", "nap4lm", id="a digit for a letter"),
        pytest.param("napalm", "naapalm", id="a letter twice"),
        pytest.param("bad word", "bad words", id="a longer last word"),
        pytest.param("हत्या", "हत", id="a part of a Hindi word"),
        pytest.param("กา", "กิน", id="another Thai vowel"),
        pytest.param("か", "が", id="another Japanese consonant"),
        pytest.param("毒品", "毒。品", id="two Chinese sentences"),
    ],
)
def test_what_is_not_on_the_list_is_not_found(word: str, text: str) -> None:
    """Nobody is declined for an innocent word that contains a forbidden one, or looks alike."""
    assert not is_found(word, text)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        pytest.param("Schießerei", "eine SCHIESSEREI im Saloon", id="German ß"),
        pytest.param("schön", "SCHÖNES oder scho\u0308n", id="German umlaut, composed or not"),
        pytest.param("kadın", "bir KADIN", id="Turkish capital of ı"),
        pytest.param("işkence", "İŞKENCE", id="Turkish capital of i"),
        pytest.param("işkence", "ışkence", id="Turkish i without its dot"),
        pytest.param("KILIÇ", "kılıç", id="Turkish, listed in capitals"),
        pytest.param("bomb", "ВОМВ", id="nothing but Cyrillic capitals"),
        pytest.param("vino", "νіոо", id="nothing but small look-alikes"),
        pytest.param("водка", "ВОДКА и лёд", id="Russian capitals"),
        pytest.param("бомба", "бoмбa", id="Russian with Latin o and a"),
        pytest.param("сука", "cуka", id="Russian with Latin c, k and a"),
        pytest.param("ёлка", "елка", id="Russian ё"),
        pytest.param("毒品", "画一些毒品给我", id="Chinese"),
        pytest.param("毒品", "毒 品", id="Chinese with a space"),
        pytest.param("毒品店", "毒*品*店", id="Chinese with separators"),
        pytest.param("爆弾", "大きな爆弾を描いて", id="Japanese"),
        pytest.param("ボム", "ﾎﾞﾑを", id="half-width kana"),
        pytest.param("ระเบิด", "วาดระเบิดให้หน่อย", id="Thai"),
        pytest.param("폭탄", "폭탄을 그려줘", id="Korean with a particle"),
        pytest.param("قنبلة", "ارسم قُنْبُلَة كبيرة", id="Arabic with vowel points"),
        pytest.param("قنبلة", "قنـــبلة", id="Arabic, made longer"),
        pytest.param("أسلحة", "اسلحة", id="Arabic without the hamza"),
        pytest.param("סמים", "סַמִּים", id="Hebrew with points"),
        pytest.param("हत्या", "एक हत्या का दृश्य", id="Hindi"),
        pytest.param("blood bath", "a Blood-bath!", id="a phrase with a hyphen"),
        pytest.param("blood bath", "blood\n\n  bath", id="a phrase over lines"),
        pytest.param("AV女优", "av女优", id="both kinds of script"),
    ],
)
def test_the_rules_of_languages_are_kept(word: str, text: str) -> None:
    """Capitals, points and words without spaces differ by language; all are found."""
    assert is_found(word, text)


def test_the_number_of_the_word_is_told() -> None:
    """An operator finds the line that declined a prompt, as the log has only its number."""
    words = WordList([(3, "first"), (7, "second one"), (9, "毒品")])
    assert [words.find(text) for text in ("first", "second one", "毒品", "none")] == [3, 7, 9, None]


def test_a_word_needs_something_to_look_for() -> None:
    """A line of symbols would never be found, so it is refused where it is written."""
    assert [has_letters(word) for word in ("a", "4", "毒", "!!!", "\u200b", " ")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("letters", ["é", "画", "я", "_é", "é ", "毒"])
def test_a_long_text_takes_time_by_its_length_alone(letters: str) -> None:
    """A word of ten thousand letters, which nobody has to be an attacker to paste, stops nobody.

    This takes less than 0.1 s; by the square of the length it would be ten seconds or more.
    """
    words = WordList([(1, "napalm"), (2, "毒品")])
    began_s = time.thread_time()
    assert words.find(letters * 40_000) is None
    assert time.thread_time() - began_s < 5
