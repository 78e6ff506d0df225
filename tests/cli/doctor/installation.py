"""A healthy installation on loopback, in which a test breaks one thing."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.cli.doctor.checks import print_findings, run_checks
from bot.cli.doctor.finding import Finding
from bot.cli.doctor.settings_check import read_setup
from bot.core.clock import Clock
from tests.discord_rest.fake import NOW_MS, TOKEN, FakeDiscord, fake_discord, guild
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.replay_gateway import ReplayGateway, http_reply, replay_gateway

ALL_NEEDED = (1 << 6) | (1 << 10) | (1 << 11) | (1 << 14) | (1 << 15) | (1 << 16) | (1 << 38)
LIST = http_reply(200, {"data": [{"id": "painter"}, {"id": "drawer"}]})


@dataclass
class Installation:
    """What the doctor looks at; ``env`` sets the operator's variables."""

    discord: FakeDiscord
    gateway: ReplayGateway
    folder: Path
    env: pytest.MonkeyPatch
    now_ms: int = NOW_MS + 700
    free_bytes: int = 50 * 10**9
    said: list[str] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        """Return the doctor's clock."""
        return Clock(now=lambda: self.now_ms)

    def set(self, **variables: str) -> None:
        """Set variables of the environment."""
        for name, value in variables.items():
            self.env.setenv(name, value)

    async def examined(self, *, timeout_s: float = 10, **variables: str) -> Sequence[Finding]:
        """Return every finding."""
        self.set(**variables)
        findings = run_checks(
            read_setup(), self.clock, free_bytes=lambda _: self.free_bytes, timeout_s=timeout_s
        )
        return [finding async for finding in findings]

    async def reported(self, **variables: str) -> int:
        """Keep every line in ``said`` and return the exit code."""
        self.set(**variables)
        return await print_findings(read_setup(), self.clock, self.said.append)


def of(findings: Sequence[Finding], check: str) -> Finding:
    """Return the only finding of a check."""
    (found,) = (one for one in findings if one.check == check)
    return found


@asynccontextmanager
async def open_installation(folder: Path, env: pytest.MonkeyPatch) -> AsyncIterator[Installation]:
    """Open Discord and a gateway, and write what a healthy operator's ``.env`` holds."""
    async with fake_discord() as discord, replay_gateway(LIST, LIST) as gateway:
        discord.guilds = [guild(11, "Fox Club", ALL_NEEDED)]
        installation = Installation(discord, gateway, folder, env)
        installation.set(
            DISCORD_TOKEN=TOKEN,
            IMAGE_API_URL=gateway.origin,
            IMAGE_API_KEY=GATEWAY_KEY,
            IMAGE_MODELS="painter",
            SERVER_QUOTA="500/month",
        )
        yield installation
