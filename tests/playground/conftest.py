"""A browser and a page for the tests in Chromium; they are skipped where there is none."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.process import environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from playground.browser import BrowserUser


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Start Chromium once for a module."""
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    from playground.browser import chromium, headless  # noqa: PLC0415 - needs Playwright

    if chromium() is None:
        pytest.skip("there is no Chromium here")
    with headless() as browser:
        yield browser


@pytest.fixture
def latency_s() -> float:
    """Return how long the painter waits before each picture."""
    return 1


@pytest.fixture
def url(tmp_path: Path, latency_s: float) -> Iterator[str]:
    """Run a playground of its own; returns its address."""
    from playground.browser import running_playground  # noqa: PLC0415 - needs Playwright

    options = ("--latency", str(latency_s))
    with running_playground(*options, cwd=tmp_path, env=environment(tmp_path)) as url:
        yield url


@pytest.fixture
def person(browser: "Browser", url: str) -> Iterator["BrowserUser"]:
    """Ada, at a page of her own."""
    from playground.browser import BrowserUser  # noqa: PLC0415 - needs Playwright

    person = BrowserUser(browser, url)
    yield person
    person.tab.close()
