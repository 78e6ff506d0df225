"""/history: what I asked for, page by page, and its pictures once more."""

import io

import discord
import pytest
import simcord
from PIL import Image

from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.history_page import HistoryPage
from tests.cogs.scripted_gateway import ErrorReply


async def painted(
    world: DiscordWorld, *prompts: str, who: simcord.MemberActor, **options: object
) -> None:
    """Let somebody ask for pictures, one second after the other."""
    for prompt in prompts:
        await world.imagine(who, prompt, **options)
        await world.wait_for_jobs()
        await world.env.advance_time(1)


async def test_nobody_has_asked_for_anything_yet(world: DiscordWorld) -> None:
    """An empty list says so and offers nothing."""
    page = await HistoryPage.open(world, world.ada)
    assert page.message.content.startswith("You have not asked for a picture yet")
    assert (page.embeds, page.components, page.message.attachments) == ([], [], [])


async def test_my_requests_are_shown_to_me_alone(world: DiscordWorld) -> None:
    """The newest first, with how each ended; what failed cannot be posted again."""
    await painted(world, "a *fox*", who=world.ada, n=2)
    fox = world.card
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    await painted(world, "an owl", who=world.ada)
    await painted(world, "a badger", who=world.ben)
    page = await HistoryPage.open(world, world.ada)
    assert page.prompts == ["an owl", r"a \*fox\*"]
    owl, pair = page.facts
    assert owl.startswith("-# ⚠️ failed · <t:")
    assert pair.startswith("-# 🖼️ 2 pictures · 2 credits · <t:")
    assert pair.endswith(f"[open]({fox.jump_url})")
    assert [embed.author.name for embed in page.embeds] == ["1 · dall-e-3", "2 · dall-e-3"]
    assert list(page.choices) == ["2 · a *fox*"]
    assert world.rows("SELECT COUNT(*) FROM messages") == [(3,)]


async def test_pictures_are_shown_in_small(world: DiscordWorld) -> None:
    """One look tells more than a prompt; several pictures are one square."""
    await painted(world, "a fox", who=world.ada, n=3)
    page = await HistoryPage.open(world, world.ada)
    (attachment,) = page.message.attachments
    assert page.embeds[0].thumbnail.url == f"attachment://{attachment.filename}"
    assert attachment.description == "Picture: a fox"
    with Image.open(io.BytesIO(await attachment.read())) as preview:
        assert (preview.format, preview.size) == ("WEBP", (240, 240))


async def test_the_pages_are_turned_there_and_back_also_after_a_restart(
    world: DiscordWorld,
) -> None:
    """Nine requests are three pages; a page from before a restart is turned as well."""
    await painted(world, *(f"fox {number}" for number in range(9)), who=world.ada)
    first = await HistoryPage.open(world, world.ada)
    assert first.prompts == ["fox 8", "fox 7", "fox 6", "fox 5"]
    assert first.buttons == {"◀": False, "▶": True}
    second = await first.press("▶")
    assert second.prompts == ["fox 4", "fox 3", "fox 2", "fox 1"]
    assert second.buttons == {"◀": True, "▶": True}
    assert len(second.message.attachments) == 4
    await world.restart()
    third = await second.press("▶")
    assert (third.prompts, third.buttons) == (["fox 0"], {"◀": True, "▶": False})
    back = await third.press("◀")
    assert back.prompts == second.prompts
    assert (await back.press("◀")).prompts == first.prompts


async def test_a_page_is_not_moved_by_what_is_asked_for_meanwhile(world: DiscordWorld) -> None:
    """Whoever paints and turns pages at once misses none and sees none twice."""
    await painted(world, *(f"fox {number}" for number in range(5)), who=world.ada)
    first = await HistoryPage.open(world, world.ada)
    await painted(world, "an owl", "a badger", who=world.ada)
    second = await first.press("▶")
    assert second.prompts == ["fox 0"]
    before = await second.press("◀")
    assert before.prompts == ["fox 4", "fox 3", "fox 2", "fox 1"]
    newest = await before.press("◀")
    assert newest.prompts == ["a badger", "an owl", "fox 4", "fox 3"]
    assert newest.buttons == {"◀": False, "▶": True}


