"""/imagine, from the first key to the picture, and every way it can end without one."""

import re

import discord
import pytest

from bot.quota.limits import parse_limits
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.scripted_gateway import ClosedConnection, ErrorReply, FewerPictures


def words(world: DiscordWorld) -> str:
    """Return what the newest card says below its first line."""
    return str(world.card.embeds[0].description)


async def test_a_picture_is_painted_posted_and_charged_once(world: DiscordWorld) -> None:
    """The promise of the whole bot."""
    world.gateway.revised_prompt = "A lighthouse, at dusk, in oil"
    answer = await world.imagine(world.ada, "a lighthouse at dusk")
    await world.wait_for_jobs()
    assert not answer.ephemeral
    assert "Ada" in world.title
    (file,) = world.card.attachments
    assert re.fullmatch("easel-[0-9a-f]{8}-1.png", file.filename)
    assert "lighthouse" in str(file.description)
    assert "in oil" in words(world)
    footer = str(world.card.embeds[0].footer.text)
    assert "dall-e-3 · 1024×1024" in footer
    assert "1 credit · 19 of 20 left today" in footer
    assert len(world.gateway.bodies) == 1
    assert world.credits() == 1
    assert world.rows("SELECT state, told, token FROM jobs") == [("done", 1, None)]
    assert world.rows("SELECT message_id FROM messages") == [(world.card.id,)]
    assert list((world.folder / "jobs").iterdir()) == []


async def test_options_reach_the_gateway_and_the_card(world: DiscordWorld) -> None:
    """What was asked for is what is painted: model, size with ×, and number."""
    await world.imagine(world.ada, "a fox", model="gpt-image-2", size="1536×1024", n=3)
    await world.wait_for_jobs()
    (body,) = world.gateway.bodies
    assert (body["model"], body["size"], body["n"]) == ("gpt-image-2", "1536x1024", 3)
    assert len(world.card.attachments) == len(world.card.embeds) == 3
    assert world.credits() == 3


async def test_a_model_that_paints_one_at_a_time_is_asked_several_times(
    world: DiscordWorld,
) -> None:
    """Ten pictures of dall-e-3 are ten paid requests, one card and ten attachments."""
    await world.imagine(world.ada, n=10)
    await world.wait_for_jobs()
    assert [body["n"] for body in world.gateway.bodies] == [1] * 10
    assert len(world.card.attachments) == 10
    assert len({embed.url for embed in world.card.embeds}) == 3
    assert world.credits() == 10


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ({"model": "dall-e-9"}, "dall-e-3, gpt-image-2"),
        ({"size": "10x10"}, "1792x1024"),
        ({"model": "gpt-image-2", "size": "1000x1000"}, "in steps of 16"),
        ({"prompt": "\u200b \u200b"}, "say what to paint"),
    ],
)
async def test_a_wrong_option_is_refused_privately_and_names_what_is_allowed(
    world: DiscordWorld, options: dict[str, str], allowed: str
) -> None:
    """Suggestions do not confine what people type, so everything is checked again."""
    answer = await world.imagine(world.ada, **{"prompt": "a fox"} | options)
    assert allowed in reply_text(answer)
    assert world.gateway.bodies == []
    assert world.rows("SELECT * FROM jobs") == []


async def test_suggestions_follow_the_chosen_model(world: DiscordWorld) -> None:
    """People see only sizes that the model can paint."""
    suggest = world.ada.autocomplete
    models = await suggest(world.channel, "imagine", "model", "gpt", prompt="p")
    assert models[0]["value"] == "gpt-image-2"
    sizes = await suggest(world.channel, "imagine", "size", "", prompt="p", model="dall-e-3")
    assert {"name": "16:9 · 1792x1024", "value": "16:9"} in sizes
    assert [choice["value"] for choice in sizes] == [
        *("1:1", "3:2", "2:3", "16:9", "9:16"),
        *("1024x1024", "1792x1024", "1024x1792"),
    ]
    free = await suggest(
        world.channel, "imagine", "size", "1024*640", prompt="p", model="gpt-image-2"
    )
    assert free[0]["value"] == "1024x640"
    assert await suggest(world.channel, "imagine", "size", "1", prompt="p", model="?") == []


