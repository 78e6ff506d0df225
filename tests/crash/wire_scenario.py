"""A bot and terminal jobs on one database, in a server where people ask for pictures."""

import asyncio
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from aiohttp import web

from tests.cli.forked import Forked, fork
from tests.cli.process import environment, run
from tests.cogs.scripted_gateway import KEY
from tests.crash import wire_events
from tests.crash.invariants import rows
from tests.crash.wire_events import MASK, MASKED
from tests.crash.wire_gateway import BOT, TERMINAL, WireGateway
from tests.crash.wire_kills import DISCORD, GATEWAY, Killer
from tests.crash.wire_process import MODELS, WireEvent, WirePlan
from tests.discord_rest.events import CHANNEL
from tests.discord_rest.fake import FakeDiscord

TERMINAL_REFERENCE = "reference.png"
WIRE_PROCESS = "tests.crash.wire_process"
PEOPLE = range(1001, 1021)
MINUTE_MS = 60_000
# Discord forgets a nonce after some minutes, and drops a token after fifteen.
PAUSES_MIN = (0, 0, 0, 0, 0, 0, 5, 20)
LONGEST_SILENCE_S = 0.4
ANSWERS = ("at once", "as task", "by url")


@dataclass
class WireScenario:
    """What stays while processes come and go."""

    folder: Path
    fake: FakeDiscord
    gateway: WireGateway
    cdn: dict[str, str]
    killer: Killer
    ahead_ms: int = 0
    aged: set[str] = field(default_factory=set)
    """Jobs of which something was left to do when minutes passed."""
    _running: dict[str, Forked] = field(default_factory=dict)
    _logged_in: Forked | None = None
    _used: set[str] = field(default_factory=set)
    _last: int = 0

    def __post_init__(self) -> None:
        self.chance = self.killer.chance
        self.gateway.then = self._after_gateway
        self.fake.then = self._after_discord
        self._set_time()

    # --- processes ----------------------------------------------------------------------------

    async def round(self, *, second_bot: bool) -> None:
        """Let people ask, and kill one of two processes; the other lives on."""
        for whose in self.chance.sample((BOT, TERMINAL), 2):
            if not self._lives(whose):
                await self._start(whose)
        self._set_time()
        if second_bot:
            await self._start_second_bot()
        victim = self.chance.choice((BOT, BOT, TERMINAL))
        process = self._running[victim]
        people = asyncio.create_task(self._people_ask())
        await self.killer.kill(process, victim)
        people.cancel()
        await asyncio.wait((people,))
        assert people.cancelled()
        await self._bury(victim, process)
        if victim == BOT:
            self._let_time_pass()

    async def run_to_end(self) -> None:
        """Let the last processes die, and one more bot see everything through."""
        for whose, process in list(self._running.items()):
            await self.killer.kill(process, whose)
            await self._bury(whose, process)
        ended = await run(
            WIRE_PROCESS, self._plan(), folder=self.folder, env=environment(self.folder)
        )
        assert (ended.code, ended.err) == (0, ""), ended.err

    async def close(self) -> None:
        """End what still runs."""
        for process in self._running.values():
            process.kill()
            await process.communicate()

    def _lives(self, whose: str) -> bool:
        return whose in self._running and self._running[whose].returncode is None

    async def _start(self, whose: str) -> None:
        if whose in self._running:
            await self._bury(whose, self._running[whose])
        start = self._start_bot if whose == BOT else self._start_terminal
        self._running[whose] = await start()

    async def _start_bot(self) -> Forked:
        env = environment(self.folder)
        return await fork(WIRE_PROCESS, self._plan(), folder=self.folder, env=env, listens=True)

    async def _start_second_bot(self) -> None:
        """Start another bot beside the first: it must be refused."""
        if self._logged_in is not self._running[BOT]:
            self._logged_in = self._running[BOT]
            assert await self._logged_in.stdout.readline() == b"logged in\n"
        second = await run(
            WIRE_PROCESS, self._plan(), folder=self.folder, env=environment(self.folder)
        )
        assert second.code == 1
        assert "Another Easel bot already" in second.err
        assert "Traceback" not in second.err

    async def _start_terminal(self) -> Forked:
        prompt = f"{TERMINAL} {self._next()} {self.chance.choice(ANSWERS)}"
        command = ["bot", "imagine", prompt, "--out", "art", "--n", str(self.chance.randint(1, 2))]
        model = "dall-e-3"
        if self.chance.random() < 0.5:
            model = "gpt-image-2"
            command += ["--reference", TERMINAL_REFERENCE]
        env = environment(
            self.folder,
            IMAGE_API_URL=self.gateway.url,
            IMAGE_API_KEY=KEY,
            IMAGE_MODELS=",".join(MODELS),
            DATABASE_URL=f"sqlite:///{self.folder / 'easel.db'}",
            DATA_DIR=str(self.folder),
        )
        return await fork(*command, "--model", model, folder=self.folder, env=env)

    async def _bury(self, whose: str, process: Forked) -> None:
        """Read what a dead process said: no defect of ours may be among it."""
        del self._running[whose]
        _, said = await process.communicate()
        assert process.returncode in (
            {-signal.SIGKILL} if whose == BOT else {-signal.SIGKILL, 0, 1}
        )
        assert whose == TERMINAL or said == b"", said.decode()
        assert b"Traceback" not in said, said.decode()

    def _plan(self) -> str:
        plan = WirePlan(
            folder=str(self.folder),
            gateway=self.gateway.url,
            discord=self.fake.base,
            ahead_ms=self.ahead_ms,
        )
        return msgspec.json.encode(plan).decode()

    # --- time ---------------------------------------------------------------------------------

    def _set_time(self) -> None:
        self.fake.now_ms = time.time_ns() // 1_000_000 + self.ahead_ms

    def _let_time_pass(self) -> None:
        if minutes := self.chance.choice(PAUSES_MIN):
            left = rows(self.folder, "SELECT id FROM jobs WHERE ended_at IS NULL OR told = 0")
            self.aged |= {job for (job,) in left}
            self.ahead_ms += minutes * MINUTE_MS
        self._set_time()

    # --- what is killed at a request ------------------------------------------------------------

    async def _after_gateway(
        self, whose: str, request: web.Request, response: web.Response
    ) -> web.StreamResponse:
        return await self.killer.after(whose, GATEWAY, request, response)

    async def _after_discord(
        self, request: web.Request, response: web.StreamResponse
    ) -> web.StreamResponse:
        assert isinstance(response, web.Response)
        return await self.killer.after(BOT, DISCORD, request, response)

    # --- what people do -------------------------------------------------------------------------

    async def _people_ask(self) -> None:
        """Let people ask again and again, as long as there is a bot."""
        while True:
            stdin = self._running[BOT].stdin
            assert stdin is not None
            if self._lives(BOT):
                stdin.write(msgspec.json.encode(self._somebody_asks()) + b"\n")
            await asyncio.sleep(self.chance.uniform(0, LONGEST_SILENCE_S))

    def _next(self) -> int:
        self._last += 1
        return self._last

    def _somebody_asks(self) -> WireEvent:
        """Return a command, or something about an earlier result if there is one."""
        result = self._some_result()
        what = self.chance.choice((self._imagine, self._imagine, self._imagine_from))
        if result is None or self.chance.random() < 0.5:
            return what()
        return self._go_on(*result)

    def _imagine(self) -> WireEvent:
        prompt = f"fox {self._next()} {self.chance.choice(ANSWERS)}"
        return self._command(prompt, "dall-e-3", ())

    def _imagine_from(self) -> WireEvent:
        names = self.chance.sample(sorted(set(self.cdn) - {MASK}), self.chance.randint(1, 3))
        prompt, mask = f"fox {self._next()} from pictures", None
        if self.chance.random() < 0.5:
            names, mask = [MASKED, *(name for name in names if name != MASKED)], self.cdn[MASK]
        attached = [self.cdn[name] for name in names]
        return self._command(prompt, self.chance.choice(MODELS[1:]), attached, mask)

    def _command(
        self, prompt: str, model: str, attached: Sequence[str], mask: str | None = None
    ) -> WireEvent:
        id_, person = self._next(), self.chance.choice(PEOPLE)
        typed = wire_events.imagine(
            id_,
            self.fake.interactions.ask(CHANNEL, id_),
            person,
            private=self.chance.random() < 0.4,
            attached=attached,
            mask=mask,
            prompt=prompt,
            model=model,
            n=self.chance.randint(1, 2),
        )
        return WireEvent(typed)

    def _some_result(self) -> tuple[str, int, int, bool] | None:
        """Return a job whose pictures are shown, and which nobody has gone on from."""
        found = [
            (job, message, person, bool(private))
            for job, message, person, private in rows(
                self.folder,
                "SELECT id, message_id, user_id, private FROM jobs"
                " WHERE state = 'done' AND error IS NULL AND message_id IS NOT NULL",
            )
            if job not in self._used and self.fake.messages.all[message].files
        ]
        return self.chance.choice(found) if found else None

    def _go_on(self, job: str, message_id: int, person: int, private: bool) -> WireEvent:
        self._used.add(job)
        id_, message = self._next(), self.fake.messages.all[message_id]
        how = self.chance.choice(("again", "use", "use") if private else ("again", "use", "roll"))
        if how == "roll":
            return WireEvent(rolls=message_id)
        token = self.fake.interactions.ask(CHANNEL, id_)
        if how == "use":
            model, prompt = self.chance.choice(MODELS[1:]), f"fox {id_} from a result"
            return WireEvent(wire_events.use_form(id_, token, person, job, prompt, model))
        shown = self.fake.messages.shown(message)
        return WireEvent(wire_events.press(id_, token, person, shown, f"easel:again:{job}"))
