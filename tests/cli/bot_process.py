"""The whole program against a loopback Discord: ``python -m tests.cli.bot_process BASE``."""

import sys

from discord.http import Route

from bot.__main__ import main

if __name__ == "__main__":
    Route.BASE = sys.argv[1]
    sys.exit(main([]))
