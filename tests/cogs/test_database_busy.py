"""A database that does not answer: people do, within the three seconds that Discord waits."""

from bot.database.outage import DatabaseWaits
from bot.database.transaction import Transaction
from tests.cogs.actions import ephemeral_text, finished_card, press, submit_form
from tests.cogs.discord_world import DiscordWorld, reply_text
from tests.database.engines import sqlite_only
from tests.database.test_outage import locked

pytestmark = sqlite_only("one program locks the whole database")


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


async def test_what_admins_and_people_set_is_answered_too(world: DiscordWorld) -> None:
    """Nothing is set, and the person reads a sentence instead of an interaction that failed."""
    await hurry(world)
    with locked(world.folder / "easel.db"):
        answers = [
            await world.mia.slash(world.channel, "quota set", credits=3, per="day"),
            await world.mia.slash(world.channel, "quota block", user=world.ada, reason="x"),
            await world.ada.slash(world.channel, "preset save", name="night", size="1024x1024"),
        ]
    for answer in answers:
        assert "does not answer right now" in reply_text(answer)
    assert world.rows("SELECT * FROM limits") == world.rows("SELECT * FROM members") == []


async def test_a_form_opens_while_another_program_holds_the_lock(world: DiscordWorld) -> None:
    """Whether there are credits is asked again when it is sent."""
    card = await finished_card(world)
    await hurry(world)
    with locked(world.folder / "easel.db"):
        shown = await press(world, world.ada, card, "edit")
        assert shown.modal is not None
        refused = await submit_form(world, world.ada, shown, prompt="an owl")
    assert "does not answer right now" in ephemeral_text(refused)
