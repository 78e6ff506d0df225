"""The gateway of the loopback Discord: a socket by which it tells one bot what happens.

The bot may have several shards, in several processes. Every rule names its page; all are below
https://docs.discord.com/developers. It resumes no session: a bot that asks for one is told to
identify again.
"""

import asyncio
import json
import time
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.discord_rest.events import Payload
from tests.discord_rest.fake import APPLICATION_ID, FakeDiscord, user
from tests.discord_rest.payloads import Json

# topics/opcodes-and-status-codes, Gateway Opcodes
DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME = 0, 1, 2, 3, 6
INVALID_SESSION, HELLO, HEARTBEAT_ACK = 9, 10, 11
# topics/opcodes-and-status-codes, Gateway Close Event Codes
UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, WRONG_TOKEN, ALREADY_AUTHENTICATED = (
    4001,
    4002,
    4003,
    4004,
    4005,
)
INVALID_SHARD, INVALID_VERSION, INVALID_INTENTS, DISALLOWED_INTENTS = 4010, 4012, 4013, 4014
GOING_AWAY = 1001  # RFC 6455, 7.4.1
MOST_BYTES = 4096  # events/gateway, Sending Events
HEARTBEAT_MS = 41_250
# events/gateway, List of Intents: members, presences and the content of messages
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15
GUILDS = 1 << 0
IDENTIFY_EVERY_S = 5.0  # of each bucket (events/gateway, Rate Limiting)


class Rejected(Exception):
    """The socket is closed with a code."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Line:
    """One connection; it is compressed if the bot asks for zlib (events/gateway, Compression).

    A bot that asks for another compression gets plain text, which it reads as well.
    """

    def __init__(self, socket: web.WebSocketResponse, compress: str | None) -> None:
        self.shard_id: int | None = None
        self._socket = socket
        self._zlib = zlib.compressobj() if compress == "zlib-stream" else None
        self._sequence = 0

    async def send(self, op: int, data: object = None) -> None:
        """Send an opcode."""
        await self._send({"op": op, "d": data, "s": None, "t": None})

    async def dispatch(self, event: str, data: Json) -> None:
        """Send an event with its number."""
        self._sequence += 1
        await self._send({"op": DISPATCH, "d": data, "s": self._sequence, "t": event})

    async def close(self) -> None:
        """Close it as Discord does where the bot shall come back."""
        await self._socket.close(code=GOING_AWAY)

    async def _send(self, payload: Json) -> None:
        text = json.dumps(payload)
        if self._zlib is None:
            await self._socket.send_str(text)
            return
        # Nothing is awaited between both parts: the stream has one order.
        packed = self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        await self._socket.send_bytes(packed)


@dataclass(frozen=True)
class Identified:
    """An IDENTIFY: of which shard of how many, and when on this machine's clock."""

    shard: tuple[int, int]
    at_s: float


