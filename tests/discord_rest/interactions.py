"""Interactions of the loopback Discord: a callback answers one once, its token finds the answer.

Every rule names its page; all are below https://docs.discord.com/developers.
"""

from dataclasses import dataclass, field
from typing import cast

from aiohttp import web

from tests.discord_rest.messages import EPHEMERAL, Message, Messages, json_of
from tests.discord_rest.payloads import Json, Refused, Wanted, check

MOST_FOLLOW_UPS = 5  # receiving-and-responding, Followup Messages
# interactions/receiving-and-responding, Interaction Callback Type
MESSAGE, DEFERRED, SUGGESTIONS = 4, 5, 8
MOST_SUGGESTIONS = 25  # interactions/application-commands, Autocomplete


@dataclass
class Asked:
    """One interaction, and the message that answers it, None while that is only deferred.

    What somebody is typing is answered by ``suggestions``.
    """

    id: int
    channel_id: int
    has_response: bool = False
    message: Message | None = None
    suggestions: list[Json] | None = None


@dataclass
class Interactions:
    """What people did, by its token; ``forced`` are channels where only they see the answers."""

    messages: Messages
    forced: set[int] = field(default_factory=set)
    asked: dict[str, Asked] = field(default_factory=dict)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Answer what a library asks to answer a person."""
        router.add_post("/api/v10/interactions/{id:[0-9]+}/{token}/callback", self._callback)
        original = "/api/v10/webhooks/{app:[0-9]+}/{token}/messages/@original"
        router.add_get(original, self._original)
        router.add_patch(original, self._edit_original)

    def ask(self, channel_id: int, id_: int, *, elsewhere: bool = False) -> str:
        """Let somebody do something in a channel; return the token to answer it with.

        ``elsewhere``: the bot is not there, so five follow-ups are all.
        """
        token = f"token-of-{id_}"
        if elsewhere:
            self.messages.follow_ups[token] = MOST_FOLLOW_UPS
        self.messages.tokens[token] = self.messages.now()
        self.asked[token] = Asked(id_, channel_id)
        return token

    async def _callback(self, request: web.Request) -> web.Response:
        if request.query.keys() - {"with_response"}:
            raise Refused(400, 50035, "unknown query")
        asked = self.asked.get(request.match_info["token"])
        if asked is None or str(asked.id) != request.match_info["id"]:
            raise Refused(404, 10062, "Unknown interaction")
        if asked.has_response:
            raise Refused(400, 40060, "Interaction has already been acknowledged")
        body: Json = await request.json()
        asked.has_response = True
        if body["type"] == MESSAGE:
            wanted = Wanted(cast("Json", body["data"]), {})
            check(wanted)
            asked.message = self.messages.new(asked.channel_id)
            self.messages.fill(asked.message, wanted)
            if asked.channel_id in self.forced:
                asked.message.flags |= EPHEMERAL
        elif body["type"] == SUGGESTIONS:
            asked.suggestions = cast("dict[str, list[Json]]", body["data"])["choices"]
            if len(asked.suggestions) > MOST_SUGGESTIONS:
                raise Refused(400, 50035, "too many choices")
        elif body["type"] != DEFERRED:
            raise Refused(400, 50035, "this callback is not known here")
        return json_of(self._shown(asked, body["type"]))

    def _shown(self, asked: Asked, kind: object) -> Json:
        """Return the callback's response (interactions/receiving-and-responding)."""
        told: Json = {"id": str(asked.id), "type": 2, "response_message_loading": kind == DEFERRED}
        if asked.message is None:
            return {"interaction": told}
        told["response_message_id"] = str(asked.message.id)
        told["response_message_ephemeral"] = bool(asked.message.flags & EPHEMERAL)
        shown = self.messages.shown(asked.message)
        return {"interaction": told, "resource": {"type": kind, "message": shown}}

    async def _original(self, request: web.Request) -> web.Response:
        """Return the first answer."""
        asked = self._answered(request)
        if asked.message is None or asked.message.id not in self.messages.all:
            raise Refused(404, 10008, "Unknown Message")
        return json_of(self.messages.shown(asked.message))

    async def _edit_original(self, request: web.Request) -> web.Response:
        """Edit the first answer; one that was deferred becomes a message by that."""
        asked, wanted = self._answered(request), await self.messages.wanted(request)
        if asked.message is None:
            asked.message = self.messages.new(asked.channel_id)
        if asked.message.id not in self.messages.all:
            raise Refused(404, 10008, "Unknown Message")
        self.messages.fill(asked.message, wanted)
        return json_of(self.messages.shown(asked.message))

    def _answered(self, request: web.Request) -> Asked:
        """Return what was asked; an interaction without an answer is no webhook yet."""
        asked = self.asked.get(request.match_info["token"])
        if asked is None or not asked.has_response:
            raise Refused(404, 10015, "Unknown Webhook")
        self.messages.check_token(request)
        return asked
