"""The bot as one of several processes that do not agree on when their shards identify."""

import sys

from bot.__main__ import main
from bot.discord_ui.identify_turns import Wanted
from bot.discord_ui.shared_turns import SharedTurns


async def at_once(_: SharedTurns, wanted: Wanted) -> float:
    """Reserve nothing."""
    return wanted.earliest_s


if __name__ == "__main__":
    SharedTurns.reserve = at_once  # type: ignore[method-assign, assignment]  # the control
    sys.exit(main([]))