async def test_words_and_a_model_find_requests_again(world: DiscordWorld) -> None:
    """In any case; both stand in buttons, which survive a restart, and go at a click."""
    await painted(world, *(f"A Fox {number}" for number in range(5)), who=world.ada)
    await painted(world, "a fox by another", "an owl", who=world.ada, model="easel-painter")
    page = await HistoryPage.open(world, world.ada, text="a fox", model="dall-e-3")
    assert page.prompts == ["A Fox 4", "A Fox 3", "A Fox 2", "A Fox 1"]
    assert page.buttons == {"◀": False, "▶": True, "✕ “a fox”": True, "✕ dall-e-3": True}
    await world.restart()
    last = await page.press("▶")
    assert last.prompts == ["A Fox 0"]
    by_words = await last.press("✕ dall-e-3")
    assert by_words.prompts == ["a fox by another", "A Fox 4", "A Fox 3", "A Fox 2"]
    everything = await by_words.press("✕ “a fox”")
    assert everything.prompts[0] == "an owl"
    assert everything.buttons == {"◀": False, "▶": True}


async def test_nothing_found_is_one_sentence(world: DiscordWorld) -> None:
    """What was sought can be taken back there."""
    await painted(world, "a fox", who=world.ada)
    page = await HistoryPage.open(world, world.ada, text="an owl")
    assert "please try fewer or different words" in page.message.content
    assert page.buttons == {"✕ “an owl”": True}
    assert (page.embeds, page.choices) == ([], {})
    found = await page.press("✕ “an owl”")
    assert (found.prompts, found.buttons) == (["a fox"], {})


async def test_what_cannot_be_seen_is_not_sought(world: DiscordWorld) -> None:
    """Text of zero-width characters alone finds everything, as if it was not typed."""
    await painted(world, "a fox", who=world.ada)
    page = await HistoryPage.open(world, world.ada, text="\u200b\u202e")
    assert (page.prompts, page.buttons) == (["a fox"], {})


async def test_the_longest_words_still_turn_the_page(world: DiscordWorld) -> None:
    """They stand in a custom id, which holds at most a hundred characters."""
    words = "雪地里的狐狸😀" * 20
    await painted(world, *(f"{words} {number}" for number in range(5)), who=world.ada)
    page = await HistoryPage.open(world, world.ada, text=words[:80], model="dall-e-3")
    assert all(len(each["custom_id"].encode("utf-16-le")) <= 200 for each in page.components)
    assert len(page.embeds) == 4
    assert len((await page.press("▶")).embeds) == 1


async def test_only_my_own_models_are_offered(world: DiscordWorld) -> None:
    """Those of the last requests, the last one first."""
    await painted(world, "a fox", who=world.ada)
    await painted(world, "a fox", who=world.ada, model="easel-painter")
    await painted(world, "a fox", who=world.ben, model="gpt-image-2")

    async def offered(typed: str) -> list[str]:
        found = await world.ada.autocomplete(world.channel, "history", "model", typed)
        return [str(choice["value"]) for choice in found]

    assert await offered("") == ["easel-painter", "dall-e-3"]
    assert await offered("DALL") == ["dall-e-3"]


async def test_a_page_of_jobs_that_are_no_longer_mine_shows_none_of_them(
    world: DiscordWorld,
) -> None:
    """Custom ids are no secret: whoever sends those of others sees their own alone."""
    await painted(world, *(f"fox {number}" for number in range(5)), who=world.ada)
    page = await HistoryPage.open(world, world.ada)
    await painted(world, "an owl", who=world.ada)
    world.write("UPDATE jobs SET user_id = ? WHERE request LIKE '%fox%'", [(world.ben.id,)])
    refused = await page.post_again()
    assert "no longer kept" in reply_text(refused)
    assert len(world.messages()) == 6
    assert (await page.press("▶")).prompts == ["an owl"]


@pytest.mark.parametrize(
    "prompt",
    [
        "**bold** [click](https://x.example) <@1> @everyone `code` " * 60,
        "\u202etxet desrever\u202c \u200b\u200bzero\u200bwidth " * 80,
        "ثعلب في الثلج " * 280,
        "* \n# heading\n> quote\n" * 200,
        "一只在雪地里的狐狸，" * 400,
    ],
)
async def test_long_and_wicked_prompts_are_plain_words(world: DiscordWorld, prompt: str) -> None:
    """Four thousand characters of anything stay a few lines, and call nobody."""
    await painted(world, prompt[:4000], who=world.ada, model="gpt-image-2")
    page = await HistoryPage.open(world, world.ada)
    description = str(page.embeds[0].description)
    lines = description.split("\n")
    assert len(lines) == 2
    assert len(lines[0]) <= 500
    assert not any(char in description for char in "\u200b\u202e\u202c")
    for active in ("**", "](h", "@everyone", "<@1>", "`"):
        assert active not in lines[0].replace("\\" + active[0], "")
    (label,) = page.choices
    assert len(label) <= 100


