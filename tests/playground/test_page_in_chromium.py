"""The playground's page in a real browser: Ada, Ben and Mia type, look and click."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from playwright.sync_api import expect

from playground.browser import SHORT_TIMEOUT_MS, SIZE, BrowserUser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow


@pytest.fixture
def onlooker(browser: "Browser", url: str) -> Iterator[BrowserUser]:
    """Ben, at another page of the same server."""
    onlooker = BrowserUser(browser, url)
    onlooker.switch_to("Ben")
    yield onlooker
    onlooker.tab.close()


def test_a_prompt_becomes_a_picture_as_one_watches(person: BrowserUser) -> None:
    """What the README promises to a stranger: type, see the card, see the picture."""
    person.type_command("imagine", prompt="a lighthouse at dusk")
    person.wait_for_words("Painting for Ada")
    person.wait_for_card("A picture for Ada", pictures=1)
    person.wait_for_words("29 of 30 left today")
    assert person.console_errors == []


def test_two_people_share_the_channel(person: BrowserUser) -> None:
    """Ben sees Ada's picture, asks for several, and spends his own credits only."""
    person.type_command("imagine", prompt="a lighthouse at dusk")
    person.wait_for_card("A picture for Ada", pictures=1)
    person.switch_to("Ben")
    person.wait_for_card("A picture for Ada", pictures=1)
    person.type_command("imagine", prompt="a fox in the snow", n=3)
    person.wait_for_card("3 pictures for Ben", pictures=3)
    person.wait_for_words("27 of 30 left today")
    person.type_command("usage")
    person.wait_for_words("27 of 30")
    assert person.console_errors == []


def test_the_admin_sets_a_limit_and_a_member_meets_it(person: BrowserUser) -> None:
    """The refusal says which limit and when it frees, to the one who asked alone."""
    person.switch_to("Mia")
    person.type_command("quota set", credits=1, per="day")
    person.wait_for_words("Everyone may now spend 1 credit per day")
    person.switch_to("Ada")
    person.type_command("imagine", prompt="a lighthouse at dusk")
    person.wait_for_card("A picture for Ada", pictures=1)
    person.type_command("imagine", prompt="another lighthouse")
    person.wait_for_words("1 of 1 credit per day is used up (the limit for everyone here)")
    person.wait_for_words("Only you can see this")
    person.switch_to("Ben")
    person.wait_for_card("A picture for Ada", pictures=1)
    assert person.console_errors == []


def test_a_reaction_rolls_again(person: BrowserUser) -> None:
    """Ben likes Ada's picture: his click on 🔄 paints it anew, for his credits."""
    person.type_command("imagine", prompt="a lighthouse at dusk")
    person.wait_for_card("A picture for Ada", pictures=1)
    person.switch_to("Ben")
    person.react("🔄")
    person.wait_for_card("A picture for Ben", pictures=1)
    person.wait_for_words("29 of 30 left today")
    assert person.console_errors == []


ONLY_YOU = "Only you can see this"


def test_one_of_several_pictures_is_chosen_varied_and_posted(
    person: BrowserUser, onlooker: BrowserUser
) -> None:
    """Without a form: Ada chooses the second of two, posts it alone, and paints one more like it.

    Ben sees what is posted and painted, and not what she chose.
    """
    person.type_command("imagine", prompt="a fox in the snow", n=2)
    person.wait_for_card("2 pictures for Ada", pictures=2)
    chosen, alone = "Picture 2 of 2", "Picture 2 of 2 for Ada"
    person.choose(
        "Choose a picture …", "Picture 2", until=lambda: person.wait_for_card(chosen, pictures=1)
    )
    posted = person.messages.filter(has_text=alone)
    person.press("Post alone · free", on=chosen, until=lambda: expect(posted).to_have_count(1))
    vary = "Vary · 1 credit"
    person.press(vary, on=chosen, until=lambda: person.wait_for_words("A picture for Ada"))
    person.wait_for_card("1 reference image", pictures=1)
    onlooker.wait_for_words("A picture for Ada")
    expect(onlooker.messages.filter(has_text=alone)).to_have_count(1)
    expect(onlooker.messages.filter(has_text=ONLY_YOU)).to_have_count(0)
    assert person.console_errors + onlooker.console_errors == []


def test_what_can_be_done_with_a_result(
    person: BrowserUser, onlooker: BrowserUser, tmp_path: Path
) -> None:
    """Ada changes a word, goes on from the picture, reads about it, deletes it, finds it again.

    Ben sees every picture as it comes and goes, and nothing that is for Ada alone.
    """
    sketch = tmp_path / "sketch.png"
    sketch.write_bytes(person.tab.screenshot())
    person.type_command("imagine", {"reference1": sketch}, prompt="a boat on a lake")
    _see_picture(person, onlooker, "a boat on a lake")
    _change(person, "Edit", on="a boat on a lake", into="a boat in a storm")
    _see_picture(person, onlooker, "a boat in a storm")
    _change(person, "Use", on="a boat in a storm", into="a boat at night")
    _see_picture(person, onlooker, "a boat at night")
    _read_details(person)
    _look_on_a_phone(person)
    _delete(person, onlooker)
    person.type_command("history")
    person.wait_for_words(ONLY_YOU)
    person.choose("Post again …", "a boat at night", until=lambda: _find_again(person))
    _find_again(onlooker)
    expect(onlooker.messages.filter(has_text=ONLY_YOU)).to_have_count(0)
    assert person.console_errors + onlooker.console_errors == []


def _see_picture(person: BrowserUser, onlooker: BrowserUser, prompt: str) -> None:
    for who in (person, onlooker):
        who.wait_for_words(prompt)
        who.wait_for_card("A picture for Ada", pictures=1)
        who.wait_for_words("1 reference image")


def _change(person: BrowserUser, button: str, *, on: str, into: str) -> None:
    def opened() -> None:
        expect(person.field("prompt").locator("textarea")).to_have_value(
            on, timeout=SHORT_TIMEOUT_MS
        )

    person.press(button, on=on, until=opened)
    person.fill_in(prompt=into)


def _read_details(person: BrowserUser) -> None:
    def read() -> None:
        expect(person.card).to_contain_text(
            "/imagine prompt:a boat at night model:easel-painter", timeout=SHORT_TIMEOUT_MS
        )

    person.press("Details", on="a boat at night", until=read)
    person.wait_for_words(ONLY_YOU)
    person.wait_for_words("from an earlier result")


def _look_on_a_phone(person: BrowserUser) -> None:
    """Nothing reaches beyond the edge: not the pictures, not the command to paste."""
    person.resize((360, 800))
    person.wait_for_width(360)
    person.resize(SIZE)


def _delete(person: BrowserUser, onlooker: BrowserUser) -> None:
    def gone(who: BrowserUser) -> None:
        pictures = who.messages.filter(has_text="A picture for Ada")
        expect(pictures).to_have_count(2, timeout=SHORT_TIMEOUT_MS)

    person.press("🗑️", on="a boat at night", until=lambda: gone(person))
    gone(onlooker)
    onlooker.wait_for_card("a boat in a storm", pictures=1)


def _find_again(who: BrowserUser) -> None:
    who.wait_for_card("A picture from the history of Ada", pictures=1)
    who.wait_for_words("a boat at night")
    who.wait_for_words("Details")
