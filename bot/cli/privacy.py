"""``python -m bot privacy``: print what the bot does with people's data, for PRIVACY_URL."""

import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib.resources import files
from string import Template

from bot.database.scheduled_copies import MOST_DAYS
from bot.gateways.reply.unread_files import UNREAD_RETENTION_MS
from bot.jobs.maintenance import CHARGE_RETENTION_MS
from bot.jobs.repository.chores import DAY_MS
from bot.jobs.repository.presses import PRESS_RETENTION_MS
from bot.settings.settings import Settings

Say = Callable[[str], None]

_TRACED = (
    "* **[Who collects traces]** gets how long each request took, with its number, the model and\n"
    "  the image service. It gets neither your words nor who you are.\n"
)
_SERVERS = "machines that the operator runs or rents, the database on a server of its own"
_OVERWRITTEN = (
    "Nobody can find what you delete any more; its places in the files of the database are "
    "overwritten within days. "
)
_DAY = timedelta(days=1)
_UNITS = (("day", _DAY), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


def print_privacy_page(settings: Settings, say: Say) -> int:
    """Print the page in Markdown, with what this operator set."""
    template = (files("bot.cli") / "privacy.md").read_text(encoding="utf-8")
    say(Template(template).substitute(_values(settings)).rstrip())
    return 0


def _values(settings: Settings) -> Mapping[str, str]:
    pictures = f"{_words(timedelta(days=settings.retention_days))}; the oldest go earlier"
    return {
        "stored": _stored(settings),
        "jobs": _words(timedelta(days=settings.keep_jobs_days)),
        "pictures": f"{pictures} when all take more than {_size(settings.max_disk)}",
        "charges": _words(timedelta(milliseconds=CHARGE_RETENTION_MS)),
        "presses": _words(timedelta(milliseconds=PRESS_RETENTION_MS + DAY_MS)),
        "unread": _words(timedelta(milliseconds=UNREAD_RETENTION_MS)),
        "marks": _words(timedelta(days=MOST_DAYS)),
        "backups": _backups(settings),
        "logged": _logged(settings),
        "forgotten": _forgotten(settings),
        "traced": _TRACED if settings.traces_url else "",
        "deleted_copies": _deleted_copies(settings),
    }


def _stored(settings: Settings) -> str:
    place = _SERVERS if settings.has_server else "the operator's machine"
    if settings.content_store_url.startswith("s3:"):
        return (
            f"Everything is stored on {place}, [where it is], and the pictures with "
            "[the company whose storage it is, and where that is]."
        )
    return f"Everything is stored on {place}; [where it is]."


def _backups(settings: Settings) -> str:
    every = settings.copied_every
    if every is None:
        return f"[at most {MOST_DAYS} days]"
    return f"{_words(settings.backup_keep * every)}: one every {_words(every).removeprefix('1 ')}"


def _logged(settings: Settings) -> str:
    if settings.log_level == "DEBUG":
        return "at present, while a fault is searched for, also parts of your words"
    return "no words, no pictures"


def _forgotten(settings: Settings) -> str:
    if settings.forget_deleted:
        return (
            "When the last message that shows a picture is deleted, or its channel, the picture is "
            "deleted from the bot's store as well."
        )
    return (
        "A deleted message only disappears from its channel: its pictures stay in your `/history` "
        f"for {_words(timedelta(days=settings.retention_days))}, unless a moderator removes them."
    )


def _deleted_copies(settings: Settings) -> str:
    every = settings.copied_every
    reach = timedelta(days=MOST_DAYS) if every is None else settings.backup_keep * every
    overwritten = _OVERWRITTEN if settings.has_server else ""  # SQLite does so at once
    return (
        f"{overwritten}What you delete is still in earlier copies of the database, for up to "
        f"{_words(reach)}. If one has to be used, your data is deleted from it again before "
        "the bot starts."
    )


def _words(time: timedelta) -> str:
    unit, length = next((each for each in _UNITS if time % each[1] == timedelta()), _UNITS[-1])
    count = math.ceil(time / length)
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _size(count: int) -> str:
    return f"{count / 10**9:g} GB"
