"""The documentation site: it can be built, and every link and picture of it leads somewhere."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import pytest

ROOT = Path(__file__).parent.parent.parent
SITE = "http://site/"
PREFORMATTED = re.compile(r"<pre.*?</pre>", re.DOTALL)
LEFT_AS_TEXT = re.compile(r"\n {0,4}(?:[*-] |\d+\. |\||```)\S")


class Page(HTMLParser):
    """The addresses that a page names, the ids it has, and what it loads by itself."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self.loaded: set[str] = set()
        self.ids: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        for name, value in attrs:
            if value and name in {"href", "src"}:
                self.addresses.add(value)
                if tag not in {"a", "base"}:
                    self.loaded.add(value)
            elif value and name in {"id", "name"}:
                self.ids.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it as ``.ci/run`` does."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-f", "docs/mkdocs.yml", "-d", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    """Return all pages by their path, but not that for errors, whose links begin at the root."""
    found = {str(path.relative_to(site)): Page(path) for path in site.rglob("*.html")}
    del found["404.html"]
    return found


def test_every_link_and_picture_leads_somewhere(site: Path, pages: dict[str, Page]) -> None:
    """The strict build looks only at links in Markdown; most pictures are HTML, for their width."""
    dead = [
        (name, address)
        for name, page in pages.items()
        for address in page.addresses
        if not _is_alive(urlsplit(urljoin(SITE + name, address)), site, pages)
    ]
    assert dead == []


def _is_alive(address: SplitResult, site: Path, pages: dict[str, Page]) -> bool:
    if address.netloc != urlsplit(SITE).netloc:
        return True  # nobody is asked beyond loopback
    path = unquote(address.path).lstrip("/") or "index.html"
    has_place = not address.fragment or address.fragment in pages[path].ids
    return has_place and (site / path).is_file()


def test_the_pictures_of_every_message_are_there(site: Path) -> None:
    """People look there for what they will see."""
    shown = Page(site / "docs" / "cards.html").loaded
    pictures = {f"pictures/{path.name}" for path in (ROOT / "docs" / "pictures").iterdir()}
    assert pictures <= shown


def test_lists_and_tables_are_not_left_as_text(site: Path) -> None:
    """The forge takes a list directly under a line of text, mkdocs does not."""
    left = {
        (page.name, text[found.start() : found.end() + 40])
        for page in site.rglob("*.html")
        for text in [PREFORMATTED.sub("", page.read_text("utf-8"))]
        for found in LEFT_AS_TEXT.finditer(text)
    }
    assert left == set()


def test_a_page_loads_nothing_from_elsewhere(pages: dict[str, Page]) -> None:
    """Its readers would be known to whoever serves fonts."""
    loaded = {address for page in pages.values() for address in page.loaded}
    assert [address for address in loaded if urlsplit(address).netloc] == []


def test_no_secret_or_data_goes_into_the_site(site: Path) -> None:
    """Its root is the repository's, where an operator may have .env and data beside the code."""
    ours = {"docs", "deploy", "bot", "assets", "search"}
    files = {path.name for path in site.iterdir()} - ours
    pages = {"index.html", "404.html", "CONTRIBUTING.html", "CHANGELOG.html", "sitemap.xml"}
    examples = {".env.example", "gateways.toml.example", "moderation.txt.example"}
    plain = {"LICENSE", "Dockerfile", "compose.yaml", *examples}
    assert files <= {*pages, *plain, "sitemap.xml.gz"}
    assert {path.suffix for path in (site / "bot").rglob("*") if path.is_file()} <= {
        ".toml",
        ".json",
    }
