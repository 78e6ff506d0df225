"""A database that does not answer: people do, within the three seconds that Discord waits."""

from bot.database.outage import DatabaseWaits
from bot.database.transaction import Transaction
from tests.cogs.discord_world import DiscordWorld, reply_text
from tests.database.test_outage import locked


async def hurry(world: DiscordWorld) -> None:
    """Shorten what the database waits for others, and what people wait for it."""
    database = world.bot.services.database
    database.waits = DatabaseWaits(answer_s=0.05, first_pause_s=0.001, longest_pause_s=0.01)
    await database.write(Transaction.query, "PRAGMA busy_timeout = 20")


async def test_a_request_is_answered_while_another_program_holds_the_lock(
    world: DiscordWorld,
) -> None:
    """The sentence is private, nothing is held, and the next try works."""
    await hurry(world)
    with locked(world.folder / "easel.db"):
        answer = await world.imagine(world.ada)
    assert answer.ephemeral
    assert "does not answer right now" in reply_text(answer)
    assert world.rows("SELECT id FROM jobs") == []
    assert not (await world.imagine(world.ada)).ephemeral
