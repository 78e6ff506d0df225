"""The whole bot as a process on a loopback Discord, and Prometheus, which reads its metrics."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.bot_people import FIRST_PERSON, server_of, typed_by
from bot.database.scheduled_copies import BACKUP_FOLDER
from tests.deploy.image_gateway import ImageGateway, image_gateway
from tests.deploy.prometheus import Prometheus, answers, running_prometheus, until
from tests.discord_rest.events import CHANNEL
from tests.discord_rest.fake import TOKEN, FakeDiscord, fake_discord
from tests.discord_rest.gateway_socket import GatewaySocket, gateway_socket_of
from tests.discord_rest.interactions import Asked
from tests.discord_rest.messages import DISCORD_EPOCH
from tests.free_ports import free_port

ROOT = Path(__file__).parent.parent.parent
PEOPLE = 60
DISK_MB = 1100  # the alert is about 1 GB
GATEWAYS = """
[gateways.mine]
base_url = "{url}"
models = ["gpt-image-2"]
abilities."gpt-image-2".price = 1
"""
SETTINGS = {
    "DISCORD_TOKEN": TOKEN,
    "GATEWAYS_FILE": "gateways.toml",
    "GATEWAYS__MINE__API_KEY": "sk-monitored",
    "DATA_DIR": "data",
    "DEFAULT_QUOTA": "1000/day",
    "OPERATOR_BUDGET": "60/day",
    "BACKUP_EVERY": "30d",
    "BACKUP_KEEP": "3",
}
_ON_A_DISK = f'mount -t tmpfs -o size={DISK_MB}m easel data && exec "$@"'


@dataclass
class MonitoredBot:
    """A bot with its Discord, its gateway and its Prometheus; ``folder`` is where it works."""

    folder: Path
    port: int
    fake: FakeDiscord
    socket: GatewaySocket
    gateway: ImageGateway
    prometheus: Prometheus
    own_disk: bool
    expressions: dict[str, str] = field(default_factory=dict)
    _process: asyncio.subprocess.Process | None = None
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def process(self) -> asyncio.subprocess.Process:
        """Return its process."""
        assert self._process is not None
        return self._process

    @property
    def data(self) -> Path:
        """Return DATA_DIR as this process reaches it (proc(5), /proc/PID/root)."""
        return Path(f"/proc/{self.process.pid}/root{self.folder}/data")

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        self.socket.identified.clear()
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(), cwd=self.folder, env=self._environment(), stdout=log, stderr=log
            )
        await until(self.is_ready, "ready", within_s=60)

    async def end(self) -> None:
        """Kill it, also while it is stopped."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def has_one_backup(self, *, age_s: float) -> None:
        """Leave one scheduled copy, of that age by its name."""
        folder = self.data / BACKUP_FOLDER
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.db"):
            old.unlink()
        stamp = datetime.fromtimestamp(time.time() - age_s, UTC).strftime("%Y%m%dT%H%M%SZ")
        (folder / f"easel-scheduled-{stamp}.db").touch()

    async def is_ready(self) -> bool:
        """Ask /readyz."""
        return await answers(self.prometheus.session, f"http://127.0.0.1:{self.port}/readyz")

    async def says(self, word: str) -> None:
        """Wait until /readyz says no, and why."""
        session, url = self.prometheus.session, f"http://127.0.0.1:{self.port}/readyz"

        async def has_it() -> bool:
            async with session.get(url) as response:
                return response.status == 503 and word in await response.text()

        await until(has_it, f"/readyz says {word}")

    async def ask(self, pictures: int) -> list[Asked]:
        """Let as many people type /imagine, without waiting for an answer."""
        return [await self._ask(person) for person in range(pictures)]

    async def paint(self, pictures: int) -> None:
        """Let as many people type /imagine, and wait for their pictures."""
        asked = await self.ask(pictures)

        async def all_have_theirs() -> bool:
            return all(each.message and each.message.files for each in asked)

        await until(all_have_theirs, "pictures")

    async def fires(self, *alerts: str) -> None:
        """Wait until the expressions of all are true at once, and their texts are there."""
        await until(partial(self._are, alerts, fire=True), f"{alerts} are true")
        await until(partial(self._are_told, alerts), f"{alerts} have their texts")

    async def is_quiet(self, *alerts: str) -> None:
        """Wait until the expression of none of these alerts is true."""
        await until(partial(self._are, alerts, fire=False), f"{alerts} are false")

    async def until_true(self, query: str) -> None:
        """Wait until a query finds something."""

        async def found() -> bool:
            return bool(await self.prometheus.series(query))

        await until(found, query)

    async def _are(self, alerts: Sequence[str], *, fire: bool) -> bool:
        found = [await self.prometheus.series(self.expressions[alert]) for alert in alerts]
        return all(bool(series) is fire for series in found)

    async def _are_told(self, alerts: Sequence[str]) -> bool:
        """Tell whether their texts have their values; a wrong name would be an error there."""
        told = {
            each["labels"]["alertname"]: " ".join(each["annotations"].values())
            for each in await self.prometheus.alerts()
        }
        assert not [text for text in told.values() if "<error" in text or "<no value>" in text]
        return told.keys() >= set(alerts)

    async def _ask(self, person: int) -> Asked:
        self.fake.now_ms = time.time_ns() // 1_000_000
        number = next(self._numbers)
        id_, channel = (self.fake.now_ms - DISCORD_EPOCH << 22) + number, CHANNEL + person
        token = self.fake.interactions.ask(channel, id_)
        typed = typed_by(id_, token, FIRST_PERSON + person, channel, f"fox {number}")
        await self.socket.tell("INTERACTION_CREATE", typed)
        return self.fake.interactions.asked[token]

    def _command(self) -> tuple[str, ...]:
        program = (sys.executable, "-m", "benchmarks.bot_process", "easel")
        command = (*program, self.fake.base, self.fake.gateway_url)
        return (*own_mounts(), "sh", "-c", _ON_A_DISK, "sh", *command) if self.own_disk else command

    def _environment(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        return {**kept, **SETTINGS, "PYTHONPATH": str(ROOT), "METRICS_ADDRESS": str(self.port)}


def own_mounts() -> tuple[str, ...]:
    """Return the command that gives another one mounts of its own (unshare(1))."""
    return ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--user", "--map-root-user")))


@asynccontextmanager
async def monitored_bot(folder: Path, *, own_disk: bool = False) -> AsyncIterator[MonitoredBot]:
    """Start everything; with ``own_disk`` its DATA_DIR is a small disk of its own."""
    async with AsyncExitStack() as stack:
        port = free_port()
        fake = await stack.enter_async_context(fake_discord())
        socket = await stack.enter_async_context(gateway_socket_of(fake, [server_of(PEOPLE)]))
        gateway = await stack.enter_async_context(image_gateway())
        (folder / "gateways.toml").write_text(GATEWAYS.format(url=gateway.url))
        (folder / "data").mkdir()
        reader = await stack.enter_async_context(running_prometheus(folder / "prometheus", port))
        bot = MonitoredBot(folder, port, fake, socket, gateway, reader, own_disk)
        bot.expressions = await reader.expressions()
        stack.push_async_callback(bot.end)
        await bot.start()
        await bot.until_true('up{job="easel"} == 1')
        yield bot


async def stopped(process: asyncio.subprocess.Process, *, seconds: float) -> None:
    """Let a process stand still for a while, as a machine without time for it does."""
    process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    process.send_signal(signal.SIGCONT)