async def test_a_card_that_is_gone_or_cannot_be_seen_has_no_link(world: DiscordWorld) -> None:
    """A link that leads nowhere is worse than none."""
    await painted(world, "a fox", who=world.ada)
    assert "[open]" in (await HistoryPage.open(world, world.ada)).facts[0]
    channel = world.bot.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    elsewhere = world.guild.create_text_channel("elsewhere")
    await channel.set_permissions(channel.guild.default_role, view_channel=False)
    answer = await world.ada.slash(elsewhere, "history")
    assert "[open]" not in HistoryPage(world, world.ada, answer.response).facts[0]


async def test_a_deleted_result_has_no_link(world: DiscordWorld) -> None:
    """Its pictures are still mine."""
    await painted(world, "a fox", who=world.ada)
    world.write("DELETE FROM messages WHERE message_id = ?", [(world.card.id,)])
    page = await HistoryPage.open(world, world.ada)
    assert "[open]" not in page.facts[0]
    assert page.choices


async def test_in_a_server_that_is_not_served_pages_stand_still(world: DiscordWorld) -> None:
    """The operator's list of servers may change while a page lies there."""
    await painted(world, *(f"fox {number}" for number in range(5)), who=world.ada)
    page = await HistoryPage.open(world, world.ada)
    await world.restart(allowed_servers=(1,))
    refused = await world.ada.click(page.message, label="▶")
    assert "not on the operator's list" in reply_text(refused)


async def test_pictures_are_posted_again_free_of_charge_and_can_be_rolled(
    world: DiscordWorld,
) -> None:
    """They were paid for; a 🔄 under them is a new request."""
    await world.imagine(world.ada, n=2)
    await world.wait_for_jobs()
    await (await HistoryPage.open(world, world.ada)).post_again()
    assert len(world.messages()) == 2
    assert len(world.card.attachments) == 2
    assert "from the history of Ada" in world.title
    assert world.credits() == 2
    await world.ben.react(world.card, "🔄")
    await world.wait_for_jobs()
    assert "Ben" in world.title


async def test_what_is_posted_again_can_be_played_with(world: DiscordWorld) -> None:
    """The same controls as under a result: for whoever presses, and after a restart, too."""
    await painted(world, "a fox", who=world.ada)
    await (await HistoryPage.open(world, world.ada)).post_again()
    await world.restart()
    (job_id,) = world.rows("SELECT id FROM jobs")[0]
    await world.ben.click(world.card, custom_id=f"easel:again:{job_id}")
    await world.wait_for_jobs()
    assert "Ben" in world.title
    details = await world.ben.click(world.messages()[1], custom_id=f"easel:details:{job_id}")
    assert details.ephemeral
    assert world.rows("SELECT COUNT(*) FROM messages") == [(3,)]


async def test_who_may_not_paint_here_posts_nothing_here(world: DiscordWorld) -> None:
    """Allowed channels and blocks apply to posting again, not to reading."""
    await painted(world, "a fox", who=world.ada)
    page = await HistoryPage.open(world, world.ada)
    other = world.guild.create_text_channel("other")
    await world.mia.slash(world.channel, "settings channels allow", channel=other)
    assert "Painting is not allowed in this channel" in reply_text(await page.post_again())
    await world.mia.slash(world.channel, "settings channels all")
    await world.mia.slash(world.channel, "quota block", user=world.ada, reason="spam")
    await world.env.advance_time(3)
    assert "spam" in reply_text(await page.post_again())
    assert len(world.messages()) == 1
    assert (await HistoryPage.open(world, world.ada)).prompts == ["a fox"]


async def test_a_choice_counts_once(world: DiscordWorld) -> None:
    """Whoever presses twice by mistake gets one message."""
    await painted(world, "a fox", who=world.ada)
    page = await HistoryPage.open(world, world.ada)
    job_id = next(iter(page.choices.values()))
    await page.post_again(job_id)
    await page.post_again(job_id)
    assert len(world.messages()) == 2
    await world.env.advance_time(3)
    await page.post_again(job_id)
    assert len(world.messages()) == 3


async def test_a_list_from_before_a_restart_still_works(world: DiscordWorld) -> None:
    """People scroll back."""
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    page = await HistoryPage.open(world, world.ada)
    await world.restart()
    await page.post_again()
    assert len(world.messages()) == 2
    assert len(world.card.attachments) == 1


