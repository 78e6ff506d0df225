"""Processes of one database that are killed: at a request of their own, or at some moment."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from random import Random

from aiohttp import web

from bot.database.transaction import Transaction
from tests.cli.forked import Forked
from tests.crash.invariants import rows
from tests.crash.wire_gateway import BOT, TERMINAL

DISCORD, GATEWAY, NOWHERE = "discord", "gateway", ""
LONGEST_LIFE_S = 1.2
MOST_REQUESTS = {DISCORD: 30, GATEWAY: 6}
PLACES = {BOT: (DISCORD, GATEWAY, NOWHERE), TERMINAL: (GATEWAY, NOWHERE)}

TRIGGERS = (
    ("adopted", "owner ON jobs", "adoptions VALUES (OLD.id, OLD.owner)"),
    ("ended", "ended_at ON jobs WHEN OLD.ended_at IS NOT NULL", "twice VALUES (OLD.id)"),
    ("settled", "state ON charges WHEN OLD.state = 'settled'", "twice VALUES (OLD.job_id)"),
)


class Answer(Enum):
    """What a dying process gets of the answer to its last request."""

    NOTHING = auto()
    HALF = auto()
    ALL = auto()


@dataclass
class DeadlyRequest:
    """The request at which a process dies: the ``nth`` of those that it makes there from now on."""

    whose: str
    where: str
    nth: int
    answer: Answer
    kill: asyncio.Event = field(default_factory=asyncio.Event)
    killed: asyncio.Event = field(default_factory=asyncio.Event)

    async def after(
        self, whose: str, where: str, request: web.Request, response: web.Response
    ) -> web.StreamResponse:
        """Answer; if it is this request, as much as the process gets, and wait for its death."""
        if (whose, where) != (self.whose, self.where):
            return response
        self.nth -= 1
        if self.nth:
            return response
        cut = await self._cut(request, response)
        self.kill.set()
        await self.killed.wait()
        return cut

    async def _cut(self, request: web.Request, response: web.Response) -> web.StreamResponse:
        body = response.body if isinstance(response.body, bytes) else b""
        answer = web.StreamResponse(
            status=response.status, headers={"Content-Type": response.content_type}
        )
        answer.content_length = len(body)
        if self.answer is not Answer.NOTHING:
            await answer.prepare(request)
            sent = len(body) if self.answer is Answer.ALL else len(body) // 2
            await answer.write(body[:sent])
        return answer


@dataclass
class Killer:
    """Kills processes of one folder; ``killed`` are the ids of the dead as owners of jobs.

    ``kills`` counts them; a process that had ended by itself is none.
    """

    folder: Path
    chance: Random
    killed: set[str] = field(default_factory=set)
    request: DeadlyRequest | None = None
    kills: int = 0

    async def kill(self, process: Forked, whose: str) -> None:
        """Kill a process at one of its requests, or after a while."""
        where = self.chance.choice(PLACES[whose])
        life_s = LONGEST_LIFE_S
        if where == NOWHERE:
            life_s = self.chance.uniform(0, LONGEST_LIFE_S)
        nth = self.chance.randint(1, MOST_REQUESTS.get(where, 1))
        request = DeadlyRequest(whose, where, nth, self.chance.choice(list(Answer)))
        self.request = request
        waiting = [asyncio.ensure_future(each) for each in (process.wait(), request.kill.wait())]
        await asyncio.wait(waiting, timeout=life_s, return_when=asyncio.FIRST_COMPLETED)
        self._kill(process)
        await process.wait()
        request.killed.set()
        self.request = None
        for each in waiting:
            each.cancel()
        await asyncio.wait(waiting)

    def _kill(self, process: Forked) -> None:
        """Kill it; until this moment nobody may have taken a job of it."""
        if owner := _owner_of(process.pid):
            taken = rows(self.folder, f"SELECT job_id FROM adoptions WHERE was = '{owner}'")
            assert taken == []
            self.killed.add(owner)
        if process.returncode is None:
            self.kills += 1
            process.kill()

    async def after(
        self, whose: str, where: str, request: web.Request, response: web.Response
    ) -> web.StreamResponse:
        """Answer a request, unless it is the one at which its process dies."""
        if self.request is None:
            return response
        return await self.request.after(whose, where, request, response)


def _owner_of(pid: int) -> str:
    """Return a living process' id as an owner of jobs, by its lock; none before it has one."""
    for opened in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(FileNotFoundError):  # it was closed meanwhile
            lock = opened.readlink()
            if lock.suffix == ".lock" and lock.stem != "bot":
                return lock.stem
    return ""


def record_changes(tx: Transaction) -> None:
    """Let the database write down whose jobs are taken over, and what ends a second time."""
    tx.write("CREATE TABLE adoptions (job_id TEXT, was TEXT)")
    tx.write("CREATE TABLE twice (job_id TEXT)")
    for name, change, row in TRIGGERS:
        tx.write(f"CREATE TRIGGER {name} AFTER UPDATE OF {change} BEGIN INSERT INTO {row}; END")
