"""A restored backup in Discord: what people had deleted since is gone before anybody can ask."""

from bot.cli.db_restore import restore
from bot.core.process_lock import LockFolders
from bot.database.backup import copy_database
from tests.cogs.discord_world import DiscordWorld
from tests.cogs.test_mydata import asked, confirmed, painted
from tests.database.engines import sqlite_only

pytestmark = sqlite_only("a server's operator restores it")


async def test_what_was_deleted_since_the_backup_does_not_come_back(world: DiscordWorld) -> None:
    """Prompts, charges, preferences and presets; what others have stays."""
    database, copy = world.folder / "easel.db", world.folder / "copy.db"
    for who in (world.ada, world.ben):
        await painted(world, who)
        await who.slash(world.channel, "preset save", name="dusk", prompt="at dusk")
        await who.slash(world.channel, "preferences defaults", n=2)
    copy_database(database, copy)
    await confirmed(world, world.ada, await asked(world, world.ada))
    await world._bots.aclose()
    restore(copy, LockFolders(database, world.folder), world.now, lambda _: None)
    await world.restart()
    await world.env.settle()
    ben = (world.ben.user.id,)
    for table in ("jobs", "charges", "presets", "preferences"):
        assert world.rows(f"SELECT user_id FROM {table} WHERE user_id > 0") == [ben], table
