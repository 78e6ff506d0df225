"""The eleven steps of the README's *Try it* in a real browser, with the words that stand there.

What a step says to type is typed, and what it says to press is pressed: a step that is changed in
the README is walked as it is now, or fails here.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.process import environment

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from playwright.sync_api import Browser, expect

from playground.browser import SHORT_TIMEOUT_MS, TIMEOUT_MS, BrowserUser, running_playground

pytestmark = pytest.mark.slow

README = (Path(__file__).parents[2] / "README.md").read_text()
PATIENCE_MS = 120_000  # of a machine that runs other tests as well
SMALL = "size: 256x256"
PICTURE = "A picture for Ada"
FAILURE = "had an internal problem"
REFUSAL = "brought no picture"
TRIES = 20  # of requests until three of them failed, at a rate of one half


def _steps() -> Iterator[str]:
    section = README.partition("## Try it")[2].partition("\n## ")[0]
    for step in re.split(r"^\d+\. ", section, flags=re.MULTILINE)[1:]:
        yield " ".join(step.partition("\n\n")[0].split())


STEPS = dict(enumerate(_steps(), 1))


def typed(step: int) -> list[str]:
    """Return what a step says to type."""
    return re.findall(r"`([^`]+)`", STEPS[step])


def pressed(step: int) -> list[str]:
    """Return what a step says to press."""
    return re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", STEPS[step])


@pytest.fixture(autouse=True)
def _patience(browser: Browser) -> Iterator[None]:
    """Wait long for each of many pictures."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture
def latency_s() -> float:
    """Paint at once: eleven steps are long enough."""
    return 0.1


def test_the_readmes_first_ten_steps_can_be_walked(person: BrowserUser, tmp_path: Path) -> None:
    """A stranger who does what the README says gets what it says, with the credits there are."""
    assert len(STEPS) == 11
    _paint_edit_and_use(person)
    _read_delete_and_find_again(person)
    _choose_options(person, tmp_path)
    _press_buttons(person)
    _use_a_preset_and_be_declined(person)
    _repeat_as_ben(person)
    _limit_as_mia(person)
    assert person.console_errors == []


def _paint_edit_and_use(person: BrowserUser) -> None:
    (imagine,) = typed(1)
    person.type_text(imagine)
    person.wait_for_card("A picture for Ada", pictures=1)
    edit, use = pressed(2)
    _change(person, edit, "a lighthouse at dawn")
    _change(person, use, "a lighthouse at night")
    person.wait_for_words("1 reference image")


def _change(person: BrowserUser, button: str, prompt: str) -> None:
    def opened() -> None:
        expect(person.field("prompt")).to_be_visible(timeout=SHORT_TIMEOUT_MS)

    person.press(button, on="A picture for Ada", until=opened)
    person.fill_in(prompt=prompt)
    person.wait_for_words(prompt)
    person.wait_for_card("A picture for Ada", pictures=1)


def _read_delete_and_find_again(person: BrowserUser) -> None:
    details, again = pressed(3)
    (history,) = typed(3)
    person.press(details, on="at night", until=lambda: person.wait_for_words("/imagine prompt:"))
    pictures = person.messages.filter(has_text="A picture for Ada")

    def gone() -> None:
        expect(pictures).to_have_count(2, timeout=SHORT_TIMEOUT_MS)

    person.press("🗑️", on="at night", until=gone)
    person.type_text(history)

    def found() -> None:
        person.wait_for_card("A picture from the history of Ada", pictures=1)

    person.choose(f"{again} …", "a lighthouse at night", until=found)


