"""``python -m bot reload``: let the running bot read its files anew, and print what it says."""

import sys
from functools import partial
from pathlib import Path

from bot.cli.bot_requests import AskedBot, ask
from bot.core.bot_process import RequestAnswer, announced
from bot.core.errors.base import StartRefused
from bot.core.process_lock import bot_is_alive
from bot.settings.cluster_settings import process_folder, process_folders
from bot.settings.settings import Settings, lock_folders

EXIT_DONE = 0
EXIT_NOTHING_DONE = 1

TIMEOUT_S = 60.0
ANOTHER_USERS = (
    "The bot belongs to another user: run this as that user, or let what started it send SIGHUP, "
    "such as systemctl reload easel."
)


def run_reload(settings: Settings, *, timeout_s: float = TIMEOUT_S) -> int:
    """Reload the bot, all its processes of this machine; return 1 if one was not reloaded."""
    try:
        if not settings.has_server:
            return print_answer(ask(_only_bot(settings), "reload", timeout_s=timeout_s))
        return max([_reload(bot, timeout_s) for bot in _clusters_here(settings)])
    except PermissionError:
        print(f"easel: {ANOTHER_USERS}", file=sys.stderr)
    except StartRefused as refused:
        print(f"easel: {refused}", file=sys.stderr)
    return EXIT_NOTHING_DONE


def print_answer(answer: RequestAnswer, who: str = "") -> int:
    """Print what was done, or why not, and return the exit code."""
    print(f"{who}{answer.sentence}", file=sys.stdout if answer.is_done else sys.stderr)
    return EXIT_DONE if answer.is_done else EXIT_NOTHING_DONE


def _only_bot(settings: Settings) -> AskedBot:
    folders = lock_folders(settings)
    if not bot_is_alive(folders):
        raise StartRefused(
            f"No bot runs on the database {folders.database}: start one, or start yours again if "
            "you changed DATA_DIR or DATABASE_URL."
        )
    where = f"the database {folders.database}"
    return AskedBot(where, process_folder(settings), partial(bot_is_alive, folders))


def _clusters_here(settings: Settings) -> list[AskedBot]:
    found = [
        AskedBot(f"cluster {number}", folder, partial(_is_announced, folder))
        for number, folder in enumerate(process_folders(settings))
        if announced(folder) is not None
    ]
    if not found:
        raise StartRefused(
            f"No cluster of this bot runs here on DATA_DIR={settings.data_dir}: start one, or run "
            "this on the machine and as the user that it runs as."
        )
    return found


def _is_announced(folder: Path) -> bool:
    return announced(folder) is not None


def _reload(bot: AskedBot, timeout_s: float) -> int:
    """Reload one of several; another one may still be reloaded where that fails."""
    who = f"{bot.where}: "
    try:
        return print_answer(ask(bot, "reload", timeout_s=timeout_s), who)
    except StartRefused as refused:
        print(f"easel: {who}{refused}", file=sys.stderr)
        return EXIT_NOTHING_DONE
