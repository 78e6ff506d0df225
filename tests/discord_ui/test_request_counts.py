"""The routes by which requests to Discord are counted, and what a first response is."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp
import discord
import pytest
from aiohttp import web
from discord.http import Route
from yarl import URL

from bot.core.metrics import FIRST_RESPONSE, Metric, Metrics
from bot.discord_ui.request_counts import RequestCounts, route_of

ID = "1234567890123456789"
TOKEN = "aW50ZXJhY3Rpb246abc-def_0"
STATUSES = web.AppKey("STATUSES", list[HTTPStatus])


@pytest.mark.parametrize(
    ("path", "route"),
    [
        (f"channels/{ID}/messages", "/channels/{id}/messages"),
        (f"channels/{ID}/messages/{ID}", "/channels/{id}/messages/{id}"),
        (
            f"channels/{ID}/messages/{ID}/reactions/%F0%9F%94%84/@me",
            "/channels/{id}/messages/{id}/reactions/{emoji}/@me",
        ),
        (
            f"channels/{ID}/messages/{ID}/reactions/cat:{ID}/@me",
            "/channels/{id}/messages/{id}/reactions/{emoji}/@me",
        ),
        (f"interactions/{ID}/{TOKEN}/callback", "/interactions/{id}/{token}/callback"),
        (f"interactions/{ID}/callback/callback", "/interactions/{id}/{token}/callback"),
        (f"webhooks/{ID}/{TOKEN}", "/webhooks/{id}/{token}"),
        (
            f"webhooks/{ID}/{TOKEN}/messages/@original?wait=true",
            "/webhooks/{id}/{token}/messages/@original",
        ),
        (f"applications/{ID}/guilds/{ID}/commands", "/applications/{id}/guilds/{id}/commands"),
        ("oauth2/applications/@me", "/oauth2/applications/@me"),
        ("gateway/bot", "/gateway/bot"),
        ("users/@me/channels", "/users/@me/channels"),
    ],
)
def test_a_route_tells_no_server_person_or_token_apart(path: str, route: str) -> None:
    """Each of them would be a series of its own, and a token in a metric a secret in a log."""
    assert route_of("POST", URL(f"{Route.BASE}/{path}", encoded=True)) == f"POST {route}"


@pytest.mark.parametrize(
    ("address", "route"),
    [
        ("wss://gateway.discord.gg/?v=10", "gateway"),
        (f"https://cdn.discordapp.com/attachments/{ID}/{ID}/a.png?ex=1", "cdn"),
    ],
)
def test_what_is_no_api_has_one_route(address: str, route: str) -> None:
    """Addresses of files hold names that people chose."""
    assert route_of("GET", URL(address)) == route


class Observed(Metrics):
    """Keeps how long people waited."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def observe(self, histogram: Metric, seconds: float, /, *_labels: str) -> None:
        """Keep a first response."""
        assert histogram is FIRST_RESPONSE
        self.seconds.append(seconds)


async def next_status(request: web.Request) -> web.Response:
    """Answer a callback, the first one as Discord does after three seconds."""
    return web.Response(status=request.app[STATUSES].pop(0))


async def test_a_refused_response_is_none_and_the_first_accepted_one_counts_once() -> None:
    """Else the worst seconds, those of people who got nothing, would count as answered."""
    app = web.Application()
    app[STATUSES] = [HTTPStatus.NOT_FOUND, HTTPStatus.NO_CONTENT, HTTPStatus.NO_CONTENT]
    app.router.add_post("/api/v10/interactions/{id}/{token}/callback", next_status)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10/interactions/{ID}/{TOKEN}/callback"
    metrics = Observed()
    counts = RequestCounts(metrics)
    asked = datetime.now(UTC) - timedelta(seconds=2)
    kind = discord.InteractionType.application_command
    await counts.interaction_came(
        SimpleNamespace(id=int(ID), type=kind, created_at=asked)  # type: ignore[arg-type]  # all that is read
    )
    counted = []
    async with aiohttp.ClientSession(trace_configs=[counts.trace]) as session:
        for _ in range(3):
            async with session.post(url):
                counted.append(len(metrics.seconds))
    await runner.cleanup()
    assert counted == [0, 1, 1]
    assert 2 <= metrics.seconds[0] < 60
