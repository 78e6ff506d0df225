"""Messages of the loopback Discord, as strict as the documentation: what it takes and what not.

Every limit names its place; all pages are below https://docs.discord.com/developers.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from aiohttp import web

from tests.discord_rest.payloads import Json, Refused, Wanted, check, media_of, read_wanted

MIB = 1024 * 1024
MOST_REQUEST_BYTES = 25 * MIB  # resources/message, Uploading Files
TOKEN_LIFE_MS = 15 * 60 * 1000  # interactions/receiving-and-responding
NONCE_LIFE_MS = 3 * 60 * 1000  # resources/message: "the past few minutes"
EPHEMERAL = 1 << 6  # resources/message, Message Flags
DISCORD_EPOCH = 1_420_070_400_000


class Limited(Exception):
    """A rate limit (topics/rate-limits)."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


@dataclass
class Message:
    """A message as Discord holds it; ``files`` are names and sizes in bytes.

    ``contents`` are its files where a test serves them.
    """

    id: int
    channel_id: int
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    nonce: str | None = None
    mentions: object = None
    answers: int | None = None
    flags: int = 0
    reactions: list[str] = field(default_factory=list)
    at: int = 0


@dataclass
class Messages:
    """The channels of the loopback Discord, and what a test does to them.

    ``closed`` channels refuse the bot, those ``without_history`` let it read no messages, ``deaf``
    people take no direct message, ``tokens`` are
    interaction tokens and when they were made. ``lose`` names methods: each is done once without an
    answer. While ``hold`` is set, posts are done and their answers wait. ``limits`` come first.
    ``follow_ups`` says how many of them a token still has, where there is a limit, and ``room`` how
    many messages a channel still takes; ``deleted_when_full`` is one that goes with the last.
    ``sign`` returns the address of a file, by its path.
    """

    now: Callable[[], int]
    user: Json
    max_file_bytes: int = 10 * MIB
    all: dict[int, Message] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    without_history: set[int] = field(default_factory=set)
    deaf: set[int] = field(default_factory=set)
    tokens: dict[str, int] = field(default_factory=dict)
    follow_ups: dict[str, int] = field(default_factory=dict)
    room: dict[int, int] = field(default_factory=dict)
    deleted_when_full: int = 0
    lose: deque[str] = field(default_factory=deque)
    hold: bool = False
    held: asyncio.Event = field(default_factory=asyncio.Event)
    limits: deque[float] = field(default_factory=deque)
    sign: Callable[[str], str] = "https://cdn.discordapp.com{}".format
    _last_id: int = 0

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Answer what the courier asks."""
        channel = "/api/v10/channels/{channel:[0-9]+}/messages"
        webhook = "/api/v10/webhooks/{app:[0-9]+}/{token}"
        router.add_post(channel, self._create)
        router.add_get(channel, self._list)
        router.add_get(channel + "/{message:[0-9]+}", self._get)
        router.add_patch(channel + "/{message:[0-9]+}", self._edit)
        router.add_put(channel + "/{message:[0-9]+}/reactions/{emoji}/@me", self._react)
        router.add_post("/api/v10/users/@me/channels", self._open_dm)
        router.add_patch(webhook + "/messages/{message:[0-9]+}", self._edit_by_token)
        router.add_post(webhook, self._follow_up)

    def place(self, channel_id: int, token: str | None = None) -> Message:
        """Put a card there, as if a command had been answered."""
        if token is not None:
            self.tokens[token] = self.now()
        return self.new(channel_id)

    def at(self, channel_id: int) -> list[Message]:
        """Return a channel's messages, the oldest first."""
        return [self.all[key] for key in sorted(self.all) if self.all[key].channel_id == channel_id]

    def new(self, channel_id: int) -> Message:
        """Make an empty message."""
        self._last_id = max((self.now() - DISCORD_EPOCH) << 22, self._last_id + 1)
        message = Message(self._last_id, channel_id, at=self.now())
        self.all[message.id] = message
        return message

    # --- routes -------------------------------------------------------------------------------

    async def _create(self, request: web.Request) -> web.Response:
        wanted = await self.wanted(request)
        channel_id = self._channel(request)
        nonce = _nonce(wanted.payload)
        known = self._known(nonce) if wanted.payload.get("enforce_nonce") else None
        if known is None:
            self._take_room(channel_id)
            known = self.new(channel_id)
            self.fill(known, wanted)
            known.nonce = nonce
            reference = cast("Json", wanted.payload.get("message_reference") or {})
            answers = int(str(reference.get("message_id", 0)))
            known.answers = answers if answers in self.all else None
            if answers not in self.all and reference.get("fail_if_not_exists", True) and reference:
                raise Refused(400, 50035, "Unknown message")
        return await self._response_to(request, known)

    async def _edit(self, request: web.Request) -> web.Response:
        wanted = await self.wanted(request)
        return await self._edited(request, self._channel(request), wanted)

    async def _edit_by_token(self, request: web.Request) -> web.Response:
        wanted = await self.wanted(request)
        self.check_token(request)
        return await self._edited(request, None, wanted)

    async def _follow_up(self, request: web.Request) -> web.Response:
        wanted = await self.wanted(request)
        self.check_token(request)
        if "nonce" in wanted.payload:
            raise Refused(400, 50035, "webhooks know no nonce")
        self._count_follow_up(request.match_info["token"])
        message = self.new(0)
        self.fill(message, wanted)
        return await self._response_to(request, message)

    async def _edited(
        self, request: web.Request, channel_id: int | None, wanted: Wanted
    ) -> web.Response:
        message = self._message(request, channel_id)
        self.fill(message, wanted)
        return await self._response_to(request, message)

    async def _list(self, request: web.Request) -> web.Response:
        """Return what follows an id, 100 at most (resources/message, Get Channel Messages)."""
        if request.query.keys() - {"after", "before", "limit"}:
            raise Refused(400, 50035, "unknown query")
        channel_id = self._channel(request)
        if channel_id in self.without_history:
            raise Refused(403, 50013, "Missing Permissions")
        limit, after = int(request.query.get("limit", "50")), int(request.query.get("after", "0"))
        if not 1 <= limit <= 100:
            raise Refused(400, 50035, "limit")
        there = [message for message in self.at(channel_id) if not message.flags & EPHEMERAL]
        later = [message for message in there if message.id > after][:limit]
        return json_of([self.shown(message) for message in reversed(later)])

    async def _get(self, request: web.Request) -> web.Response:
        channel_id = self._channel(request)
        if channel_id in self.without_history:
            raise Refused(403, 50013, "Missing Permissions")
        return json_of(self.shown(self._message(request, channel_id)))

    async def _react(self, request: web.Request) -> web.Response:
        message = self._message(request, self._channel(request))
        message.reactions.append(request.match_info["emoji"])
        return web.Response(status=204)

    async def _open_dm(self, request: web.Request) -> web.Response:
        person = int(str((await request.json())["recipient_id"]))
        if person in self.deaf:
            self.closed.add(person)
        recipient = {**self.user, "id": str(person), "username": "ada", "bot": False}
        return json_of({"id": str(person), "type": 1, "recipients": [recipient]})

    # --- what is checked ----------------------------------------------------------------------

    def _channel(self, request: web.Request) -> int:
        channel_id = int(request.match_info["channel"])
        if channel_id in self.closed:
            deaf = channel_id in self.deaf
            raise Refused(403, 50007 if deaf else 50001, "Missing Access")
        return channel_id

    def _message(self, request: web.Request, channel_id: int | None) -> Message:
        message = self.all.get(int(request.match_info["message"]))
        if message is None or channel_id not in {None, message.channel_id}:
            raise Refused(404, 10008, "Unknown Message")
        # Ephemeral messages are in no channel (interactions/receiving-and-responding).
        if channel_id is not None and message.flags & EPHEMERAL:
            raise Refused(404, 10008, "Unknown Message")
        return message

    def _take_room(self, channel_id: int) -> None:
        left = self.room.get(channel_id)
        if left == 0:
            raise Refused(403, 50013, "Missing Permissions")
        if left is not None:
            self.room[channel_id] = left - 1
            if left == 1:
                self.all.pop(self.deleted_when_full, None)

    def _count_follow_up(self, token: str) -> None:
        if token not in self.follow_ups:
            return
        if not self.follow_ups[token]:
            raise Refused(400, 40094, "the maximum number of follow-up messages")
        self.follow_ups[token] -= 1

    def check_token(self, request: web.Request) -> None:
        """Refuse a token that nobody has, or that is too old."""
        made = self.tokens.get(request.match_info["token"])
        if made is None or self.now() - made > TOKEN_LIFE_MS:
            raise Refused(401, 50027, "Invalid Webhook Token")

    def _known(self, nonce: str | None) -> Message | None:
        fresh = (m for m in self.all.values() if self.now() - m.at < NONCE_LIFE_MS)
        return next((m for m in fresh if nonce is not None and m.nonce == nonce), None)

    async def wanted(self, request: web.Request) -> Wanted:
        """Read and check what a request wants a message to be."""
        if self.limits:
            raise Limited(self.limits.popleft())
        if (request.content_length or 0) > MOST_REQUEST_BYTES:
            raise Refused(413, 40005, "Request entity too large")
        wanted = await read_wanted(request)
        if any(size > self.max_file_bytes for size in wanted.files.values()):
            raise Refused(413, 40005, "Request entity too large")
        check(wanted)
        return wanted

    def fill(self, message: Message, wanted: Wanted) -> None:
        """Make a message say what was asked for."""
        payload = wanted.payload
        message.content = str(payload.get("content") or message.content)
        message.embeds = cast("list[Json]", payload.get("embeds", message.embeds))
        message.components = cast("list[Json]", payload.get("components", message.components))
        message.mentions = payload.get("allowed_mentions")
        message.flags = cast("int", payload.get("flags", message.flags))
        if "attachments" in payload:
            message.files, message.contents = wanted.files, wanted.contents
        if not (message.content or message.embeds or message.files):
            raise Refused(400, 50006, "Cannot send an empty message")

    async def _response_to(self, request: web.Request, message: Message) -> web.Response:
        if self.hold and request.method == "POST":
            self.held.set()
            await asyncio.Event().wait()
        if self.lose and self.lose[0] == request.method:
            self.lose.popleft()
            assert request.transport is not None
            request.transport.abort()
        return json_of(self.shown(message))

    def shown(self, message: Message) -> Json:
        """Return a message without its nonce, which only its sender's gateway event carries.

        A file that an embed shows stands only there (discord/discord-api-docs#1340).
        """
        files = [
            _attachment(message.id + number, file, self.sign(path_of(message, number, file[0])))
            for number, file in enumerate(message.files.items(), 1)
        ]
        urls = {f"attachment://{file['filename']}": file["url"] for file in files}
        in_embeds = {urls[url] for url in map(str, media_of(message.embeds)) if url in urls}
        shown: Json = {
            "id": str(message.id),
            "channel_id": str(message.channel_id),
            "author": self.user,
            "content": message.content,
            "timestamp": datetime.fromtimestamp(message.at / 1000, UTC).isoformat(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [file for file in files if file["url"] not in in_embeds],
            "embeds": [_served(embed, urls) for embed in message.embeds],
            "components": message.components,
            "pinned": False,
            "type": 0,
        }
        return shown


def _served(embed: Json, urls: Mapping[str, object]) -> Json:
    """Return an embed whose files have the addresses that Discord gave them."""
    served = dict(embed)
    for key in ("image", "thumbnail"):
        if key in embed:
            url = cast("Json", embed[key])["url"]
            address = urls.get(str(url), url)
            served[key] = {"url": address, "proxy_url": address}
    return served


def _nonce(payload: Json) -> str | None:
    nonce = payload.get("nonce")
    if nonce is not None and len(str(nonce)) > 25:
        raise Refused(400, 50035, "the nonce is too long")
    return None if nonce is None else str(nonce)


def path_of(message: Message, number: int, name: str) -> str:
    """Return the path of a message's ``number``-th file at the CDN."""
    return f"/attachments/{message.channel_id}/{message.id + number}/{name}"


def _attachment(id_: int, file: tuple[str, int], url: str) -> Json:
    return {
        "id": str(id_),
        "filename": file[0],
        "size": file[1],
        "content_type": f"image/{file[0].rpartition('.')[2]}",
        "url": url,
        "proxy_url": url,
    }


def json_of(body: object) -> web.Response:
    # Discord names no charset, and discord.py reads JSON only without one.
    return web.Response(body=json.dumps(body).encode(), content_type="application/json")
