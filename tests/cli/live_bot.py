"""The whole bot as a process of its own on a loopback Discord, with real settings in files."""

import asyncio
import itertools
import json
import re
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.cli.process import TIMEOUT_S, Ended, environment, run, running
from tests.cogs.scripted_gateway import png
from tests.crash.wire_events import by
from tests.discord_rest.events import BOT_PERMISSIONS, CHANNEL, SERVER, command
from tests.discord_rest.fake import TOKEN, Answer, FakeDiscord, fake_discord
from tests.discord_rest.gateway_socket import GatewaySocket, gateway_socket_of, server
from tests.discord_rest.interactions import Asked
from tests.discord_rest.messages import Message

AUTOCOMPLETE = 4  # interactions/receiving-and-responding, Interaction Type
_LOOK_EVERY_S = 0.02

BASIC = {
    "DISCORD_TOKEN": TOKEN,
    "GATEWAYS_FILE": "gateways.toml",
    "DATA_DIR": "data",
    "DEFAULT_QUOTA": "",
    "MAX_RUNNING_PER_USER": "1000",
    "MAX_WAITING_PER_USER": "1000",
    "MAX_QUEUED_JOBS": "1000",
    "MAX_REQUESTS_PER_MINUTE": "1000",
    "LOG_FORMAT": "json",
}


@dataclass
class KeyedGateway:
    """A gateway that notes with which key each request came; every POST waits for ``gate``.

    A prompt that ends with ``as task`` makes a task, which is done when ``tasks_done`` is set.
    """

    url: str = ""
    posts: list[tuple[str, str, str]] = field(default_factory=list)
    polls: list[str] = field(default_factory=list)
    refused_keys: set[str] = field(default_factory=set)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    tasks_done: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def keys(self, prompt: str) -> list[str]:
        """Return the keys with which a prompt was sent."""
        return [key for key, sent, _ in self.posts if sent == prompt]

    async def generate(self, request: web.Request) -> web.Response:
        """Answer one POST."""
        key, body = _key(request), await request.json()
        self.posts.append((key, body["prompt"], body["model"]))
        await self.gate.wait()
        if key in self.refused_keys:
            error = {"code": "invalid_api_key", "message": f"your key {key} is wrong"}
            return web.json_response({"error": error}, status=401)
        if body["prompt"].endswith("as task"):
            return web.json_response({"task_id": f"task-{len(self.posts)}"})
        return web.json_response({"created": 1, "data": [{"b64_json": png("64x64")}]})

    async def task(self, request: web.Request) -> web.Response:
        """Return the state of a task."""
        self.polls.append(_key(request))
        if not self.tasks_done.is_set():
            return web.json_response({"status": "running"})
        return web.json_response({"status": "succeeded", "data": [{"b64_json": png("64x64")}]})

    async def models(self, _request: web.Request) -> web.Response:
        """List nothing that is known."""
        return web.json_response({"data": []})


def _key(request: web.Request) -> str:
    return request.headers["Authorization"].removeprefix("Bearer ")


@asynccontextmanager
async def keyed_gateway() -> AsyncIterator[KeyedGateway]:
    """Open the gateway on loopback."""
    gateway, app = KeyedGateway(), web.Application()
    app.router.add_post("/v1/images/generations", gateway.generate)
    app.router.add_get("/v1/images/tasks/{id}", gateway.task)
    app.router.add_get("/v1/models", gateway.models)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield gateway
    finally:
        gateway.gate.set()
        await runner.cleanup()


def table(name: str, gateway: KeyedGateway, *models: str, more: str = "") -> str:
    """Return the table of a gateway in gateways.toml."""
    return (
        f'[gateways.{name}]\nbase_url = "{gateway.url}"\nmodels = {json.dumps(models)}\n'
        f"poll = {{ interval_s = 0.1 }}\n{more}\n"
    )


def write_settings(folder: Path, gateways: str, **variables: str) -> None:
    """Write ``.env`` and ``gateways.toml`` as an operator does."""
    (folder / "gateways.toml").write_text(gateways)
    lines = (f"{name}={value}" for name, value in {**BASIC, **variables}.items())
    (folder / ".env").write_text("\n".join(lines))


