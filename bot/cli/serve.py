"""``python -m bot``: run the bot until it is stopped."""

import asyncio
import ctypes
import os
import sys
from pathlib import Path

import aiohttp
import discord
import structlog

from bot.app import Bot, open_bot
from bot.cli.signals import on_signal
from bot.core.background_task import BackgroundTask
from bot.core.bot_process import (
    announce_bot,
    answer_requests,
    open_requests,
    reloads_heard,
)
from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.core.logging import Redactor
from bot.monitoring.event_loop import ServiceManager
from bot.settings.cluster_settings import process_folder
from bot.settings.fixes import FIXES
from bot.settings.gateway_settings import setup_problems
from bot.settings.reload import Reload, read_log_level
from bot.settings.settings import Settings

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD in glibc's malloc.h
_LARGE_BYTES = 1 << 20

log: structlog.stdlib.BoundLogger = structlog.get_logger()


async def run_bot(settings: Settings, clock: Clock, redactor: Redactor | None = None) -> None:
    """Log in and run; SIGTERM or Ctrl-C stops in order, a second signal ends at once.

    SIGHUP reloads. The ``redactor`` is the log's, which keys that a reload reads are added to.

    Raises:
        StartRefused: the settings are wrong, or Discord refuses the start or is out of reach.
    """
    if problems := setup_problems(settings):
        raise StartRefused(*problems)
    give_large_blocks_back()
    with on_signal() as heard, reloads_heard():
        async with (
            ServiceManager(os.environ) as manager,
            open_bot(settings, clock) as bot,
            BackgroundTask() as reloading,
        ):
            # Of several processes the next one is restarted only when all shards here are back.
            is_alone = settings.clusters == 1
            bot.client.add_listener(manager.ready, "on_connect" if is_alone else "on_ready")
            parts = (*bot.services.reload_parts, read_log_level)
            reload = Reload(settings, parts, redactor or Redactor())
            folder = process_folder(settings)
            reloading.start(_reload_for_ever(heard.reload, reload, folder))
            with announce_bot(folder):
                await _run(bot, settings, heard.stop, manager)


async def _reload_for_ever(heard: asyncio.Event, reload: Reload, folder: Path) -> None:
    while True:
        await heard.wait()
        heard.clear()
        requests = open_requests(folder)
        answer = await reload.run()
        try:
            answer_requests(requests, answer)
        except OSError as refused:  # whoever asked is told by a time-out
            log.warning("reload.not_answered", why=refused.strerror)


def give_large_blocks_back() -> None:
    """Make glibc return the memory of a decoded picture to the system when it is freed.

    Otherwise glibc adapts to the first one and keeps such blocks, in every thread that has had one
    (mallopt(3)): ten pictures of 4K took 450 MB instead of 220.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:  # musl has none
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)


async def _run(bot: Bot, settings: Settings, stop: asyncio.Event, manager: ServiceManager) -> None:
    try:
        await _until_stopped(bot, settings.discord_token.get_secret_value(), stop)
    finally:
        manager.stopping()
        # Running jobs still edit their messages, so the Discord client closes last.
        await bot.services.job_service.close(grace_s=settings.shutdown_grace)
        await bot.client.close()


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
