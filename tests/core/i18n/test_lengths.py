"""The longest of each text fits where Discord shows it, in every language."""

import re

import pytest

from bot.core.i18n.escaping import width
from bot.core.i18n.texts import Texts
from tests.core.i18n.fluent_files import read_messages, whole
from tests.core.i18n.sample_facts import FACTS, every_case

TEXTS = Texts()

# Where a text is shown and how long it may be there (components/reference, resources/message,
# interactions/receiving-and-responding); the first that matches counts, and the rest are messages.
PLACES = {
    r"card-cancel|card-stop-waiting|mydata-confirm|quota-page-(back|on)|control-.+": 80,
    r"delete-(yes|no)": 80,
    r"picture-(vary|use|post).*": 80,
    r"history-(newer|older|sought-.+)": 80,
    r"history-choose|picture-choose": 150,
    r"form-title-.+|form-(prompt|model|size|start|files)": 45,
    r"form-size-hint|form-start-.+|command-choice-.+|history-(state|pictures|pictures-left)": 100,
    r"settings-areas": 150,
    r"help-topic-.+|settings-area-.+|form-(count|cost)": 100,
    r"card-title-.+|picture-title|.+-title|.+-title-changed|usage-level|custom-[a-z]+": 256,
    r".+": 2_000,
}

# As the cards cut them; what is counted is a number that no server reaches.
LONGEST = {
    "name": "x" * 100,
    "model": "x" * 100,
    "allowed": "x" * 400,
    "reason": "x" * 200,
    "prompt": "x" * 100,
    "subject": f"<@&{'9' * 20}>",
    "mention": f"<@{'9' * 20}>",
    "value": "x" * 400,
    "word": "x" * 20,
    "short_model": "x" * 30,
}
MOST = 999_999_999


def _longest(facts: dict[str, str | int | None]) -> dict[str, str | int | None]:
    return {
        name: LONGEST.get(name, MOST if fact == 2 else fact) if fact == FACTS.get(name, 2) else fact
        for name, fact in facts.items()
    }


@pytest.mark.parametrize("locale", TEXTS.locales)
def test_the_longest_text_fits(locale: str) -> None:
    """Discord refuses the whole message, card or form for one letter too many."""
    wrong = []
    for message_id in sorted(TEXTS.ids()):
        room = next(most for place, most in PLACES.items() if re.fullmatch(place, message_id))
        for facts in every_case(*whole(read_messages(locale), message_id)):
            said = TEXTS.say(message_id, locale, **_longest(facts))
            if not 1 <= width(said) <= room:
                wrong.append((message_id, room, said))
    assert wrong == []
