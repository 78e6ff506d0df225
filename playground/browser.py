"""Browser automation: a user of the playground's page, for the screenshots and the browser test.

Needs Playwright and an installed Chromium; it downloads none.
"""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Locator, Request, expect, sync_playwright
from playwright.sync_api import Page as Tab
from playwright.sync_api import TimeoutError as TookTooLong

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TIMEOUT_MS = 30_000
SHORT_TIMEOUT_MS = 3_000
POLL_MS = 50
EXIT_TIMEOUT_S = 30
TRIES = 3
SIZE = (1280, 900)
_WIDEST = (
    "Math.max(...[...document.querySelectorAll('#channel-message-list *')]"
    ".map(part => part.getBoundingClientRect().right))"
)


def chromium() -> str | None:
    """Return where Chromium is, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def running_playground(
    *options: str,
    module: str = "playground",
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Run the playground in a process of its own; yields its URL."""
    command = (sys.executable, "-m", module, "--no-open", *options)
    with subprocess.Popen(  # noqa: S603 - a module of this package
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _url(process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(EXIT_TIMEOUT_S)


def _url(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        if found := re.search(r"http://127\.0\.0\.1\S+", line):
            return found.group()
    raise RuntimeError("the playground ended before it printed a URL")


@contextmanager
def headless() -> Iterator[Browser]:
    """Start Chromium; the OSError of a machine without one says so."""
    path = chromium()
    if path is None:
        raise FileNotFoundError("there is no Chromium here: install the package chromium")
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class BrowserUser:
    """Reads the page, types and clicks; `console_errors` are what the browser complains of."""

    def __init__(
        self, browser: Browser, url: str, *, scale: float = 1, size: tuple[int, int] = SIZE
    ) -> None:
        width, height = size
        self.tab: Tab = browser.new_page(
            viewport={"width": width, "height": height}, device_scale_factor=scale
        )
        self.tab.set_default_timeout(TIMEOUT_MS)
        self.console_errors: list[str] = []
        self._pending: set[Request] = set()
        self.tab.on("request", self._request_began)
        self.tab.on("requestfinished", self._request_ended)
        self.tab.on("requestfailed", self._request_ended)
        self.tab.on("console", lambda line: self._note_error(line.type, line.text))
        self.tab.on("pageerror", lambda error: self._note_error("error", str(error)))
        self.tab.goto(url)
        expect(self.messages.first).to_be_visible()
        self.wait_for_pictures()
        self._wait_for_answer()

    def _request_began(self, request: Request) -> None:
        if "/api/assets/" in request.url:
            self._pending.add(request)

    def _request_ended(self, request: Request) -> None:
        self._pending.discard(request)

    def _note_error(self, kind: str, text: str) -> None:
        if kind == "error":
            self.console_errors.append(text)

    # --- reading -----------------------------------------------------------------------------

    @property
    def messages(self) -> Locator:
        """Return every message in the channel, oldest first."""
        return self.tab.locator("#channel-message-list > [data-message-id]")

    @property
    def card(self) -> Locator:
        """Return the newest message."""
        return self.messages.last

    @property
    def box(self) -> Locator:
        """Return the composer's text box, which is gone while a command has options."""
        return self.tab.locator("#channel-composer-input")

    @property
    def line(self) -> Locator:
        """Return the line that says why something was not sent."""
        return self.tab.locator(".easel-line")

    @property
    def form(self) -> Locator:
        """Return the form that is open, if any."""
        return self.tab.locator("#modal-root form")

    def field(self, name: str) -> Locator:
        """Return a field of the form by its name in the bot."""
        return self.form.locator(f'[data-custom-id="{name}"]')

    def wait_for_words(self, words: str) -> None:
        """Wait until the newest message says this."""
        expect(self.card).to_contain_text(words)

    def wait_for_card(self, title: str, *, pictures: int = 0) -> None:
        """Wait until the newest message says this and shows so many pictures, wholly loaded."""
        self.wait_for_words(title)
        images = self.card.locator("img.embed-image")
        expect(images).to_have_count(pictures)
        self.wait_for_pictures()
        for image in images.all():
            expect(image).to_be_visible()

    def wait_for_pictures(self) -> None:
        """Wait until every picture in the channel is loaded, those of people included."""
        self.tab.wait_for_timeout(POLL_MS)
        for picture in self.tab.locator("#channel-message-list img").all():
            expect(picture).not_to_have_js_property("naturalWidth", 0)
        for _ in range(TIMEOUT_MS // POLL_MS):
            if not self._pending:
                return
            self.tab.wait_for_timeout(POLL_MS)

    def wait_for_width(self, points: int) -> None:
        """Wait until nothing in the channel reaches beyond so many points."""
        for _ in range(TIMEOUT_MS // POLL_MS):
            if self.tab.evaluate(_WIDEST) <= points:
                return
            self.tab.wait_for_timeout(POLL_MS)
        raise AssertionError(f"something reaches beyond {points}")

    # --- acting -------------------------------------------------------------------------------

    def type_command(
        self, name: str, files: Mapping[str, Path] | None = None, /, **options: object
    ) -> None:
        """Type a command with its options and send it."""
        self.choose_command(name)
        for option, value in options.items():
            self._fill(option, str(value))
        for option, path in (files or {}).items():
            self.upload(option, path)
        self.send()

    def type_text(self, text: str) -> None:
        """Type a text into the composer as it stands, and press Enter until it is sent."""
        self.write_text(text)
        is_listed = self.box.is_visible()
        self.tab.keyboard.press("Enter")
        if is_listed and self.tab.locator(".command-row").is_visible():
            self.tab.keyboard.press("Enter")  # the first one took the command from the list
        ended = self.tab.locator(".easel-line:visible, #channel-composer-input")
        expect(ended.first).to_be_visible()
        if self.line.is_visible():
            raise AssertionError(self.line.inner_text())
        expect(self.box).to_have_value("")
        self._wait_for_answer()

    def write_text(self, text: str) -> None:
        """Type a text into the composer as it stands."""
        self.box.click()
        self.tab.keyboard.type(text)

    def upload(self, option: str, path: Path) -> None:
        """Choose a file for an option of the command that is being typed."""
        self._pill(option).locator("input[type=file]").set_input_files(path)

    def resize(self, size: tuple[int, int]) -> None:
        """Give the window another width and height."""
        width, height = size
        self.tab.set_viewport_size({"width": width, "height": height})

    def choose_command(self, name: str) -> None:
        """Type ``/name`` and take it from the list, again if the page was not listening."""
        exact = self.tab.locator("strong", has_text=re.compile(f"^/{re.escape(name)}$"))
        entry = self.tab.locator(".command-entry", has=exact)
        box = self.tab.locator("#channel-composer-input")
        for patience_ms in (SHORT_TIMEOUT_MS, SHORT_TIMEOUT_MS, TIMEOUT_MS):
            box.fill("")
            box.press_sequentially(f"/{name}")
            with suppress(TookTooLong):
                entry.click(timeout=patience_ms)
                return
        raise AssertionError(f"/{name} is not on offer")

    def send(self) -> None:
        """Press the arrow until the command is taken, and wait until Discord answered."""
        command = self.tab.locator(".command-row")
        for _ in range(TRIES):
            self.tab.locator("#send-message").click()
            self._wait_for_answer()
            if command.count() == 0:
                return
        raise AssertionError(self.tab.locator("#action-status").inner_text())

    def switch_to(self, name: str) -> None:
        """View the page as another member."""
        # A picture that is still loading for another viewer is an error in the console.
        self.wait_for_pictures()
        self.tab.locator("#viewer-picker").select_option(label=name)
        self._wait_for_answer()
        self.wait_for_pictures()

    def press(self, label: str, *, on: str, until: Callable[[], None]) -> None:
        """Press a button of the newest message that says ``on``, until its effect is seen."""
        button = self.tab.get_by_role("button", name=re.compile(rf"(^|\s){label}$"))
        message = self.messages.filter(has_text=on).filter(has=button).last
        self._until(until, message.locator(button))

    def choose(self, label: str, choice: str, *, until: Callable[[], None]) -> None:
        """Choose from a list in the newest message, until the effect is seen."""
        opener = self.card.get_by_role("combobox", name=label, exact=True)
        option = self.card.locator(".select-option", has_text=choice)
        self._until(until, opener, option)

    def open_form_from_menu(self, name: str) -> None:
        """Choose in the context menu of the newest message, and see the form."""
        self.card.hover()
        self.card.locator(".easel-apps").click()
        self.tab.get_by_role("menuitem", name=name, exact=True).click()
        expect(self.form).to_be_visible()

    def fill_in(self, **texts: str) -> None:
        """Write into the form that is open, send it and see it close."""
        for name, text in texts.items():
            self.field(name).locator("textarea, input").fill(text)
        send = self.form.get_by_role("button", name="Submit", exact=True)
        self._until(lambda: expect(self.form).to_be_hidden(timeout=SHORT_TIMEOUT_MS), send)

    def react(self, emoji: str) -> None:
        """Add one's own to a reaction of the newest message."""
        self.card.locator(".reaction-chip", has_text=emoji).click()
        self._wait_for_answer()

    def _until(self, effect: Callable[[], None], *buttons: Locator) -> None:
        """Click one after the other, and again where a busy page ignored the clicks."""
        for _ in range(TRIES - 1):
            with suppress(AssertionError, TookTooLong):
                self._click(*buttons)
                return effect()
        with suppress(TookTooLong):  # a slow click may have removed the button
            self._click(*buttons)
        return effect()

    def _click(self, *buttons: Locator) -> None:
        for button in buttons:
            button.click(timeout=SHORT_TIMEOUT_MS)
        self._wait_for_answer()

    def _wait_for_answer(self) -> None:
        """Wait while the page's status ends with "…", such as "Completing action…"."""
        expect(self.tab.locator("#action-status")).not_to_have_text(re.compile("…$"))

    def _fill(self, option: str, value: str) -> None:
        box = self._pill(option).locator("input")
        box.click()
        box.press_sequentially(value)
        if box.get_attribute("role") == "combobox":
            # A value that may be typed freely is not always suggested.
            with suppress(TookTooLong):
                self._suggestion(value).click(timeout=SHORT_TIMEOUT_MS)

    def _pill(self, option: str) -> Locator:
        pill = self.tab.locator(f'.command-pill[data-option="{option}"]')
        if pill.count() == 0:
            self.tab.locator(".command-ghost").click()
            self._suggestion(option).click()
        return pill

    def _suggestion(self, label: str) -> Locator:
        exactly = re.compile(f"^{re.escape(label)}$")
        exact = self.tab.locator(".command-suggestion-label", has_text=exactly)
        return self.tab.locator(".command-suggestion", has=exact)
