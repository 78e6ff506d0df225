"""Starts: after an end in the middle of a job, after an update, and beside another bot."""

import pytest

from bot.core.errors.base import StartRefused
from bot.discord_ui.uploads import read_from_cdn
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.scripted_gateway import ErrorReply
from tests.database.engines import IS_POSTGRESQL


async def test_a_job_whose_request_was_sent_is_in_doubt_after_a_restart(
    build: WorldBuilder,
) -> None:
    """It is not sent again; the person gets the credits back and the card says why."""
    async with build.world(declared=True) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.env.advance_time(2)
        assert "Painting" in world.title
        await world.restart()
        assert "❔ Outcome unknown" in world.title
        assert "may have been made" in str(world.card.embeds[0].description)
        assert len(world.gateway.bodies) == 1
        assert world.credits() == 0
        assert world.rows("SELECT state, told, token FROM jobs") == [("unknown", 1, None)]
        assert world.total("operator") == 1


async def test_a_job_that_was_still_waiting_is_painted_after_a_restart(build: WorldBuilder) -> None:
    """Nothing was sent for it, so nothing is in doubt, and nobody has to ask again."""
    async with build.world(declared=True, max_concurrent_jobs=1) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.imagine(world.ben)
        assert "Queued for Ben" in world.title
        await world.restart()
        assert "Painting for Ben" in world.title
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert len(world.card.attachments) == 1
        assert world.rows("SELECT state FROM jobs ORDER BY user_id") == [("unknown",), ("done",)]
        assert len(world.gateway.bodies) == 2


async def test_attachments_are_fetched_again_by_their_address(world: DiscordWorld) -> None:
    """A start asks Discord for the references that were not fetched before; they may be gone."""
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    (attachment,) = world.card.attachments
    assert await read_from_cdn(world.bot.client, attachment.url) == await attachment.read()
    with pytest.raises(OSError, match="cannot be fetched"):
        await read_from_cdn(
            world.bot.client, attachment.url.replace("/attachments/", "/attachments/9")
        )


async def test_a_card_that_could_not_be_told_is_told_at_the_next_start(world: DiscordWorld) -> None:
    """Discord was away when the job failed; the card must not say "painting" for ever."""
    world.env.inject_error("PATCH", "/webhooks/*", status=404, code=10015)
    world.env.inject_error("PATCH", "/channels/*", status=503)
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert world.rows("SELECT state, told FROM jobs") == [("failed", 0)]
    await world.restart()
    assert "declined this prompt" in str(world.card.embeds[0].description)
    assert world.rows("SELECT state, told FROM jobs") == [("failed", 1)]


async def test_a_card_told_after_its_token_expired_calls_its_requester(world: DiscordWorld) -> None:
    """The bot was down for longer than a token lives: the same card, and one line to Ada."""
    for path in ("/webhooks/*", "/channels/*"):
        world.env.inject_error("PATCH", path, status=503)
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    await world.env.advance_time(16 * 60)
    await world.restart()
    card, notice = world.messages()
    assert "declined this prompt" in str(card.embeds[0].description)
    assert notice.content == (
        f"<@{world.ada.id}> there is no picture this time; the message above says why."
    )
    assert world.rows("SELECT state, told FROM jobs") == [("failed", 1)]


def write_record(world: DiscordWorld, text: str) -> None:
    """Change what the bot remembers of its commands, which several processes have in a table."""
    if IS_POSTGRESQL:
        world.write("UPDATE synced_commands SET sent = ?", [(text,)])
    else:
        (world.folder / "commands.sha256").write_text(text)


async def test_commands_are_synced_only_when_they_changed(world: DiscordWorld) -> None:
    """Discord allows 200 creates a day and server; a restart must not spend them."""

    def syncs() -> int:
        return sum(
            request.method == "PUT" and request.path.endswith("/commands")
            for request in world.env.http_requests
        )

    assert syncs() == 1
    await world.restart()
    assert syncs() == 1
    write_record(world, "an earlier definition")
    await world.restart()
    assert syncs() == 2


async def test_a_second_bot_on_the_same_data_is_refused(build: WorldBuilder) -> None:
    """Two bots would answer every command twice."""
    async with build.world():
        with pytest.raises(StartRefused, match="already runs"):
            async with build.world():
                pass


async def test_a_stopping_bot_takes_nothing_new(world: DiscordWorld) -> None:
    """A late person reads a sentence instead of losing a job."""
    await world.bot.services.job_service.close(grace_s=0)
    answer = await world.imagine(world.ada)
    assert "about to restart" in reply_text(answer)
