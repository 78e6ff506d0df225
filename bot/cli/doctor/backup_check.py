"""Check that there is a backup that is as new as the schedule says."""

from datetime import timedelta

from bot.cli.doctor.finding import Finding, fine, warning
from bot.cli.jobs import format_age
from bot.core.errors.base import StartRefused
from bot.database.scheduled_copies import BACKUP_FOLDER, newest_backup
from bot.settings.settings import Settings, database_file

_SLACK = timedelta(hours=2)  # a copy that fails is tried again every hour
_OFF_FIX = "Set BACKUP_EVERY=24h, or copy the database regularly with python -m bot db backup FILE."
_LATE_FIX = (
    "Let the bot run: it makes one a minute after its start. If it does run, backup.failed in its "
    "log says what is wrong."
)


def check_backups(settings: Settings, now: int) -> Finding:
    """Return how old the newest scheduled copy is; warn of one that is overdue."""
    every, folder = settings.backup_every, settings.data_dir / BACKUP_FOLDER
    if every is None:
        return warning("backups", "none are made, because BACKUP_EVERY is empty", _OFF_FIX)
    try:
        database = database_file(settings)
        newest = newest_backup(folder, database, now=now)
        is_new = newest is None and not database.exists()
    except StartRefused:
        return warning("backups", "not checked because DATABASE_URL is wrong")
    except OSError as refused:
        facts = f"{folder} cannot be read ({refused.strerror})"
        return warning("backups", facts, "Let the bot's user read and write it.")
    if is_new:
        return fine("backups", f"one every {_words(every)}, the first a minute after the start")
    if newest is None:
        return warning("backups", f"there is no copy of the database in {folder} yet", _LATE_FIX)
    age = timedelta(milliseconds=now - newest.made_at)
    facts = f"the newest, {newest.path.name}, is {_words(age)} old; BACKUP_EVERY is {_words(every)}"
    return warning("backups", facts, _LATE_FIX) if age > every + _SLACK else fine("backups", facts)


def _words(time: timedelta) -> str:
    return format_age(round(time / timedelta(milliseconds=1)))
