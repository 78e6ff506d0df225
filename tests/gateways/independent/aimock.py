"""aimock, a server of other people that imitates OpenAI, in a process of its own.

``EASEL_AIMOCK`` names its command; without it the tests that need it are skipped. To have it:
``npm install --prefix FOLDER @copilotkit/aimock@~1.43.0``, then FOLDER/node_modules/.bin/llmock.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from threading import Timer

import aiohttp
import msgspec
from msgspec import Struct

from bot.gateways.gateway import Gateway
from tests.gateways.generation_harness import GATEWAY_KEY

_START_S = 30
_LISTENING = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")

Fixture = dict[str, object]


class _Said(Struct):
    content: str | list[object]


class _Body(Struct):
    model: str
    messages: list[_Said]


class _Answer(Struct):
    status: int


class Journaled(Struct):
    """One request as aimock read it, as if pictures were chats; it keeps no files."""

    method: str
    path: str
    headers: dict[str, str]
    body: _Body | None
    response: _Answer

    @property
    def line(self) -> str:
        """Return method and path."""
        return f"{self.method} {self.path}"

    @property
    def asked(self) -> tuple[str, str]:
        """Return the model and the prompt."""
        assert self.body
        return self.body.model, str(self.body.messages[0].content)

    @property
    def status(self) -> int:
        """Return the reply."""
        return self.response.status


@dataclass(frozen=True)
class Aimock:
    """A running aimock."""

    origin: str

    def gateway(self, **changes: object) -> Gateway:
        """Return the configuration of this gateway."""
        fields: dict[str, object] = {"name": "aimock", "base_url": self.origin, "key": GATEWAY_KEY}
        return Gateway(**{"models": ("gpt-image-2",), **fields, **changes})  # type: ignore[arg-type]  # by name

    async def repository(self) -> list[Journaled]:
        """Return the requests since the last call."""
        authorized = {"Authorization": f"Bearer {GATEWAY_KEY}"}
        async with aiohttp.ClientSession(self.origin, headers=authorized) as session:
            async with session.get("/__aimock/journal") as answer:
                entries = await answer.read()
            async with session.post("/__aimock/reset/journal") as answer:
                answer.raise_for_status()
        return msgspec.json.decode(entries, type=list[Journaled])


def why_unavailable() -> str:
    """Return why aimock cannot run here; nothing when it can."""
    if not which("node"):
        return "node is missing"
    if not os.environ.get("EASEL_AIMOCK"):
        return "EASEL_AIMOCK does not name the command of aimock"
    return ""


@contextmanager
def aimock(folder: Path, fixtures: list[Fixture]) -> Iterator[Aimock]:
    """Start aimock with these fixtures; it takes only our key."""
    (folder / "fixtures.json").write_text(json.dumps({"fixtures": fixtures}), "utf-8")
    command = [os.environ["EASEL_AIMOCK"], "-p", "0", "-h", "127.0.0.1"]
    with subprocess.Popen(
        [*command, "-f", str(folder / "fixtures.json"), "--validate-on-load"],
        env={**os.environ, "AIMOCK_API_KEYS": GATEWAY_KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Aimock(_origin(process))
        finally:
            process.kill()


def _origin(process: subprocess.Popen[str]) -> str:
    """Wait for the address, but not for ever."""
    too_late = Timer(_START_S, process.kill)
    too_late.start()
    said = []
    try:
        for line in process.stdout or ():
            said.append(line)
            if found := _LISTENING.search(line):
                return found[1]
    finally:
        too_late.cancel()
    raise RuntimeError(f"aimock did not start: {''.join(said)}")
