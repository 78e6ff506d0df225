"""A fake Discord that kills the bot process at a given request, and what must hold afterwards."""

import asyncio
import re
import signal
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from aiohttp import web

from tests.cli.process import Ended, environment, run, running
from tests.crash import invariants
from tests.crash.bot_process import ProcessPlan
from tests.crash.counting_gateway import CountingGateway
from tests.discord_rest.events import CHANNEL
from tests.discord_rest.fake import FakeDiscord
from tests.discord_rest.messages import Message

BOT_PROCESS = "tests.crash.bot_process"
TIMEOUT_S = 120
MINUTE_MS = 60_000
PLACE_CARD = r"POST /interactions/\d+/[^/]+/callback"
EDIT_CARD = r"PATCH /webhooks/\d+/[^/]+/messages/\d+"
POST_MESSAGE = rf"POST /channels/{CHANNEL}/messages"


@dataclass(frozen=True)
class CrashRequest:
    """The request at which a process dies: the ``nth`` of its route with files, or without.

    Discord has done it then, and is about to answer, or ``halfway`` through its answer.
    """

    route: str
    halfway: bool
    with_files: bool = True
    nth: int = 1


@dataclass
class CrashScenario:
    """What stays while processes come and go.

    With ``delete_cards`` somebody deletes every card at once.
    """

    folder: Path
    fake: FakeDiscord
    gateway: CountingGateway
    delete_cards: bool = False
    _interactions: int = 0
    _seen: list[str] = field(default_factory=list)

    async def run_until_killed(
        self, at: CrashRequest, *, pictures: int = 0, rolls: int = 0
    ) -> None:
        """Run a process, and what somebody asks of it, until Discord kills it."""
        plan = self._plan(pictures, rolls)
        born = asyncio.get_running_loop().create_future()
        self._seen.clear()

        async def then(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
            if self._is_now(request, at):
                return await _kill(await born, request, response, halfway=at.halfway)
            return response

        self.fake.then = then
        env = environment(self.folder)
        async with running(BOT_PROCESS, plan, folder=self.folder, env=env) as process:
            born.set_result(process)
            assert process.stderr is not None
            said = await asyncio.wait_for(process.stderr.read(), TIMEOUT_S)
            assert (await process.wait(), said) == (-signal.SIGKILL, b"")
        self.fake.then = None

    async def run_to_end(self, *, pictures: int = 0) -> Ended:
        """Run a process that sees everything through."""
        plan, env = self._plan(pictures, 0), environment(self.folder)
        ended = await run(BOT_PROCESS, plan, folder=self.folder, env=env)
        assert (ended.code, ended.err) == (0, "")
        return ended

    def advance(self, minutes: int) -> None:
        """Let time pass."""
        self.fake.now_ms += minutes * MINUTE_MS

    @property
    def shown(self) -> list[Message]:
        """Return what stands in the channel."""
        return self.fake.messages.at(CHANNEL)

    @property
    def files(self) -> list[int]:
        """Return how many files each message there has."""
        return [len(message.files) for message in self.shown]

    def check(self, *states: str, delivered: int) -> None:
        """Compare the jobs, the ledger and the gateway's count."""
        jobs = invariants.rows(self.folder, "SELECT state, told, token FROM jobs ORDER BY rowid")
        assert jobs == [(state, 1, None) for state in states]
        charged = invariants.rows(self.folder, "SELECT SUM(credits), MIN(state) FROM charges")
        assert charged == [(delivered, "settled")]
        assert self.gateway.paid.total() == delivered
        invariants.check_meters(self.folder)
        invariants.check_slots(self.folder, self.gateway)
        invariants.check_left_over(self.folder, locks=["bot.lock"])

    def _plan(self, pictures: int, rolls: int) -> str:
        self._interactions += 1
        ask = self.fake.interactions.ask
        plan = ProcessPlan(
            folder=str(self.folder),
            gateway=self.gateway.url,
            discord=self.fake.base,
            now_ms=self.fake.now_ms,
            pictures=pictures,
            interaction=self._interactions,
            token=ask(CHANNEL, self._interactions) if pictures else "",
            rolls=rolls,
        )
        return msgspec.json.encode(plan).decode()

    def _is_now(self, request: web.Request, at: CrashRequest) -> bool:
        line = f"{request.method} {request.path.removeprefix('/api/v10')}"
        if self.delete_cards and re.fullmatch(PLACE_CARD, line):
            self.fake.messages.all.clear()
        with_files = request.content_type.startswith("multipart/")
        if not re.fullmatch(at.route, line) or with_files != at.with_files:
            return False
        self._seen.append(line)
        return len(self._seen) == at.nth


async def _kill(
    process: asyncio.subprocess.Process,
    request: web.Request,
    response: web.StreamResponse,
    *,
    halfway: bool,
) -> web.StreamResponse:
    assert isinstance(response, web.Response)
    assert isinstance(response.body, bytes)
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    answer.content_length = len(response.body)
    if halfway:
        await answer.prepare(request)
        await answer.write(response.body[: len(response.body) // 2])
    process.kill()
    await process.wait()
    return answer
