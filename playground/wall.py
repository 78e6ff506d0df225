"""``python -m playground.wall``: one of each card in a Discord-like page, for who draws them."""

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
from playground.live import VirtualClock
from playground.options import port
from playground.page import show
from playground.specimens import Easel, Specimen
from playground.town import Town, open_town


def main(argv: Sequence[str] | None = None) -> int:
    """Open the page until somebody closes it; returns 0, or 2 where it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m playground.wall", description=__doc__)
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
        town = await stack.enter_async_context(open_town())
        clock = VirtualClock(town.env)
        easel = Easel(folder, clock.now_ms(), user_id=town.people[0].id)
        specimens = await asyncio.to_thread(easel.specimens)
        await _hang(town, specimens)
        await show(options, town, clock, lambda url: f"The cards hang here:\n\n  {url}\n", stack)


async def _hang(town: Town, specimens: Sequence[Specimen]) -> None:
    client = discord.AutoShardedClient(intents=discord.Intents.none())
    await town.env.restart_bot(client)
    await town.name_bot(client)
    wall = client.get_partial_messageable(town.gallery.id)
    last: discord.Message | None = None
    for each in specimens:
        view, files = each.view or View(), each.attachments()
        if each.content and last is not None:
            last = await last.reply(each.content)
        else:
            last = await wall.send(embeds=each.embeds, files=files, view=view)


if __name__ == "__main__":
    sys.exit(main())
