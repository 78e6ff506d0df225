"""The whole program against a loopback Discord: ``python -m tests.cli.bot_process BASE``."""

import os
import sys

from discord.http import Route

from bot import base_services
from bot.__main__ import main

if __name__ == "__main__":
    Route.BASE = sys.argv[1]
    if os.environ.get("DATABASE_URL", "").startswith("postgresql"):
        from tests.database.engines import SHORT_WAITS  # slow to load, and of no use to SQLite

        # As in tests/conftest.py: in the field a start waits 39 s before it takes over.
        vars(base_services)["SESSION_WAITS"] = SHORT_WAITS
    sys.exit(main([]))