def _choose_options(person: BrowserUser, folder: Path) -> None:
    sketch = folder / "sketch.png"
    person.messages.first.screenshot(path=sketch)
    many, size, reference = typed(4)
    person.write_text(f"/imagine prompt: a boat {many} {size}")
    person.upload(reference, sketch)
    person.send()
    person.wait_for_card("4 pictures for Ada", pictures=4)
    person.wait_for_words("1200×800")
    person.wait_for_words("1 reference image")
    for name in pressed(4):
        _open_the_menu(person, name)
    model, high, low = typed(5)
    person.type_text(f"/imagine prompt: a hill {model} {high}")
    person.wait_for_card("A picture for Ada", pictures=1)
    person.wait_for_words(re.findall(r"for (\d credits)", STEPS[5])[0])
    person.type_text(f"/imagine prompt: a hill by the sea {model} {high.partition(':')[0]}: {low}")
    person.wait_for_words("a hill by the sea")
    person.wait_for_card("A picture for Ada", pictures=1)
    person.wait_for_words("1 credit ·")


def _open_the_menu(person: BrowserUser, name: str) -> None:
    """Choose in the context menu of the newest message, and look at the form."""
    person.open_form_from_menu(name)
    person.form.get_by_role("button", name="Cancel", exact=True).click()
    expect(person.form).to_be_hidden()


def _press_buttons(person: BrowserUser) -> None:
    (imagine,), (second,) = typed(6), pressed(6)
    person.type_text(imagine)
    person.wait_for_card("4 pictures for Ada", pictures=4)
    label = rf"{second} · \d credits?"
    person.press(label, on="4 pictures", until=lambda: person.wait_for_words("A picture for Ada"))
    person.wait_for_card("A picture for Ada", pictures=1)
    person.wait_for_words(f"{second} ·")
    expect(person.card.get_by_role("button", name="Zoom Out 2x")).to_be_visible()


def _use_a_preset_and_be_declined(person: BrowserUser) -> None:
    save, imagine = typed(7)
    person.type_text(save)
    person.wait_for_words("Saved as paper")
    person.type_text(imagine)
    person.wait_for_words("a boat, watercolour")
    person.wait_for_card("A picture for Ada", pictures=1)
    (declined,) = typed(8)
    person.type_text(declined)
    person.wait_for_words("declined")


def _repeat_as_ben(person: BrowserUser) -> None:
    assert "🔄" in STEPS[9]
    person.switch_to("Ben")
    pictures = person.messages.filter(has_text="a boat, watercolour")
    pictures.last.locator(".reaction-chip", has_text="🔄").click()
    person.wait_for_card("A picture for Ben", pictures=1)


def _limit_as_mia(person: BrowserUser) -> None:
    person.switch_to("Mia")
    limit, settings, usage, log = typed(10)
    person.type_text(limit)
    person.wait_for_words("Everyone may now spend 3 credits per day")
    person.type_text(settings)
    person.wait_for_words("Only you can see this")
    person.switch_to("Ada")
    person.type_text(typed(1)[0])
    person.wait_for_words("the limit for everyone here")
    person.type_text(usage)
    person.wait_for_words("0 of 3 left")
    person.switch_to("Mia")
    person.type_text(log)
    person.wait_for_words("now hears who asked for pictures")


def test_the_readmes_eleventh_step_can_be_walked(browser: Browser, tmp_path: Path) -> None:
    """Failures cost nothing, three of them make Ada wait, and Mia lets her go on."""
    option, reset = typed(11)
    options, env = (*option.split(), "--latency", "0"), environment(tmp_path)
    with running_playground(*options, cwd=tmp_path, env=env) as url:
        person = BrowserUser(browser, url)
        _ask_until_refused(person)
        person.switch_to("Mia")
        person.type_text(reset)
        person.wait_for_words("Only you can see this")
        person.switch_to("Ada")
        person.type_text(f"{typed(1)[0]} {SMALL}")
        expect(person.card).to_contain_text(re.compile(f"{PICTURE}|{FAILURE}"))
        person.tab.close()


def _ask_until_refused(person: BrowserUser) -> None:
    for number in range(TRIES):
        before = person.messages.count()
        person.type_text(f"/imagine prompt: a boat, take {number} {SMALL}")
        expect(person.messages).to_have_count(before + 1)
        expect(person.card).to_contain_text(re.compile(f"{PICTURE}|{FAILURE}|{REFUSAL}"))
        if REFUSAL in person.card.inner_text():
            return
    raise AssertionError("three failures did not stop Ada")
