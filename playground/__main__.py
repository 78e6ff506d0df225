"""``python -m playground``: the bot in a browser; ``… imagine …``: a picture in the terminal.

Neither needs a token or a key: an embedded painter does the work.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.cli import imagine
from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from playground.argument_types import port, probability, seconds
from playground.painter.server import painter
from playground.settings import painter_settings

EXIT_WRONG_USE = 2
EXIT_STOPPED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the page, or paint, and return the exit code as ``python -m bot`` does."""
    options = argument_parser().parse_args(argv)
    # A shell starts background jobs with SIGINT ignored; SIGTERM is raised as SIGINT below.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # SIGTERM gets the same clean end as Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        return asyncio.run(_imagine(options) if options.command else _page(options))
    except StartRefused as refused:
        print(f"easel: {refused}", file=sys.stderr)
        return EXIT_WRONG_USE
    except KeyboardInterrupt:
        print("easel: stopped.", file=sys.stderr)
        return EXIT_STOPPED


async def _page(options: argparse.Namespace) -> int:
    try:
        from playground import page  # noqa: PLC0415 - the terminal does without SimCord
    except ModuleNotFoundError as missing:
        if missing.name != "simcord":
            raise
        raise StartRefused(
            'The page needs SimCord: pip install "easel-bot[playground]". '
            'Without it there is: python -m playground imagine "a lighthouse at dusk".'
        ) from None
    await page.serve_page(options)
    return 0


async def _imagine(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="easel-") as folder:
        async with painter() as url:
            settings = painter_settings(url, Path(folder))
            bot_logging.configure(level="ERROR", style="console", secrets=settings.secrets)
            return await imagine.imagine(settings, options, Clock())


def argument_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m playground",
        description="Try Easel in the browser, or in the terminal, without a token or a key. "
        "With IMAGE_API_URL set, the page paints through that gateway instead.",
    )
    parser.add_argument(
        "--no-open", dest="open", action="store_false", help="print the URL, open no browser"
    )
    parser.add_argument("--port", type=port, default=0, help="by default a free one")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep everything here, for another time"
    )
    parser.add_argument(
        "--latency", type=seconds, metavar="SECONDS", help="how long the painter takes; 2.5"
    )
    parser.add_argument(
        "--fail-rate",
        type=probability,
        metavar="SHARE",
        help="how often the painter fails, 0 to 1; 0",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    imagine.add_imagine_options(
        commands.add_parser("imagine", help="paint a picture in the terminal")
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
