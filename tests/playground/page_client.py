"""A client of the playground's page without a browser: the same requests, over plain HTTP."""

import asyncio
import io
import logging
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    chdir,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
)
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
import structlog
from yarl import URL

from playground.__main__ import argument_parser, main
from playground.page import serve_page
from tests.cli.process import Ended, environment, running
from tests.playground.remembered_parsers import remembered_parsers

RequestContext = AbstractAsyncContextManager[aiohttp.ClientResponse]

TIMEOUT_S = 20
POLL_INTERVAL_S = 0.05


@asynccontextmanager
async def page_process(
    *options: str, folder: Path, env: dict[str, str] | None = None
) -> AsyncIterator[tuple[str, str, asyncio.subprocess.Process]]:
    """Run the playground; yields its URL, the words before it and its process."""
    (folder / "tmp").mkdir(exist_ok=True)
    env = (env or environment(folder)) | {"TMPDIR": str(folder / "tmp")}
    command = ("playground", "--no-open", *options)
    async with running(*command, folder=folder, env=env) as process:
        assert process.stdout is not None
        printed = await asyncio.wait_for(process.stdout.readuntil(b"Ctrl-C"), TIMEOUT_S)
        yield _url_in(printed.decode()), printed.decode(), process


@asynccontextmanager
async def page(
    *options: str, folder: Path, env: dict[str, str] | None = None
) -> AsyncIterator[str]:
    """Serve the playground's page inside this process; yields its URL."""
    arguments = argument_parser().parse_args(["--no-open", *options])
    printed = io.StringIO()
    with (
        chdir(folder),
        patch.dict(os.environ, env or environment(folder), clear=True),
        redirect_stdout(printed),
        default_logging(),
        remembered_parsers(),
    ):
        serving = asyncio.create_task(serve_page(arguments))
        try:
            yield await _printed_url(printed, serving)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


def run_main(*arguments: str, folder: Path, env: dict[str, str] | None = None) -> Ended:
    """Run ``python -m playground`` inside this process, to its end."""
    out, err = io.StringIO(), io.StringIO()
    with (
        chdir(folder),
        patch.dict(os.environ, env or environment(folder), clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
        default_logging(),
        default_signals(),
    ):
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Ended(code, out.getvalue(), err.getvalue())


@contextmanager
def default_signals() -> Iterator[None]:
    """Restore the signal handlers that the program sets."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def default_logging() -> Iterator[None]:
    """Restore what the program changes in this process's logging."""
    root, structured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        structlog.configure(**structured)
        root.handlers[:] = handlers
        root.setLevel(level)


async def _printed_url(printed: io.StringIO, serving: asyncio.Task[None]) -> str:
    async with asyncio.timeout(TIMEOUT_S):
        while "Ctrl-C" not in printed.getvalue():
            if serving.done():
                serving.result()
            await asyncio.sleep(POLL_INTERVAL_S)
    return _url_in(printed.getvalue())


def _url_in(printed: str) -> str:
    found = re.search(r"http://127\.0\.0\.1\S+", printed)
    assert found is not None, printed
    return found.group()


@dataclass
class PageClient:
    """Sends the requests of the page's script, and reads the data that it draws from."""

    url: URL
    session: aiohttp.ClientSession
    context: str = ""
    sequence: int = 0
    seen: dict[str, Any] = field(default_factory=dict)

    async def come_in(self, name: str) -> "PageClient":
        """Open a page as somebody."""
        first = await self._send("POST", "/api/pages", {})
        who = next(v["id"] for v in first["viewers"] if v["name"] == name)
        self._see(await self._send("POST", "/api/pages", {"viewer_id": who}))
        return self

    async def command(self, name: str, **options: object) -> dict[str, Any]:
        """Send a command as it is typed; returns the receipt."""
        catalogue = await self._send("GET", "/api/commands")
        entry = next(e for e in catalogue["entries"] if e["invocation"] == name)
        options = {option: str(value) for option, value in options.items()}
        return await self._act(
            "run_command",
            command_id=entry["commandId"],
            path=entry["path"],
            schema_fingerprint=entry["schemaFingerprint"],
            options=options,
        )

    async def say(self, text: str) -> dict[str, Any]:
        """Send a text as a message; returns the receipt."""
        target = self.seen["targetId"]
        return await self._act("send_message", target_id=target, content=text, reply_to_id=None)

    async def press(self, card: dict[str, Any], words: str) -> dict[str, Any]:
        """Press the button of a message that begins with these words; returns the receipt."""
        controls = [each for row in card["components"] for each in row["components"]]
        (button,) = (each for each in controls if str(each.get("label", "")).startswith(words))
        return await self._act("click", target_id=card["id"], control_key=button["control_key"])

    async def fill_in(self, **values: str) -> dict[str, Any]:
        """Submit the form that is open; returns the receipt."""
        self._see(await self._send("GET", "/api/state"))
        handle = self.seen["modal"]["handle"]
        return await self._act("modal_submit", modal_handle=handle, values=values)

    async def choose(self, name: str, message: str) -> int:
        """Choose in the context menu of a message; returns the status of the answer."""
        body = {"name": name, "message": message}
        async with self._request("POST", "/easel/menu", body) as answer:
            return answer.status

    async def _act(self, kind: str, **fields: object) -> dict[str, Any]:
        action = {
            "protocol_version": 3,
            "kind": kind,
            "sequence": self.sequence + 1,
            "request_id": f"{self.context}-{self.sequence}",
            "generation": self.seen["context"]["generation"],
            "bot_generation": self.seen["botGeneration"],
            "published_revision": self.seen["publishedRevision"],
        }
        receipt = await self._send("POST", "/api/action", action | fields)
        self.sequence = receipt.get("expectedSequence", self.sequence)
        return receipt

    async def card(self, words: str) -> dict[str, Any]:
        """Look until the newest message says this; returns the message."""
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                self._see(await self._send("GET", "/api/state"))
                newest: dict[str, Any] = self.seen["messages"][self.seen["timeline"][-1]]
                if words in str(newest):
                    return newest
                await asyncio.sleep(POLL_INTERVAL_S)

    def _see(self, state: dict[str, Any]) -> None:
        self.seen = state
        self.context = state["context"]["id"]

    def _request(self, method: str, path: str, body: object = None) -> RequestContext:
        headers = {"X-Simcord-Capability": self.url.fragment, "X-Simcord-Context": self.context}
        address = self.url.with_path(path).with_fragment(None)
        return self.session.request(method, address, json=body, headers=headers)

    async def _send(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        async with self._request(method, path, body) as answer:
            assert answer.status == 200, (answer.status, await answer.text())
            found: dict[str, Any] = await answer.json()
            return found