async def test_a_spent_quota_is_refused_privately_and_says_when_it_frees(
    build: WorldBuilder,
) -> None:
    """Nobody else reads it, nothing is sent, and the person knows when to come back."""
    async with build.world(default_quota=parse_limits("2/day")) as world:
        await world.imagine(world.ada, n=2)
        await world.wait_for_jobs()
        card = world.card.id
        answer = await world.imagine(world.ada)
        assert answer.ephemeral
        frees_at = world.now() // 1000 + 24 * 3600
        assert "2 of 2 credits per day are used up" in reply_text(answer)
        assert f"<t:{frees_at}:R>" in reply_text(answer)
        assert world.card.id == card
        assert len(world.gateway.bodies) == 2
        assert (await world.imagine(world.ben)).ephemeral is False


@pytest.mark.parametrize(
    ("mood", "sentence"),
    [
        (ErrorReply(400, "moderation_blocked"), "declined this prompt"),
        (ErrorReply(401, "invalid_api_key"), "operator has to renew"),
        (ErrorReply(402, "insufficient_quota"), "operator has to top it up"),
    ],
)
async def test_a_failure_gives_the_credits_back_and_says_what_to_do(
    world: DiscordWorld, mood: ErrorReply, sentence: str
) -> None:
    """Failures must not cost; the sentence shows neither key nor host."""
    world.gateway.replies.append(mood)
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert sentence in words(world)
    assert "your credits were given back" in words(world)
    assert world.credits() == 0
    assert world.rows("SELECT state, told FROM jobs") == [("failed", 1)]
    assert world.rows("SELECT state, billed FROM attempts") == [("refused", "no")]


async def test_a_line_cut_after_sending_is_never_sent_again(world: DiscordWorld) -> None:
    """It may have been paid: the person gets the credits back, the operator's total keeps them."""
    world.gateway.replies.append(ClosedConnection())
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert len(world.gateway.bodies) == 1
    assert "may have been made" in words(world)
    assert world.credits() == 0
    assert world.rows("SELECT state FROM jobs") == [("unknown",)]
    assert world.total("operator") == 1
    assert world.rows("SELECT billed, pictures FROM costs") == [("maybe", 0)]


async def test_after_the_days_doubts_a_further_request_is_refused(build: WorldBuilder) -> None:
    """Nobody can let the operator pay for nothing again and again, and nobody pays for nothing."""
    async with build.world(max_doubtful_per_day=1) as world:
        world.gateway.replies.append(ClosedConnection())
        await world.imagine(world.ada)
        await world.wait_for_jobs()
        refused = await world.imagine(world.ada)
        assert "One of your requests in the last 24 hours brought no picture" in reply_text(refused)
        assert len(world.gateway.bodies) == 1
        assert world.credits() == 0


async def test_a_reply_with_fewer_pictures_is_told_and_charged_for_what_arrived(
    world: DiscordWorld,
) -> None:
    """Two of four pictures without a word look like a defect, or like a theft."""
    world.gateway.replies.append(FewerPictures())
    await world.imagine(world.ada, model="gpt-image-2", n=4)
    await world.wait_for_jobs()
    assert "1 of 4 pictures arrived. The others did not arrive" in words(world)
    assert "the missing pictures were not charged" in words(world)
    assert len(world.card.attachments) == world.credits() == 1
    assert "error-pictures-missing" in str(world.rows("SELECT error FROM jobs"))


async def test_what_arrived_is_delivered_and_charged_when_the_rest_fails(
    world: DiscordWorld,
) -> None:
    """Three of four pictures are better than none, and cost three."""
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    await world.imagine(world.ada, n=4)
    await world.wait_for_jobs()
    assert len(world.card.attachments) == 3
    assert "3 of 4 pictures arrived." in words(world)
    assert "the missing pictures were not charged" in words(world)
    assert "3 credits · 17 of 20 left today" in str(world.card.embeds[0].footer.text)
    assert world.credits() == 3


async def test_two_people_at_once_get_their_own_pictures(build: WorldBuilder) -> None:
    """Cards, files and credits never mix."""
    async with build.world(declared=True) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada, "a fox")
        first = world.card.id
        await world.env.advance_time(2)
        assert "Painting for Ada" in world.title
        await world.imagine(world.ben, "a hare")
        await world.env.advance_time(2)
        assert "Painting for Ben" in world.title
        world.gateway.gate.set()
        await world.wait_for_jobs()
        cards = {m.id: str(m.embeds[0].description) for m in world.channel.history()}
        assert "a fox" in cards[first]
        assert [user for (user,) in world.rows("SELECT user_id FROM charges ORDER BY at")] == [
            world.ada.id,
            world.ben.id,
        ]