async def test_where_the_bot_may_not_write_i_alone_see_them(world: DiscordWorld) -> None:
    """The channel became read-only for the bot; what was paid for is still mine to see."""
    await world.imagine(world.ada, n=2)
    await world.wait_for_jobs()
    channel = world.bot.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.set_permissions(channel.guild.me, send_messages=False)
    page = await HistoryPage.open(world, world.ada)
    posted = await page.post_again()
    assert len(world.messages()) == 1
    assert posted.ephemeral
    assert posted.response is not None
    assert len(posted.response.attachments) == 2
    (sentence,) = posted.followups
    assert sentence.flags.ephemeral
    assert "only you see them" in sentence.content


async def test_pictures_that_can_be_shown_nowhere_are_one_sentence(world: DiscordWorld) -> None:
    """Neither the channel nor an answer takes them."""
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    page = await HistoryPage.open(world, world.ada)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    world.env.inject_error("POST", "/webhooks/*", status=413, code=40005)
    refused = await page.post_again()
    assert "could not be posted here" in reply_text(refused)
    assert len(world.messages()) == 1


async def test_a_prompt_declined_for_one_picture_stays_between_us(world: DiscordWorld) -> None:
    """Two of three were painted, but moderation declined these words: only I read them again."""
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    world.gateway.revised_prompt = "something terrible, in oil"
    await world.imagine(world.ada, "something terrible", n=3)
    await world.wait_for_jobs()
    card = world.card
    assert "2 of 3 pictures arrived" in str(card.embeds[0].description)
    assert "The prompt is not shown here" in str(card.embeds[0].description)
    page = await HistoryPage.open(world, world.ada)
    assert page.prompts == ["something terrible"]
    await page.post_again()
    assert "The prompt is not shown here" in str(world.card.embeds[0].description)
    for message in (card, world.card):
        assert "terrible" not in str([embed.to_dict() for embed in message.embeds])
        assert [a.description for a in message.attachments] == ["Picture 1 of 2", "Picture 2 of 2"]
    assert world.credits() == 2


async def test_what_was_cleared_away_is_said(world: DiscordWorld) -> None:
    """A list can be older than the pictures in it."""
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    page = await HistoryPage.open(world, world.ada)
    for path in (world.folder / "vault").rglob("*.png"):
        path.unlink()
    refused = await page.post_again()
    assert "no longer kept" in reply_text(refused)
    page = await HistoryPage.open(world, world.ada)
    assert "🖼️ no longer kept · 1 credit" in page.facts[0]
    assert (page.choices, page.message.attachments) == ({}, [])


async def test_what_was_cleared_away_in_part_is_counted(world: DiscordWorld) -> None:
    """Two of three are better than none, and they can be posted."""
    await world.imagine(world.ada, n=3)
    await world.wait_for_jobs()
    world.write("UPDATE pictures SET sha256 = ? WHERE number = 2", [("0" * 64,)])
    page = await HistoryPage.open(world, world.ada)
    assert "🖼️ 2 of 3 pictures kept" in page.facts[0]
    await page.post_again()
    assert len(world.card.attachments) == 2


async def test_old_pictures_go_after_the_retention(build: WorldBuilder) -> None:
    """The operator promised people that their pictures do not stay for ever."""
    async with build.world(retention_days=1) as world:
        await world.imagine(world.ada)
        await world.wait_for_jobs()
        assert len(list((world.folder / "vault").rglob("*.png"))) == 1
        await world.env.advance_time(20 * 3600)
        await world.bot.services.retention.delete_expired()
        assert world.rows("SELECT COUNT(*) FROM pictures") == [(1,)]
        await world.env.advance_time(5 * 3600)
        await world.bot.services.retention.delete_expired()
        assert world.rows("SELECT COUNT(*) FROM pictures") == [(0,)]
        assert list((world.folder / "vault").rglob("*.png")) == []


async def test_a_full_disk_refuses_new_requests_with_a_sentence(build: WorldBuilder) -> None:
    """What is there is still needed, so nothing can be cleared away."""
    async with build.world(max_disk=1000) as world:
        await world.imagine(world.ada)
        await world.wait_for_jobs()
        assert "no storage space for more pictures" in reply_text(await world.imagine(world.ada))
        await world.env.advance_time(3 * 3600)
        await world.imagine(world.ada)
        await world.wait_for_jobs()
        assert world.credits() == 2
        assert len(list((world.folder / "vault").rglob("*.png"))) == 1
