"""``python -m playground``: the real bot in a Discord-like page, without a token or a key."""

import asyncio
import tempfile
import threading
import webbrowser
from argparse import Namespace
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.app import open_bot
from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.quota.rules import parse_limits
from bot.settings import Settings, load_settings
from playground.doorman import doorman
from playground.guide import A_GATEWAY, THE_PAINTER, Guide
from playground.live import Live, VirtualClock, real_pause
from playground.painter.server import painter
from playground.settings import at_home, painter_settings, streaming
from playground.town import Town, open_town

T = TypeVar("T")

LATENCY_S = 2.5
QUOTA = "10/day"


async def serve(options: Namespace) -> None:
    """Open the page until somebody closes it.

    Raises:
        StartRefused: the port, the folder or the settings stop the start.
    """
    async with AsyncExitStack() as stack:
        folder = _folder(options.data, stack)
        settings, who_paints = await _settings(options, folder, stack)
        bot_logging.configure(level="ERROR", style="console", secrets=settings.secrets)
        guide = Guide(who_paints, settings.default_quota)
        town = await stack.enter_async_context(open_town())
        clock = VirtualClock(town.env)
        bot = await stack.enter_async_context(open_bot(settings, _clock(town, clock)))
        await town.let_in(bot.client, guide.welcome())
        await show(options, town, clock, lambda url: guide.printed(url, options.data), stack)


def _folder(data: Path | None, stack: AsyncExitStack) -> Path:
    if data is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="easel-")))
    try:
        data.mkdir(parents=True, exist_ok=True)
        # This Discord is a new one each time, and has to be told the commands.
        (data / "commands.sha256").unlink(missing_ok=True)
    except OSError:
        raise StartRefused(f"--data {data} cannot be written: name another folder.") from None
    return data


async def _settings(
    options: Namespace, folder: Path, stack: AsyncExitStack
) -> tuple[Settings, str]:
    own = load_settings()
    if own.image_api_url or own.gateways_file:
        if options.latency is not None or options.fail_rate is not None:
            raise StartRefused(
                "--latency and --fail-rate are for the painter inside, but IMAGE_API_URL or "
                "GATEWAYS_FILE names another gateway: leave them out, or set both empty."
            )
        return at_home(own, folder), A_GATEWAY
    latency_s = LATENCY_S if options.latency is None else options.latency
    url = await stack.enter_async_context(
        painter(latency_s=latency_s, fail_rate=options.fail_rate or 0.0)
    )
    small = {"default_quota": parse_limits(QUOTA), "shutdown_grace": 0}
    settings = painter_settings(url, folder).model_copy(update=small)
    return streaming(settings), THE_PAINTER


def _clock(town: Town, clock: VirtualClock) -> Clock:
    async def wait(awaitable: Awaitable[T], reason: str, /) -> T:
        result: T = await town.env.external_wait(awaitable, reason=reason)
        return result

    return Clock(now=clock.now_ms, sleep=real_pause, wait=wait)


async def show(
    options: Namespace,
    town: Town,
    clock: VirtualClock,
    words: Callable[[str], str],
    stack: AsyncExitStack,
) -> None:
    """Show a town at a URL until somebody closes the page; ``words`` tell where that is.

    Raises:
        StartRefused: the port cannot be had.
    """
    preview = town.env.preview(
        town.gallery,
        viewers=town.people,
        layout="channel",
        timezone=_time_zone(),
        assets=town.portraits(),
    )
    page = await stack.enter_async_context(preview)
    live = Live(town.env, page, clock)
    try:
        url = await stack.enter_async_context(doorman(page.url, live, port=options.port))
    except OSError as taken:
        raise StartRefused(
            f"Port {options.port} cannot be used ({taken.strerror}): "
            "choose another --port, or leave it out."
        ) from None
    print(words(url), flush=True)
    if options.open:
        # A browser of the terminal would hold up everything else.
        threading.Thread(target=partial(webbrowser.open, url), daemon=True).start()
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(live.follow())
        await page.wait_closed()
        following.cancel()


def _time_zone() -> str:
    """Return the name of this computer's time zone, where it says so."""
    try:
        _, found, name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")
    except OSError:
        return "UTC"
    return name if found else "UTC"
