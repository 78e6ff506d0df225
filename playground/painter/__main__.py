"""``python -m playground.painter [--port N] [--latency SECONDS] [--fail-rate 0..1]``."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from playground.argument_types import port, probability, seconds
from playground.painter.responses import MODEL
from playground.painter.server import painter


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C; returns 0, or 2 where the port cannot be had."""
    options = _parser().parse_args(argv)
    try:
        asyncio.run(_serve(options))
    except KeyboardInterrupt:
        print("painter: stopped.", file=sys.stderr)
    except OSError as lost:
        print(f"painter: port {options.port} cannot be used ({lost.strerror}).", file=sys.stderr)
        return 2
    return 0


async def _serve(options: argparse.Namespace) -> None:
    async with painter(
        port=options.port, latency_s=options.latency, fail_rate=options.fail_rate
    ) as url:
        print(f"The painter listens at {url} (model {MODEL}, any key). Ctrl-C ends it.", flush=True)
        await asyncio.Event().wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m playground.painter",
        description="Serve an OpenAI-compatible image endpoint on loopback that really paints.",
    )
    parser.add_argument("--port", type=port, default=8765, help="default 8765; 0 takes a free one")
    parser.add_argument("--latency", type=seconds, default=0.0, help="seconds before each answer")
    parser.add_argument(
        "--fail-rate", type=probability, default=0.0, help="how often to fail, 0 to 1"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
