"""Typing on the playground's page in a real browser, and a page that stays where one looks."""

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from playwright.sync_api import Browser, expect

from playground.browser import POLL_MS, SHORT_TIMEOUT_MS, BrowserUser

pytestmark = pytest.mark.slow

SMALL = "size: 256x256"
# How far the end of the newest message is below what one sees.
BELOW = (
    "(() => { const log = document.getElementById('channel-timeline');"
    " return Math.round(log.scrollHeight - log.scrollTop - log.clientHeight); })()"
)
# What is in the document is not drawn yet: the page scrolls before its next frame. So what is true
# in two frames after each other was drawn.
BELOW_AS_DRAWN = (
    "(async () => {"
    " const next = () => new Promise(tell => requestAnimationFrame(() => setTimeout(tell)));"
    f" await next(); const first = {BELOW}; await next(); return Math.min(first, {BELOW}); }})()"
)
# Pictures of which one would see the alternative text.
BROKEN = (
    "[...document.querySelectorAll('#channel-message-list img')].filter(picture =>"
    " !picture.naturalWidth && getComputedStyle(picture).visibility === 'visible').length"
)


@pytest.fixture
def latency_s() -> float:
    """Paint at once."""
    return 0


def test_what_is_typed_becomes_options_as_one_types(person: BrowserUser) -> None:
    """Every value is seen, every option says what it is, and Tab and Enter delete none."""
    person.write_text("/imagine a long hill that goes on and on and on until the sea n: 2 ")
    pills = person.tab.locator(".command-pill")
    expect(pills).to_have_count(2)
    for field in pills.locator("input").all():
        assert field.evaluate("field => field.scrollWidth <= field.clientWidth")
    person.tab.locator(".command-ghost").click()
    offered = person.tab.locator('.command-suggestion[data-value="model"]')
    expect(offered).to_contain_text("Image model")
    assert "…" not in person.tab.locator(".command-suggestion-ellipsis").all_inner_texts()
    pills.last.locator("input").click()
    person.tab.keyboard.press("Tab")
    person.tab.keyboard.press("Enter")
    expect(pills).to_have_count(2)
    pills.last.locator("input").fill("")
    person.tab.keyboard.press("Backspace")
    expect(pills).to_have_count(1)
    person.tab.keyboard.press("Escape")
    pills.first.locator("input").fill(f"a hill n: 2 {SMALL}")
    expect(pills).to_have_count(3)
    person.tab.keyboard.press("Enter")
    person.wait_for_card("2 pictures for Ada", pictures=2)
    expect(person.box).to_be_focused()
    assert person.console_errors == []


def test_an_option_offers_its_choices_before_a_key_is_pressed(person: BrowserUser) -> None:
    """Nobody can type the name of a model that they have not seen; what was chosen is enough."""
    person.write_text("/imagine a hill model: ")
    offered = person.tab.locator(".command-suggestion")
    expect(offered).to_have_count(4)
    expect(offered.first).to_contain_text("1 credit")
    person.tab.keyboard.press("ArrowDown")
    person.tab.keyboard.press("Enter")
    expect(person.tab.locator('.command-pill[data-option="model"] input')).not_to_have_value("")
    expect(person.tab.locator(".command-empty")).to_be_hidden()
    assert person.console_errors == []


def test_what_is_typed_after_a_command_without_a_needed_option_is_not_lost(
    person: BrowserUser,
) -> None:
    """``/help topic: credits`` is the topic, and a word too many is told."""
    person.write_text("/help topic: credits")
    expect(person.tab.locator('.command-pill[data-option="topic"] input')).to_have_value("credits")
    person.tab.keyboard.press("Enter")
    person.wait_for_words("Credits")
    person.write_text("/usage please")
    expect(person.box).to_have_value("/usage please")
    person.tab.keyboard.press("Enter")
    expect(person.line).to_contain_text("“please” belongs to no option of /usage")
    assert person.console_errors == []


def test_pictures_are_as_large_as_in_discord(person: BrowserUser) -> None:
    """300 points in an embed, 350 as an attachment, which comes before the embed."""
    person.type_text("/imagine a hill")
    person.wait_for_card("A picture for Ada", pictures=1)
    box = person.card.locator("img.embed-image").bounding_box()
    assert box is not None
    assert (round(box["width"]), round(box["height"])) == (300, 300)
    person.type_text("/imagine a hill spoiler: true")
    person.wait_for_card("A picture for Ada")
    cover = person.card.locator(".spoiler-media").bounding_box()
    card = person.card.locator(".embed-card").bounding_box()
    assert cover is not None
    assert card is not None
    assert (round(cover["width"]), round(cover["height"])) == (350, 350)
    assert cover["y"] + cover["height"] < card["y"]


