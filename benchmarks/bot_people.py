"""People of ``benchmarks.bot`` who ask a bot for pictures, and what they see and when."""

import asyncio
import itertools
import time
from dataclasses import dataclass, field

from aiohttp import web

from benchmarks.job_service_gateway import SLOWLY
from tests.crash.wire_events import by
from tests.discord_rest.events import BOT_PERMISSIONS, CHANNEL, SERVER, Payload, command
from tests.discord_rest.fake import FakeDiscord, Json
from tests.discord_rest.gateway_socket import GatewaySocket, server
from tests.discord_rest.messages import DISCORD_EPOCH, Message

FIRST_PERSON = 1001
MOST_S = 120.0
_LEAST_BYTES = 1_500_000
_TAIL_BYTES = 40  # they hold what tells the gateway's pictures apart


class PictureMissing(Exception):
    """A person waited for too long."""


@dataclass(eq=False)
class PictureRequest:
    """A /imagine; seconds are those of ``time.monotonic``, milliseconds are since the epoch."""

    prompt: str
    asked_s: float
    answered_s: float = 0.0
    visible_s: float = 0.0
    visible_ms: int = 0
    message_id: int = 0
    is_visible: asyncio.Event = field(default_factory=asyncio.Event)


class People:
    """So many people, each in a channel of their own.

    The first response to a request is a message, or also a deferral if ``counts_deferral``;
    ``answered`` counts those who have had it. ``last_seen_s`` is when the bot last asked Discord
    anything.
    """

    def __init__(
        self, fake: FakeDiscord, gateway: GatewaySocket, count: int, *, counts_deferral: bool
    ) -> None:
        self._fake = fake
        self._gateway = gateway
        self._count = count
        self._counts_deferral = counts_deferral
        self._numbers = itertools.count(1)
        self._asked: dict[str, PictureRequest] = {}
        self._tails: set[bytes] = set()
        self.answered = 0
        self.last_seen_s = 0.0
        fake.then = self._see

    @property
    def asked(self) -> int:
        """Return how many pictures were asked for."""
        return len(self._asked)

    async def one_by_one(self, pictures: int, *, ends: str = SLOWLY) -> list[PictureRequest]:
        """Let each person ask again when they have their picture, until all are asked for."""
        left, requests = iter(range(pictures)), list[PictureRequest]()

        async def ask_again(person: int) -> None:
            for _ in left:
                requests.append(await self._ask(person, ends))

        async with asyncio.TaskGroup() as group:
            for person in range(self._count):
                group.create_task(ask_again(person))
        return requests

    async def at_a_rate(self, per_s: float, seconds: float) -> list[PictureRequest]:
        """Let somebody ask every so often, whoever still waits."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            tasks = []
            for number in range(round(per_s * seconds)):
                await asyncio.sleep(began + number / per_s - time.monotonic())
                asking = self._ask(number % self._count, SLOWLY)
                tasks.append(group.create_task(asking))
        return [task.result() for task in tasks]

    async def _ask(self, person: int, ends: str) -> PictureRequest:
        number = next(self._numbers)
        self._fake.now_ms = time.time_ns() // 1_000_000
        id_ = (self._fake.now_ms - DISCORD_EPOCH << 22) + number
        channel = CHANNEL + person
        token, prompt = self._fake.interactions.ask(channel, id_), f"fox {id_}, {ends}"
        request = self._asked[token] = PictureRequest(prompt, time.monotonic())
        await self._gateway.tell(
            "INTERACTION_CREATE", typed_by(id_, token, FIRST_PERSON + person, channel, prompt)
        )
        try:
            async with asyncio.timeout(MOST_S):
                await request.is_visible.wait()
        except TimeoutError:
            seen = sum(each.is_visible.is_set() for each in self._asked.values())
            raise PictureMissing(f"{seen} of {self.asked} pictures in {MOST_S:.0f} s") from None
        return request

    async def _see(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Note what a request of the bot, which has just been done, shows to whom."""
        self.last_seen_s = time.monotonic()
        token = request.match_info.get("token", "")
        if token not in self._asked:
            return response
        asked, seen = self._asked[token], self._fake.interactions.asked[token]
        if not asked.answered_s and (seen.message is not None or self._counts_deferral):
            asked.answered_s = time.monotonic()
            self.answered += 1
        if seen.message is not None and seen.message.contents:
            self._look_at(seen.message)
            asked.visible_s, asked.visible_ms = time.monotonic(), time.time_ns() // 1_000_000
            asked.message_id = seen.message.id
            asked.is_visible.set()
        return response

    def _look_at(self, message: Message) -> None:
        """End everything unless a message shows a picture of the gateway that was never shown."""
        (content,) = message.contents.values()
        tail = content[-_TAIL_BYTES:]
        if len(content) < _LEAST_BYTES or tail in self._tails:
            raise SystemExit(f"a wrong picture of {len(content)} bytes")
        self._tails.add(tail)
        message.contents = {}  # hundreds of them would fill the memory


def server_of(people: int) -> Json:
    """Return a server with a channel for each."""
    return server(SERVER, range(CHANNEL, CHANNEL + people), BOT_PERMISSIONS)


def typed_by(id_: int, token: str, person: int, channel: int, prompt: str) -> Payload:
    """Return the /imagine that a person typed in a channel."""
    typed = by(person, command(id_, token, "imagine", prompt=prompt))
    here = {**typed["channel"], "id": str(channel), "permissions": str(BOT_PERMISSIONS)}
    member = {**typed["member"], "permissions": str(BOT_PERMISSIONS)}
    return {
        **typed,
        "app_permissions": str(BOT_PERMISSIONS),
        "channel": here,
        "channel_id": str(channel),
        "member": member,
    }
