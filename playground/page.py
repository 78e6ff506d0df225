"""``python -m playground``: the real bot in a Discord-like page, without a token or a key."""

import asyncio
import gc
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
from bot.quota.limits import parse_limits
from bot.settings.settings import Settings, load_settings
from playground.action_proxy import action_proxy
from playground.fixture_server import FixtureServer, open_fixture_server
from playground.guide import DEMONSTRATION_PAINTER, OWN_GATEWAY, Guide
from playground.message_menu import MessageMenu
from playground.painter.server import painter
from playground.settings import isolated, painter_settings, with_streaming
from playground.time_sync import RealTimeClock, Synchronizer, real_pause

T = TypeVar("T")

LATENCY_S = 2.5
QUOTA = "30/day"
# The admin has asked for it when the page opens, so that it shows what is to be had.
OPENING_PROMPT = "mountains at dawn above a lake"
OPENING_SIZE = "2:1"  # low enough to be seen above the examples


async def serve_page(options: Namespace) -> None:
    """Open the page until somebody closes it.

    Raises:
        StartRefused: the port, the folder or the settings stop the start.
    """
    async with AsyncExitStack() as stack:
        folder = _folder(options.data, stack)
        settings, who_paints = await _settings(options, folder, stack)
        bot_logging.configure(level="ERROR", style="console", secrets=settings.secrets)
        guide = Guide(who_paints, settings.default_quota)
        server = await stack.enter_async_context(open_fixture_server())
        clock = RealTimeClock(server.env)
        bot = await stack.enter_async_context(open_bot(settings, _clock(server, clock)))
        await server.start_bot(bot.client)
        if guide.who_paints == DEMONSTRATION_PAINTER and not options.fail_rate:
            await server.request_picture(OPENING_PROMPT, size=OPENING_SIZE)
        await server.post(guide.welcome())
        await show_page(options, server, clock, lambda url: guide.printed(url, options.data), stack)


def _folder(data: Path | None, stack: AsyncExitStack) -> Path:
    if data is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="easel-")))
    try:
        data.mkdir(parents=True, exist_ok=True)
        # The simulated Discord is new each time, and needs the commands registered.
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
                "--latency and --fail-rate are for the embedded painter, but IMAGE_API_URL or "
                "GATEWAYS_FILE names another gateway: leave them out, or set both empty."
            )
        return isolated(own, folder), OWN_GATEWAY
    latency_s = LATENCY_S if options.latency is None else options.latency
    url = await stack.enter_async_context(
        painter(latency_s=latency_s, fail_rate=options.fail_rate or 0.0)
    )
    small = {"default_quota": parse_limits(QUOTA), "shutdown_grace": 0}
    settings = painter_settings(url, folder).model_copy(update=small)
    return with_streaming(settings, latency_s=latency_s), DEMONSTRATION_PAINTER


def _clock(server: FixtureServer, clock: RealTimeClock) -> Clock:
    async def wait(awaitable: Awaitable[T], reason: str, /) -> T:
        result: T = await server.env.external_wait(awaitable, reason=reason)
        return result

    return Clock(now=clock.now_ms, sleep=real_pause, wait=wait, is_simulated=True)


async def close_ended_workers() -> None:
    """Close the pipes of processes that were killed while they answered, such as SimCord's.

    A full pipe is not read to its end any more. asyncio closes it when it is collected, which
    fails with a traceback once the event loop is closed.
    """
    await asyncio.sleep(0)  # forgets what was cancelled last
    gc.collect()
    await asyncio.sleep(0)


async def show_page(
    options: Namespace,
    server: FixtureServer,
    clock: RealTimeClock,
    words: Callable[[str], str],
    stack: AsyncExitStack,
) -> None:
    """Show the server at a URL until somebody closes the page; ``words`` tell where that is.

    Raises:
        StartRefused: the port cannot be had.
    """
    stack.push_async_callback(close_ended_workers)
    preview = server.env.preview(
        server.channel,
        viewers=server.members,
        layout="channel",
        timezone=_time_zone(),
        assets=server.avatars(),
    )
    page = await stack.enter_async_context(preview)
    sync = Synchronizer(server.env, page, clock)
    try:
        proxy = action_proxy(
            page.url,
            sync,
            port=options.port,
            names=server.names(),
            menu=MessageMenu(server, page),
        )
        url = await stack.enter_async_context(proxy)
    except OSError as taken:
        raise StartRefused(
            f"Port {options.port} cannot be used ({taken.strerror}): "
            "choose another --port, or leave it out."
        ) from None
    print(words(url), flush=True)
    if options.open:
        # A text browser would block the event loop.
        threading.Thread(target=partial(webbrowser.open, url), daemon=True).start()
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(sync.follow())
        await page.wait_closed()
        following.cancel()


def _time_zone() -> str:
    """Return the name of this computer's time zone, where it says so."""
    try:
        _, found, name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")
    except OSError:
        return "UTC"
    return name if found else "UTC"