def test_names_are_known_and_mistakes_are_told(person: BrowserUser) -> None:
    """A pasted mistake stays in the composer with the line that helps; a right one is sent."""
    person.box.fill("/imagine promt: a boat")
    person.box.press("Enter")
    expect(person.line).to_have_text("/imagine has no option promt: did you mean prompt: ?")
    expect(person.box).to_have_value("/imagine promt: a boat")
    person.box.fill("hello")
    expect(person.line).to_be_hidden()
    person.box.press("Enter")
    person.wait_for_words("hello")
    person.switch_to("Mia")
    person.type_text("/quota reset user: Ada")
    person.wait_for_words("Ada")
    person.type_text("/settings log channel: #gallery")
    person.wait_for_words("now hears who asked for pictures")
    person.wait_for_words("Only you can see this")
    assert person.console_errors == []


def test_a_command_in_a_message_can_be_clicked(person: BrowserUser) -> None:
    """The first look needs no typing: an example, Enter, a picture."""
    examples = person.messages.filter(has_text="Welcome").locator("li .easel-command")
    expect(examples.nth(4)).to_be_visible()
    person.tab.get_by_role("button", name="/imagine prompt: a lighthouse at dusk").click()
    expect(person.box).to_have_value("/imagine prompt: a lighthouse at dusk")
    person.tab.keyboard.press("Enter")
    person.wait_for_card("A picture for Ada", pictures=1)
    assert person.console_errors == []


def test_the_newest_message_stays_in_view(person: BrowserUser) -> None:
    """Also after a reload, and while pictures load; but nobody is torn away from what they read."""
    for number in range(2):
        person.type_text(f"/imagine prompt: a hill {number}")
        person.wait_for_card("A picture for Ada", pictures=1)
        assert person.tab.evaluate(BELOW_AS_DRAWN) <= 1
    person.tab.reload()
    expect(person.messages).to_have_count(4)
    # The messages may be there before the script that scrolls. The page's own policy forbids
    # Playwright to poll in it.
    for _ in range(250):
        if person.tab.evaluate(BELOW) <= 1:
            break
        person.tab.wait_for_timeout(20)
    for _ in range(10):
        assert person.tab.evaluate(BROKEN) == 0
        assert person.tab.evaluate(BELOW_AS_DRAWN) <= 1
        person.tab.wait_for_timeout(100)
    person.wait_for_pictures()
    assert person.tab.evaluate(BELOW_AS_DRAWN) <= 1
    person.messages.first.hover()
    while person.tab.evaluate(BELOW_AS_DRAWN) < 300:
        person.tab.mouse.wheel(0, -5_000)
        person.tab.wait_for_timeout(POLL_MS)
    person.tab.get_by_role("button", name="Re-roll").first.click()
    expect(person.messages).to_have_count(5)
    assert person.tab.evaluate(BELOW_AS_DRAWN) > 300


def test_focus_lies_on_the_message_below_a_deleted_one(person: BrowserUser) -> None:
    """Somebody without a mouse goes on from there."""
    for number in range(2):
        person.type_text(f"/imagine prompt: a hill {number} {SMALL}")
        person.wait_for_card("A picture for Ada", pictures=1)
    below = person.card.get_attribute("data-message-id")
    pictures = person.messages.filter(has_text="A picture for Ada")

    def gone() -> None:
        expect(pictures).to_have_count(1, timeout=SHORT_TIMEOUT_MS)

    person.press("🗑️", on="a hill 0", until=gone)
    expect(person.messages.and_(person.tab.locator(f'[data-message-id="{below}"]'))).to_be_focused()


def test_the_address_without_its_key_says_what_to_do(
    person: BrowserUser, browser: Browser, url: str
) -> None:
    """A stranger's browser is told; the one that has seen the page remembers its key."""
    address = url.partition("#")[0]
    stranger = browser.new_page()
    stranger.goto(address)
    expect(stranger.locator(".easel-note")).to_contain_text("the terminal shows")
    stranger.close()
    person.tab.goto("about:blank")
    person.tab.goto(address)
    expect(person.messages.first).to_be_visible()
