"""``python -m playground.card_index``: a sample of each card in a Discord-like page."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import discord
from discord.ui import View

from bot.core import logging as bot_logging
from bot.core.errors.base import StartRefused
from playground.argument_types import port
from playground.fixture_server import FixtureServer, open_fixture_server
from playground.page import show_page
from playground.samples import CardSample, CardSamples
from playground.time_sync import RealTimeClock


def main(argv: Sequence[str] | None = None) -> int:
    """Open the page until somebody closes it; returns 0, or 2 where it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m playground.card_index", description=__doc__)
    parser.add_argument("--no-open", dest="open", action="store_false", help="open no browser")
    parser.add_argument("--port", type=port, default=0, help="by default a free one")
    bot_logging.configure(level="ERROR", style="console", secrets=())
    try:
        asyncio.run(_serve(parser.parse_args(argv)))
    except StartRefused as refused:
        print(f"easel: {refused}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


async def _serve(options: argparse.Namespace) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="easel-")))
        server = await stack.enter_async_context(open_fixture_server())
        clock = RealTimeClock(server.env)
        ada, *_, admin = server.members
        factory = CardSamples(folder, clock.now_ms(), user_id=ada.id, moderator_id=admin.id)
        samples = await asyncio.to_thread(factory.make_all)
        await _post(server, samples)
        await show_page(options, server, clock, lambda url: f"Every card:\n\n  {url}\n", stack)


async def _post(server: FixtureServer, samples: Sequence[CardSample]) -> None:
    client = discord.AutoShardedClient(intents=discord.Intents.none())
    await server.env.restart_bot(client)
    await server.name_bot(client)
    channel = client.get_partial_messageable(server.channel.id)
    last: discord.Message | None = None
    for each in samples:
        view, files = each.view or View(), each.attachments()
        if each.content and last is not None:
            last = await last.reply(each.content, view=view)
        else:
            last = await channel.send(embeds=each.embeds, files=files, view=view)


if __name__ == "__main__":
    sys.exit(main())
