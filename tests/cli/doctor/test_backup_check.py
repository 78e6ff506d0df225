"""What the doctor says of the scheduled backups."""

from pathlib import Path

import pytest

from bot.cli.doctor.finding import Sign
from bot.database.scheduled_copies import make_scheduled_copy
from tests.cli.doctor.installation import Installation, of
from tests.database.sync_database import SyncDatabase

HOUR_MS = 3_600_000


@pytest.fixture
def database(installation: Installation) -> Path:
    path = installation.folder / "data" / "easel.db"
    path.parent.mkdir()
    with SyncDatabase.open(path):
        pass
    return path


@pytest.mark.parametrize(
    ("hours", "sign", "words"),
    [
        (3, Sign.FINE, "is 3h old; BACKUP_EVERY is 1d"),
        (25, Sign.FINE, "is 1d 1h old"),
        (27, Sign.WARNING, "is 1d 3h old"),
    ],
)
async def test_the_age_of_the_newest_backup_is_told(
    installation: Installation, database: Path, hours: int, sign: Sign, words: str
) -> None:
    """An operator whose backups stopped last month learns it before they need one."""
    made_at = installation.now_ms - hours * HOUR_MS
    make_scheduled_copy(database.parent / "backup", database, now=made_at)
    found = of(await installation.examined(), "backups")
    assert (found.sign, words in found.facts) == (sign, True)
    assert ("backup.failed" in found.fix) == (sign is Sign.WARNING)


async def test_a_database_without_a_backup_is_told(
    installation: Installation, database: Path
) -> None:
    """Either the bot was just updated, or its copies fail."""
    found = of(await installation.examined(), "backups")
    assert (found.sign, "no copy of the database" in found.facts) == (Sign.WARNING, True)


async def test_no_schedule_is_told(installation: Installation) -> None:
    """Who leaves BACKUP_EVERY empty has backups of their own, or none."""
    found = of(await installation.examined(BACKUP_EVERY=""), "backups")
    assert (found.sign, "BACKUP_EVERY is empty" in found.facts) == (Sign.WARNING, True)