@dataclass
class LiveBot:
    """A bot that is logged in, and the people of one channel."""

    folder: Path
    process: asyncio.subprocess.Process
    fake: FakeDiscord
    socket: GatewaySocket
    log: list[dict[str, Any]]
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    async def until_connected(self) -> None:
        """Wait until it hears what people do."""
        await asyncio.wait_for(self.socket.identified.wait(), TIMEOUT_S)
        await self.until_logged("bot.ready")

    async def ask(self, prompt: str, model: str | None = None) -> Asked:
        """Type an /imagine; return the interaction, which may not be answered yet."""
        options = {"prompt": prompt} if model is None else {"prompt": prompt, "model": model}
        return await self._tell(lambda id_, token: command(id_, token, "imagine", **options))

    async def suggested(self) -> list[str]:
        """Return the models that are suggested to whoever begins to type one."""

        def typed(id_: int, token: str) -> dict[str, Any]:
            event = command(id_, token, "imagine", model="")
            event["data"]["options"][0]["focused"] = True
            return {**event, "type": AUTOCOMPLETE}

        asked = await self._tell(typed)
        await until(lambda: asked.suggestions is not None)
        return [str(choice["value"]) for choice in asked.suggestions or ()]

    async def _tell(self, event: Callable[[int, str], dict[str, Any]]) -> Asked:
        id_ = next(self._ids)
        token = self.fake.interactions.ask(CHANNEL, id_)
        await self.socket.tell("INTERACTION_CREATE", by(id_, event(id_, token)))
        return self.fake.interactions.asked[token]

    async def answered(self, asked: Asked) -> Message:
        """Return the message that answers an interaction."""
        await until(lambda: asked.message is not None)
        assert asked.message is not None
        return asked.message

    async def painted(self, asked: Asked) -> Message:
        """Return the answer when it shows its picture."""
        message = await self.answered(asked)
        await until(lambda: bool(message.files))
        return message

    async def reload(self) -> Ended:
        """Run ``python -m bot reload`` beside it."""
        return await run("bot", "reload", folder=self.folder, env=environment(self.folder))

    def hang_up(self) -> None:
        """Send it SIGHUP."""
        self.process.send_signal(signal.SIGHUP)

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return the records of an event."""
        return [record for record in self.log if record.get("event") == event]

    async def until_logged(self, event: str, times: int = 1) -> dict[str, Any]:
        """Wait for an event in its log, and return the record."""
        await until(lambda: len(self.logged(event)) >= times)
        return self.logged(event)[times - 1]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query its database."""
        with closing(sqlite3.connect(self.folder / "data" / "easel.db")) as database:
            return database.execute(sql).fetchall()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(TIMEOUT_S):
        while not is_so():  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(_LOOK_EVERY_S)


@asynccontextmanager
async def live_bot(folder: Path, *, env: Sequence[tuple[str, str]] = ()) -> AsyncIterator[LiveBot]:
    """Start the bot in a folder with its settings, and wait until it is connected."""
    async with starting_bot(folder, env=env) as bot:
        await bot.until_connected()
        yield bot


@asynccontextmanager
async def starting_bot(
    folder: Path, *, env: Sequence[tuple[str, str]] = ()
) -> AsyncIterator[LiveBot]:
    """Start the bot in a folder with its settings; at the end it must not have been refused."""
    variables = {**environment(folder), **dict(env)}
    async with (
        fake_discord() as fake,
        gateway_socket_of(fake, [server(SERVER, [CHANNEL], BOT_PERMISSIONS)]) as socket,
        running("tests.cli.bot_process", fake.base, folder=folder, env=variables) as process,
    ):
        # The owner, who is told of a gateway that is down.
        owner = {"username": "olga", "discriminator": "0", "avatar": None}
        fake.instead["/users/7"] = Answer(200, {"id": "7", **owner})
        bot = LiveBot(folder, process, fake, socket, [])
        reading = asyncio.create_task(read_log(process, bot.log))
        try:
            yield bot
        finally:
            process.kill()
            await reading
        assert (fake.refused, socket.rejected) == ([], []), (fake.refused, socket.rejected)


async def read_log(process: asyncio.subprocess.Process, log: list[dict[str, Any]]) -> None:
    """Append what a process logs, until it ends."""
    assert process.stderr is not None
    async for line in process.stderr:
        try:
            log.append(json.loads(line))
        except ValueError:
            log.append(_of_console(line.decode()))


def _of_console(line: str) -> dict[str, Any]:
    """Return a record of the console's format: time, level, event, logger and fields."""
    found = re.match(r"\S+ \[\w+ *\] (\S+) +\[[\w.]+\]", line)
    if found is None:
        return {"event": line}
    fields = re.findall(r"(\w+)=('[^']*'|\S+)", line[found.end() :])
    return {"event": found[1], **{name: value.strip("'") for name, value in fields}}
