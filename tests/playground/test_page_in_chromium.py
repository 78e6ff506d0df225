"""An evening at the playground's page, in a real browser: Ada, Ben and Mia type, look and click."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.process import environment

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from playground.browser import Person, chromium, headless, playing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.skipif(chromium() is None, reason="there is no Chromium here")


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with headless() as browser:
        yield browser


@pytest.fixture
def person(browser: "Browser", tmp_path: Path) -> Iterator[Person]:
    """Ada, at a page of her own."""
    with playing("--latency", "1", cwd=tmp_path, env=environment(tmp_path)) as url:
        person = Person(browser, url)
        yield person
        person.tab.close()


def test_a_prompt_becomes_a_picture_as_one_watches(person: Person) -> None:
    """What the README promises to a stranger: type, see the card, see the picture."""
    person.type_command("imagine", prompt="a lighthouse at dusk")
    person.wait_for_words("Painting for Ada")
    person.wait_for_card("A picture for Ada", pictures=1)
    person.wait_for_words("9 of 10 left today")
    assert person.complaints == []


def test_two_people_share_the_channel(person: Person) -> None:
    """Ben sees Ada's picture, asks for several, and spends his own credits only."""
    person.type_command("imagine", prompt="a lighthouse at dusk")
    person.wait_for_card("A picture for Ada", pictures=1)
    person.switch_to("Ben")
    person.wait_for_card("A picture for Ada", pictures=1)
    person.type_command("imagine", prompt="a fox in the snow", n=3)
    person.wait_for_card("3 pictures for Ben", pictures=3)
    person.wait_for_words("7 of 10 left today")
    person.type_command("usage")
    person.wait_for_words("7 of 10")
    assert person.complaints == []


def test_the_admin_sets_a_limit_and_a_member_meets_it(person: Person) -> None:
    """The refusal says which limit and when it frees, to the one who asked alone."""
    person.switch_to("Mia")
    person.type_command("quota set", credits=1, per="day")
    person.wait_for_words("Everyone may now spend 1 credit per day")
    person.switch_to("Ada")
    person.type_command("imagine", prompt="a lighthouse at dusk")
    person.wait_for_card("A picture for Ada", pictures=1)
    person.type_command("imagine", prompt="another lighthouse")
    person.wait_for_words("1 of 1 credit per day is used up (everyone's limit here)")
    person.wait_for_words("Only you can see this")
    person.switch_to("Ben")
    person.wait_for_card("A picture for Ada", pictures=1)
    assert person.complaints == []


def test_an_uploaded_picture_is_a_reference(person: Person, tmp_path: Path) -> None:
    """A file chosen in the page reaches the painter as a reference."""
    sketch = tmp_path / "sketch.png"
    sketch.write_bytes(person.tab.screenshot())
    person.type_command("imagine", prompt="as a painting", files={"reference1": sketch})
    person.wait_for_card("A picture for Ada", pictures=1)
    person.wait_for_words("1 reference")
    assert person.complaints == []


def test_a_reaction_rolls_again(person: Person) -> None:
    """Ben likes Ada's picture: his click on 🔄 paints it anew, for his credits."""
    person.type_command("imagine", prompt="a lighthouse at dusk")
    person.wait_for_card("A picture for Ada", pictures=1)
    person.switch_to("Ben")
    person.react("🔄")
    person.wait_for_card("A picture for Ben", pictures=1)
    person.wait_for_words("9 of 10 left today")
    assert person.complaints == []