@dataclass
class GatewaySocket:
    """The gateway of one bot, which is in ``servers``.

    ``identified`` is set while every shard has been told of its servers. ``rejected`` are the codes
    with which connections were closed. While it ``is_away``, nobody can connect. ``identifies`` are
    all that came, and ``too_early`` those that Discord would have refused: a bot of one shard may
    identify as often as it likes here.
    """

    fake: FakeDiscord
    servers: Sequence[Json] = ()
    identifies: list[Identified] = field(default_factory=list)
    too_early: list[Identified] = field(default_factory=list)
    identified: asyncio.Event = field(default_factory=asyncio.Event)
    rejected: list[int] = field(default_factory=list)
    is_away: bool = False
    lines: dict[int, Line] = field(default_factory=dict)

    async def tell(self, event: str, data: Payload) -> None:
        """Tell the shard of its server an event; the first shard what is in none."""
        shard_id = self._shard_of(data.get("guild_id") or 0)
        assert shard_id in self.lines, "no bot has identified"
        await self.lines[shard_id].dispatch(event, data)

    async def go_away(self) -> None:
        """Close the connections of the bot, and take no other."""
        self.is_away = True
        assert self.lines, "no bot has identified"
        for line in list(self.lines.values()):
            await line.close()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it is closed."""
        if self.is_away:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = Line(socket, request.query.get("compress"))
        try:
            if (request.query.get("v"), request.query.get("encoding")) != ("10", "json"):
                raise Rejected(INVALID_VERSION)
            await line.send(HELLO, {"heartbeat_interval": HEARTBEAT_MS})
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    raise Rejected(DECODE_ERROR)
                await self._receive(line, message.data)
        except Rejected as rejected:
            self.rejected.append(rejected.code)
            await socket.close(code=rejected.code)
        finally:
            if line.shard_id is not None and self.lines.get(line.shard_id) is line:
                del self.lines[line.shard_id]
                self.identified.clear()
        return socket

    async def _receive(self, line: Line, text: str) -> None:
        if len(text.encode()) > MOST_BYTES:
            raise Rejected(DECODE_ERROR)
        try:
            payload = json.loads(text)
            op, data = payload["op"], payload["d"]
        except (ValueError, LookupError, TypeError):
            raise Rejected(DECODE_ERROR) from None
        if op == HEARTBEAT:
            await line.send(HEARTBEAT_ACK)
        elif op == IDENTIFY:
            await self._identify(line, data)
        elif op == RESUME:
            await line.send(INVALID_SESSION, data=False)
        elif line.shard_id is None:
            raise Rejected(NOT_AUTHENTICATED)
        elif op != PRESENCE:
            raise Rejected(UNKNOWN_OPCODE)

    async def _identify(self, line: Line, data: Payload) -> None:
        """Tell the bot who and where it is (events/gateway-events, Identify and Ready)."""
        if line.shard_id is not None:
            raise Rejected(ALREADY_AUTHENTICATED)
        if data["token"] != self.fake.token:
            raise Rejected(WRONG_TOKEN)
        shard, intents = data.get("shard", [0, 1]), data.get("intents")
        if not 0 <= shard[0] < shard[1] or shard[1] != self.fake.shards:
            raise Rejected(INVALID_SHARD)
        if not isinstance(intents, int):
            raise Rejected(INVALID_INTENTS)
        if intents & PRIVILEGED:
            raise Rejected(DISALLOWED_INTENTS)
        if not self._is_in_time((shard[0], shard[1])):
            await line.send(INVALID_SESSION, data=False)
            return
        servers = [
            one for one in self.servers if (int(str(one["id"])) >> 22) % shard[1] == shard[0]
        ]
        await line.dispatch("READY", self._ready(shard, servers))
        if intents & GUILDS:
            for server in servers:
                await line.dispatch("GUILD_CREATE", server)
        line.shard_id = shard[0]
        self.lines[shard[0]] = line
        if len(self.lines) == self.fake.shards:
            self.identified.set()

    def _shard_of(self, server_id: object) -> int:
        return (int(str(server_id)) >> 22) % self.fake.shards  # events/gateway, Sharding

    def _is_in_time(self, shard: tuple[int, int]) -> bool:
        """Note an IDENTIFY; one is allowed in five seconds of each bucket."""
        now, bucket = Identified(shard, time.monotonic()), shard[0] % self.fake.max_concurrency
        before = [
            one for one in self.identifies if one.shard[0] % self.fake.max_concurrency == bucket
        ]
        self.identifies.append(now)
        self.fake.session_starts -= 1
        if shard[1] == 1 or not before or now.at_s - before[-1].at_s >= IDENTIFY_EVERY_S:
            return True
        self.too_early.append(now)
        return False

    def _ready(self, shard: Sequence[int], servers: Sequence[Json]) -> Json:
        return {
            "v": 10,
            "user": user(),
            "guilds": [{"id": server["id"], "unavailable": True} for server in servers],
            "session_id": "0123456789abcdef",
            "resume_gateway_url": self.fake.gateway_url,
            "shard": shard,
            "application": {"id": str(APPLICATION_ID), "flags": 0},
        }


def server(id_: int, channels: Sequence[int], permissions: int) -> Json:
    """Return a server of text channels where everybody may do the same (resources/guild)."""
    everyone: Json = {
        "id": str(id_),
        "name": "@everyone",
        "color": 0,
        "hoist": False,
        "position": 0,
        "permissions": str(permissions),
        "managed": False,
        "mentionable": False,
    }
    return {
        "id": str(id_),
        "name": "Painters",
        "icon": None,
        "owner_id": "7",
        "preferred_locale": "en-US",
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": [everyone],
        "channels": [_channel(channel, number) for number, channel in enumerate(channels)],
        "threads": [],
        "members": [],
        "member_count": 1,
        "large": False,
        "unavailable": False,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "premium_tier": 0,
        "nsfw_level": 0,
        "afk_timeout": 300,
        "system_channel_flags": 0,
    }


def _channel(id_: int, position: int) -> Json:
    return {
        "id": str(id_),
        "type": 0,
        "name": f"gallery-{position}",
        "position": position,
        "permission_overwrites": [],
        "nsfw": False,
        "parent_id": None,
    }


@asynccontextmanager
async def gateway_socket_of(
    fake: FakeDiscord, servers: Sequence[Json] = ()
) -> AsyncIterator[GatewaySocket]:
    """Open the gateway of a loopback Discord, to which its REST side sends bots from now on."""
    socket, app = GatewaySocket(fake, servers), web.Application()
    app.router.add_get("/", socket.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.gateway_url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield socket
    finally:
        fake.gateway_url = ""
        await runner.cleanup()