async def test_jobs_wait_for_a_slot_and_say_how_many_are_ahead(build: WorldBuilder) -> None:
    """A person who waits knows that the bot has not forgotten them."""
    async with build.world(declared=True, max_concurrent_jobs=1) as world:
        world.gateway.gate.clear()
        for who in (world.ada, world.ben, world.mia):
            await world.imagine(who)
        assert "Queued for Mia" in world.title
        assert "1 ahead · about 40 s" in words(world)
        assert len(world.gateway.bodies) == 1
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert world.rows("SELECT DISTINCT state FROM jobs") == [("done",)]


async def test_too_many_waiting_requests_are_refused(build: WorldBuilder) -> None:
    """One person's waiting list has an end, and the refusal holds no credits."""
    async with build.world(declared=True, max_running_per_user=1, max_waiting_per_user=1) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.imagine(world.ada)
        answer = await world.imagine(world.ada)
        assert answer.ephemeral
        assert "already have 1 request waiting" in reply_text(answer)
        assert world.credits() == 2
        world.gateway.gate.set()
        await world.wait_for_jobs()


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060), (500, 0)])
async def test_a_card_that_could_not_be_placed_costs_nothing(
    world: DiscordWorld, status: int, code: int
) -> None:
    """Nobody saw the job, so nothing is sent and the hold is released."""
    world.env.inject_error("POST", "/interactions/*", status=status, code=code)
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert world.gateway.bodies == []
    assert world.credits() == 0
    assert world.rows("SELECT state, told FROM jobs") == [("cancelled", 1)]


async def test_a_dead_token_is_no_end_the_card_is_edited_through_the_channel(
    world: DiscordWorld,
) -> None:
    """A slow model outlives the fifteen minutes of a token; the picture must not."""
    world.env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, times=9)
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    (card,) = world.messages()
    assert len(card.attachments) == 1
    assert world.credits() == 1


async def test_a_picture_that_can_neither_be_posted_nor_kept_is_not_charged(
    world: DiscordWorld,
) -> None:
    """A person pays for what they can get."""
    (world.folder / "vault").write_text("a file where a folder should be")
    for path in ("/webhooks/*", "/channels/*"):
        world.env.inject_error("PATCH", path, status=503, times=9)
    for path in ("/channels/*", "/users/@me/channels"):
        world.env.inject_error("POST", path, status=503, times=9)
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert world.credits() == 0
    assert world.rows("SELECT state FROM jobs") == [("failed",)]
    assert world.rows("SELECT billed, pictures FROM costs") == [("yes", 1)]


async def test_a_defect_of_ours_ends_the_job_with_a_reference(world: DiscordWorld) -> None:
    """No traceback reaches a person, nothing is held for ever, and the number finds the log."""
    (world.folder / "jobs").write_text("a file where a folder should be")
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert "give the operator of this bot the code" in words(world)
    assert world.rows("SELECT state, told FROM jobs") == [("cancelled", 1)]
    assert world.credits() == 0


async def test_a_prompt_at_discords_limit_and_hostile_words_are_shown_safely(
    world: DiscordWorld,
) -> None:
    """4,000 characters of mentions and markdown ping nobody and fit in one card."""
    prompt = ("@everyone **bold** ||spoiler|| [link](https://example.org) " * 80)[:4000]
    await world.imagine(world.ada, prompt)
    await world.wait_for_jobs()
    assert len(world.card.embeds[0]) <= 6000
    assert world.card.mentions == []
    assert not world.card.mention_everyone
    assert world.gateway.bodies[0]["prompt"] == prompt.strip()


async def test_a_server_that_the_operator_did_not_list_is_refused(build: WorldBuilder) -> None:
    """The operator pays, so the operator says where."""
    async with build.world(allowed_servers=(1,)) as world:
        answer = await world.imagine(world.ada)
        assert answer.ephemeral
        assert "not on the operator's list" in reply_text(answer)
        assert world.rows("SELECT * FROM jobs") == []


async def test_nothing_privileged_is_asked_of_discord(world: DiscordWorld) -> None:
    """An operator needs no approval for intents, and the bot keeps no messages or members."""
    client = world.bot.client
    assert client.intents == discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True)
    await world.imagine(world.ada)
    assert list(client.cached_messages) == []
