"""``python -m bot reload``: let the running bot read its files anew, and print what it says."""

import sys
import time
from pathlib import Path

from bot.core.bot_process import answer_of, request_reload, send_reload
from bot.core.errors.base import StartRefused
from bot.core.process_lock import LockFolders, bot_is_alive
from bot.settings.settings import Settings, lock_folders

EXIT_DONE = 0
EXIT_NOTHING_DONE = 1

TIMEOUT_S = 60.0
_LOOK_EVERY_S = 0.05
_ANOTHER_USERS = (
    "The bot belongs to another user: run this as that user, or let what started it send SIGHUP, "
    "such as systemctl reload easel."
)


def run_reload(settings: Settings, *, timeout_s: float = TIMEOUT_S) -> int:
    """Reload the bot of this database and return the exit code: 1 if nothing was reloaded."""
    try:
        return _reload(lock_folders(settings), time.monotonic() + timeout_s)
    except PermissionError:
        print(f"easel: {_ANOTHER_USERS}", file=sys.stderr)
    except StartRefused as refused:
        print(f"easel: {refused}", file=sys.stderr)
    return EXIT_NOTHING_DONE


def _reload(folders: LockFolders, end: float) -> int:
    if not bot_is_alive(folders):
        raise StartRefused(
            f"No bot runs on the database {folders.database}: start one, or start yours again if "
            "you changed DATA_DIR or DATABASE_URL."
        )
    with request_reload(folders) as request:
        _send(folders, end)
        return _print_answer(request, folders, end)


def _send(folders: LockFolders, end: float) -> None:
    """Send the signal, if need be when the bot has started."""
    while not send_reload(folders):
        if time.monotonic() > end or not bot_is_alive(folders):
            raise StartRefused(
                f"The bot on the database {folders.database} cannot be found among the processes "
                "here: if it runs in a container, run this inside, or send it SIGHUP, such as "
                "docker kill --signal HUP NAME."
            )
        time.sleep(_LOOK_EVERY_S)


def _print_answer(request: Path, folders: LockFolders, end: float) -> int:
    while not (answer := answer_of(request)):
        if not bot_is_alive(folders):
            raise StartRefused("The bot stopped before it answered.")
        if time.monotonic() > end:
            raise StartRefused("The bot does not answer: its log says what it is doing.")
        time.sleep(_LOOK_EVERY_S)
    print(answer.sentence, file=sys.stdout if answer.is_done else sys.stderr)
    return EXIT_DONE if answer.is_done else EXIT_NOTHING_DONE
