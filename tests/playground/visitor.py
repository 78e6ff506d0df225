"""Somebody at the playground's page without a browser: the same requests, over plain HTTP."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from tests.cli.process import environment, running

TIMEOUT_S = 60
LOOK_EVERY_S = 0.05


@asynccontextmanager
async def page(
    *options: str, folder: Path, env: dict[str, str] | None = None
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """Run the playground; yields its URL and its process."""
    (folder / "tmp").mkdir(exist_ok=True)
    env = (env or environment(folder)) | {"TMPDIR": str(folder / "tmp")}
    command = ("playground", "--no-open", *options)
    async with running(*command, folder=folder, env=env) as process:
        yield await asyncio.wait_for(_url(process), TIMEOUT_S), process


async def _url(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async for line in process.stdout:
        if found := re.search(rb"http://127\.0\.0\.1\S+", line):
            return found.group().decode()
    raise AssertionError(await process.stderr.read() if process.stderr else "no URL")


@dataclass
class Visitor:
    """Sends what the page's script sends, and sees what it would draw."""

    url: URL
    session: aiohttp.ClientSession
    context: str = ""
    sequence: int = 0
    seen: dict[str, Any] = field(default_factory=dict)

    async def come_in(self, name: str) -> "Visitor":
        """Open a page as somebody."""
        first = await self._send("POST", "/api/pages", {})
        who = next(v["id"] for v in first["viewers"] if v["name"] == name)
        self._see(await self._send("POST", "/api/pages", {"viewer_id": who}))
        return self

    async def command(self, name: str, **options: object) -> dict[str, Any]:
        """Send a command as it is typed; returns the receipt."""
        catalogue = await self._send("GET", "/api/commands")
        entry = next(e for e in catalogue["entries"] if e["invocation"] == name)
        action = {
            "protocol_version": 3,
            "kind": "run_command",
            "sequence": self.sequence + 1,
            "request_id": f"{self.context}-{self.sequence}",
            "generation": self.seen["context"]["generation"],
            "bot_generation": self.seen["botGeneration"],
            "published_revision": self.seen["publishedRevision"],
            "command_id": entry["commandId"],
            "path": entry["path"],
            "schema_fingerprint": entry["schemaFingerprint"],
            "options": {option: str(value) for option, value in options.items()},
        }
        receipt = await self._send("POST", "/api/action", action)
        self.sequence = receipt["expectedSequence"]
        return receipt

    async def card(self, words: str) -> dict[str, Any]:
        """Look until the newest message says this; returns the message."""
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                self._see(await self._send("GET", "/api/state"))
                newest: dict[str, Any] = self.seen["messages"][self.seen["timeline"][-1]]
                if words in str(newest):
                    return newest
                await asyncio.sleep(LOOK_EVERY_S)

    def _see(self, state: dict[str, Any]) -> None:
        self.seen = state
        self.context = state["context"]["id"]

    async def _send(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"X-Simcord-Capability": self.url.fragment, "X-Simcord-Context": self.context}
        address = self.url.with_path(path).with_fragment(None)
        async with self.session.request(method, address, json=body, headers=headers) as answer:
            assert answer.status == 200, (answer.status, await answer.text())
            found: dict[str, Any] = await answer.json()
            return found
