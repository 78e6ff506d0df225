"""Count the requests to Discord by their routes, and how long people wait for a first response."""

import re
import time
from collections import OrderedDict
from types import SimpleNamespace

import aiohttp
import discord
from yarl import URL

from bot.core.metrics import DISCORD_REQUESTS, FIRST_RESPONSE, Metrics

_VERSION = re.compile(r"^/api/v\d+")
_WORD = re.compile(r"oauth2|@?[a-z][a-z_-]*")
_RESPONSE = re.compile(r"/interactions/(\d+)/[^/]+/callback$")
# A token follows the id that follows these (resources/webhook, receiving-and-responding).
_WITH_TOKEN = frozenset({"webhooks", "interactions"})
# An interaction that is not answered within 3 seconds never is: so many wait at most.
_MOST_WAITING = 1000


class RequestCounts:
    """Watches the requests of one client; ``trace`` is for its ``http_trace``."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._waiting: OrderedDict[int, float] = OrderedDict()
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_end.append(self._ended)
        self.trace.on_request_exception.append(self._failed)

    async def interaction_came(self, interaction: discord.Interaction) -> None:
        """Note when somebody did what is answered; suggestions while they type are not counted."""
        if interaction.type is discord.InteractionType.autocomplete:
            return
        self._waiting[interaction.id] = interaction.created_at.timestamp()
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)

    async def _ended(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        ended: aiohttp.TraceRequestEndParams,
    ) -> None:
        status = ended.response.status
        self._metrics.count(DISCORD_REQUESTS, route_of(ended.method, ended.url), str(status))
        answered = _RESPONSE.search(ended.url.path)
        if answered and status < 300:
            asked_at = self._waiting.pop(int(answered[1]), None)
            if asked_at is not None:
                self._metrics.observe(FIRST_RESPONSE, max(time.time() - asked_at, 0))

    async def _failed(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        failed: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        self._metrics.count(DISCORD_REQUESTS, route_of(failed.method, failed.url), "error")


def route_of(method: str, url: URL) -> str:
    """Return the route of a request without what tells two servers, people or files apart."""
    if url.scheme in {"ws", "wss"}:
        return "gateway"
    if url.origin() != URL(discord.http.Route.BASE).origin():
        return "cdn"
    parts = _VERSION.sub("", url.path).strip("/").split("/")
    return f"{method} /{'/'.join(_template(parts))}"


def _template(parts: list[str]) -> list[str]:
    shown: list[str] = []
    for number, part in enumerate(parts):
        if number >= 2 and parts[number - 2] in _WITH_TOKEN:
            shown.append("{token}")
        elif number and parts[number - 1] == "reactions":
            shown.append("{emoji}")
        else:
            shown.append(part if _WORD.fullmatch(part) else "{id}")
    return shown
