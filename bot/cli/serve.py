"""``python -m bot``: run the bot until it is stopped."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import aiohttp
import discord
import structlog

from bot.app import Bot, open_bot
from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.monitoring.event_loop import ServiceManager
from bot.settings.fixes import FIXES
from bot.settings.settings import Settings

_STOPS = (signal.SIGTERM, signal.SIGINT)
_SIGNALLED = 128  # a shell's exit code of a process that a signal ended, plus its number
_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD in glibc's malloc.h
_LARGE_BYTES = 1 << 20

log: structlog.stdlib.BoundLogger = structlog.get_logger()


async def run_bot(settings: Settings, clock: Clock) -> None:
    """Log in and run; SIGTERM or Ctrl-C stops in order, a second signal ends at once.

    Raises:
        StartRefused: the settings are wrong, or Discord refuses the start or is out of reach.
    """
    token = settings.discord_token.get_secret_value()
    if not token:
        raise StartRefused(f"DISCORD_TOKEN is missing: {FIXES['DISCORD_TOKEN']}.")
    give_large_blocks_back()
    with _on_signal() as stop:
        async with ServiceManager(os.environ) as manager, open_bot(settings, clock) as bot:
            bot.client.add_listener(manager.ready, "on_connect")
            try:
                await _until_stopped(bot, token, stop)
            finally:
                manager.stopping()
                # Running jobs still edit their messages, so the Discord client closes last.
                await bot.services.job_service.close(grace_s=settings.shutdown_grace)
                await bot.client.close()


def give_large_blocks_back() -> None:
    """Make glibc return the memory of a decoded picture to the system when it is freed.

    Otherwise glibc adapts to the first one and keeps such blocks, in every thread that has had one
    (mallopt(3)): ten pictures of 4K took 450 MB instead of 220.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:  # musl has none
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)


async def _until_stopped(bot: Bot, token: str, stop: asyncio.Event) -> None:
    running = asyncio.create_task(bot.client.start(token))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((running, stopped), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            _raise_kindly(running)
        log.info("bot.stopping")
    finally:
        stopped.cancel()


@contextmanager
def _on_signal() -> Iterator[asyncio.Event]:
    """Yield the event that the first signal sets; the second ends the process, as a crash does."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _STOPS}

    def heard() -> None:
        stop.set()
        for number in _STOPS:
            loop.remove_signal_handler(number)
            signal.signal(number, _end_at_once)

    for number in _STOPS:
        loop.add_signal_handler(number, heard)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def _end_at_once(number: int, _frame: FrameType | None) -> None:
    # The default action would not end a container's first process (pid_namespaces(7)).
    os._exit(_SIGNALLED + number)


def _raise_kindly(running: asyncio.Task[None]) -> None:
    try:
        running.result()
    except discord.LoginFailure:
        raise StartRefused(
            f"DISCORD_TOKEN was refused by Discord: {FIXES['DISCORD_TOKEN']}."
        ) from None
    except discord.HTTPException as refused:
        raise StartRefused(
            f"Discord refused the start (HTTP {refused.status}): "
            "python -m bot doctor says what to fix."
        ) from None
    except (aiohttp.ClientError, discord.GatewayNotFound, OSError):
        raise StartRefused(
            "Discord cannot be reached: check this machine's network, then start again."
        ) from None
