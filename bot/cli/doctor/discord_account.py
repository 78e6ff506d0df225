"""The bot's account at Discord, over REST only: the token, the application and its servers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TypeVar

import aiohttp
import discord

from bot.core.proxies import NO_PROXIES, Proxies
from bot.discord_ui.client import intents
from bot.discord_ui.command_sync import CommandRegistry, JsonCommand
from bot.discord_ui.sharded_bot import discord_proxy
from bot.gateways.probe import clock_ahead_ms

T = TypeVar("T")

TIMEOUT_S = 30.0
PAGE = 200  # the most that GET /users/@me/guilds returns at once (resources/user)
MAX_PAGES = 15  # more servers than one shard takes

_MISSING = "DISCORD_TOKEN is missing"
_COPY = (
    "Copy the token from your application's Bot page "
    "(https://discord.com/developers/applications) into DISCORD_TOKEN."
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that the bot is in, and what the bot may do there."""

    id: int
    name: str
    permissions: discord.Permissions


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers that were read; ``complete`` is False for a bot in more than that."""

    known: tuple[Server, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why Discord gave no answer: facts, and the fix."""

    facts: str
    fix: str


@dataclass(frozen=True, slots=True)
class DiscordAnswers:
    """Discord's answers; the clock is compared with the last one, a refusal included."""

    application: discord.AppInfo | NoAnswer
    servers: Servers | NoAnswer
    commands: Sequence[JsonCommand] | NoAnswer
    clock_ahead_ms: int | None = None


async def read_account(
    token: str,
    now: Callable[[], int],
    *,
    proxies: Proxies = NO_PROXIES,
    dev_guild_id: int | None = None,
    timeout_s: float = TIMEOUT_S,
) -> DiscordAnswers:
    """Log in without a gateway connection and ask what the checks need."""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        facts = "DISCORD_TOKEN holds characters that no token has" if token else _MISSING
        return _unanswered(NoAnswer(facts, _COPY))
    clock = _Clock(now)
    proxy = discord_proxy(proxies)
    async with discord.Client(intents=intents(), http_trace=clock.trace, proxy=proxy) as client:
        found = await _read(client, token, dev_guild_id, timeout_s)
    return replace(found, clock_ahead_ms=clock.ahead_ms)


async def _read(
    client: discord.Client, token: str, dev_guild_id: int | None, timeout_s: float
) -> DiscordAnswers:
    application = await _told(_application(client, token), timeout_s)
    if isinstance(application, NoAnswer):
        return _unanswered(application)
    registry = CommandRegistry(client.http, application.id, dev_guild_id)
    return DiscordAnswers(
        application,
        await _told(_servers(client), timeout_s),
        await _told(registry.fetch(), timeout_s),
    )


class _Clock:
    """Compares the clock with the Date of every answer that discord.py receives."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.ahead_ms: int | None = None
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_end.append(self._note)
        self._now = now

    async def _note(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        ended: aiohttp.TraceRequestEndParams,
    ) -> None:
        self.ahead_ms = clock_ahead_ms(ended.response.headers, self._now())


def _unanswered(why: NoAnswer) -> DiscordAnswers:
    return DiscordAnswers(why, why, why)


async def _application(client: discord.Client, token: str) -> discord.AppInfo:
    await client.login(token)
    if client.application is None:
        raise TypeError
    return client.application


async def _servers(client: discord.Client) -> Servers:
    found: list[Server] = []
    for _ in range(MAX_PAGES):
        after = found[-1].id if found else None
        page = await client.http.get_guilds(PAGE, after=after, with_counts=False)
        for raw in page:
            permissions = discord.Permissions(int(raw.get("permissions", "0")))
            found.append(Server(int(raw["id"]), raw["name"], permissions))
        if len(page) < PAGE:
            return Servers(tuple(found), complete=True)
    return Servers(tuple(found), complete=False)


async def _told(answer: Awaitable[T], timeout_s: float) -> T | NoAnswer:
    """Await an answer; discord.py itself would try for minutes."""
    try:
        async with asyncio.timeout(timeout_s):
            return await answer
    except discord.LoginFailure:
        return NoAnswer("Discord refuses DISCORD_TOKEN (HTTP 401)", _COPY)
    except discord.HTTPException as refused:
        return _refused(refused)
    except TimeoutError:
        return NoAnswer(
            f"Discord does not answer within {timeout_s:g} s",
            "Check this machine's network and firewall, and https://discordstatus.com.",
        )
    except aiohttp.ClientSSLError:
        return NoAnswer(
            "Discord's certificate is not trusted on this machine",
            "Check this machine's clock, its CA certificates, and any proxy that intercepts HTTPS.",
        )
    except (aiohttp.ClientError, OSError):
        return NoAnswer(
            "Discord cannot be reached",
            "Check this machine's network: DNS and HTTPS to discord.com must work, through "
            "HTTPS_PROXY if you set it.",
        )
    except (KeyError, TypeError, ValueError):
        return NoAnswer(
            "something other than Discord answers for discord.com",
            "Check whether a proxy or a sign-in page stands between this machine and Discord.",
        )


def _refused(refused: discord.HTTPException) -> NoAnswer:
    fix = "Try again in a few minutes; https://discordstatus.com says whether Discord is working."
    # Too many refused requests: Cloudflare bans the address for a while (topics/rate-limits).
    if refused.status in (403, 429):
        fix = "This machine's address is blocked for now: stop the bot and try again in an hour."
    return NoAnswer(f"Discord answers HTTP {refused.status}", fix)
