"""Ask a running bot of this machine for something, and wait for its answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.core.bot_process import Kind, RequestAnswer, answer_of, leave_request, send_request
from bot.core.errors.base import StartRefused

_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class AskedBot:
    """A bot that is asked: in which folder it finds requests, and whether it still runs.

    ``where`` says it in the sentences.
    """

    where: str
    folder: Path
    is_alive: Callable[[], bool]


def ask(bot: AskedBot, kind: Kind, *, timeout_s: float) -> RequestAnswer:
    """Ask, and return what the bot answers.

    Raises:
        StartRefused: it cannot be found, stops, or does not answer in time.
        PermissionError: it belongs to another user.
    """
    end = time.monotonic() + timeout_s
    with leave_request(bot.folder, kind) as request:
        _send(bot, kind, end)
        return _answer(bot, request, end)


def _send(bot: AskedBot, kind: Kind, end: float) -> None:
    """Send the signal, if need be when the bot has started."""
    while not send_request(bot.folder, kind):
        if time.monotonic() > end or not bot.is_alive():
            raise StartRefused(
                f"The bot on {bot.where} cannot be found among the processes here: if it runs in a "
                "container, run this inside, or send it SIGHUP, such as docker kill --signal HUP "
                "NAME."
            )
        time.sleep(_LOOK_EVERY_S)


def _answer(bot: AskedBot, request: Path, end: float) -> RequestAnswer:
    while not (answer := answer_of(request)):
        if not bot.is_alive():
            raise StartRefused("The bot stopped before it answered.")
        if time.monotonic() > end:
            raise StartRefused("The bot does not answer: its log says what it is doing.")
        time.sleep(_LOOK_EVERY_S)
    return answer
