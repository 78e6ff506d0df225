"""Read anew what can change while the bot runs: everything of it, or nothing."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from bot.core.bot_process import RequestAnswer
from bot.core.errors.base import collect_problems
from bot.core.logging import Redactor, set_level
from bot.settings.gateway_settings import setup_problems
from bot.settings.settings import ReadSettings, Settings, read_settings

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RELOADED = frozenset(
    {
        "image_api_url",
        "image_api_key",
        "image_models",
        "gateways_file",
        "gateways",
        "download_hosts",
        "download_networks",
        "moderation_file",
        "log_level",
    }
)
"""The fields of Settings that a reload takes; the others need a restart."""


@dataclass(frozen=True, slots=True)
class ReadPart:
    """What one part has read: ``apply`` puts it in force and cannot fail; ``facts`` name it."""

    apply: Callable[[], None]
    facts: str


ReloadPart = Callable[[Settings], Awaitable[ReadPart]]
"""Reads what a part of the bot takes from settings and files; raises StartRefused."""


async def read_log_level(settings: Settings) -> ReadPart:
    """Read the log level: a ReloadPart."""
    return ReadPart(partial(set_level, settings.log_level), f"log level {settings.log_level}")


class Reload:
    """Reads all parts before any of them is applied, so that what is wrong changes nothing."""

    def __init__(self, running: Settings, parts: Sequence[ReloadPart], redactor: Redactor) -> None:
        self._running = running
        self._parts = parts
        self._redactor = redactor

    async def run(self) -> RequestAnswer:
        """Reload; the answer says what is in force now, or everything that is wrong."""
        secrets: tuple[str, ...] = ()
        try:
            found = await asyncio.to_thread(read_settings)
            secrets = found.settings.secrets if found.settings else ()
            answer = await self._reload(found)
        except Exception:
            log.exception("reload.defect")
            answer = _refusal(["An unexpected error occurred: the bot's log has it."])
        # The keys of a reload that was refused are no keys of this bot.
        sentence = self._redactor.with_more(secrets).clean(answer.sentence)
        write = log.info if answer.is_done else log.error
        write("reload.done" if answer.is_done else "reload.refused", sentence=sentence)
        return RequestAnswer(answer.is_done, sentence)

    async def _reload(self, found: ReadSettings) -> RequestAnswer:
        if found.settings is None:
            return _refusal(found.problems)
        if found.problems:
            more = await asyncio.to_thread(setup_problems, found.settings, found.unreadable)
            return _refusal([*found.problems, *more])
        taken = {name: getattr(found.settings, name) for name in RELOADED}
        settings = self._running.model_copy(update=taken)
        parts, problems = await self._read(settings)
        if problems:
            return _refusal(problems)
        self._redactor.add(settings.secrets)
        for part in parts:
            part.apply()
        notes = list(_notes(self._running, found.settings))
        self._running = settings
        facts = ", ".join(part.facts for part in parts)
        return RequestAnswer(is_done=True, sentence=" ".join([f"Reloaded: {facts}.", *notes]))

    async def _read(self, settings: Settings) -> tuple[list[ReadPart], list[str]]:
        found: list[ReadPart] = []
        problems: list[str] = []
        for part in self._parts:
            with collect_problems(problems):
                found.append(await part(settings))
        return found, problems


def _refusal(problems: Sequence[str]) -> RequestAnswer:
    return RequestAnswer(is_done=False, sentence=" ".join(["Nothing was reloaded.", *problems]))


def _notes(running: Settings, read: Settings) -> Iterator[str]:
    """Yield what a reload could not take, and why."""
    if changed := [name.upper() for name in _set_fields(running, read) if name not in RELOADED]:
        yield f"{_listed(changed)} changed, which needs a restart."
    if fixed := sorted(name for name in os.environ if _is_reloaded(name)):
        be = "is" if len(fixed) == 1 else "are"
        yield (
            f"{_listed(fixed)} {be} as at the start: a reload reads files such as .env, but not "
            "the environment that the process was started with."
        )


def _set_fields(running: Settings, read: Settings) -> list[str]:
    """Return the fields that differ, without defaults that follow from another field."""
    is_set = running.model_fields_set | read.model_fields_set
    fields = [name for name in Settings.model_fields if name in is_set]
    return [name for name in fields if getattr(running, name) != getattr(read, name)]


def _is_reloaded(variable: str) -> bool:
    return variable.partition("__")[0].lower() in RELOADED


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
