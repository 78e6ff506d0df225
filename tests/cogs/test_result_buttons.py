"""The two rows under a result: re-roll, original, delete, and who may press them."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest

from bot.core.clock import Clock
from bot.database.transaction import Transaction
from bot.jobs.job_retention import JobRetention
from bot.quota.limits import Period, parse_limits
from tests.cogs.actions import (
    control_id,
    custom_ids,
    delete_after_question,
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    newest_job_id,
    press,
    react,
    submit_form,
)
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_references import PNG, sent
from tests.images.test_content_store import picture_bytes

ACTIONS = ["again", "edit", "use", "original", "details", "delete", "spoiler"]


def sent_last(world: DiscordWorld, method: str) -> dict[str, Any]:
    """Return the JSON of the last request of that kind that shows a result."""
    bodies = [request.json for request in world.env.http_requests if request.method == method]
    return next(body for body in reversed(bodies) if body and body.get("components"))


async def restricted(world: DiscordWorld) -> None:
    """Keep the controls of this server for who asked."""
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, controls="requester")
    )


async def test_two_rows_of_buttons_hang_under_a_result(world: DiscordWorld) -> None:
    """Asserted on the JSON: each id carries the job's, so it works in a year."""
    await finished_card(world)
    rows = sent_last(world, "PATCH")["components"]
    ids = [[button["custom_id"] for button in row["components"]] for row in rows]
    job_id = newest_job_id(world)
    wanted = [f"easel:{action}:{job_id}" for action in ACTIONS]
    alone = f"easel:one:choose:{job_id}:1"
    assert ids == [wanted[:3], [*wanted[3:-1], alone, wanted[-1]]]
    buttons = [button for row in rows for button in row["components"]]
    emojis = [button["emoji"]["name"] for button in buttons]
    assert emojis == ["🔄", "✏️", "🖼️", "⬇️", "ℹ️", "🗑️", "🔍", "🙈"]
    labels = [button.get("label") for button in buttons]
    assert labels == ["Re-roll", "Edit", "Use", "Original", "Details", None, None, None]
    assert {button["style"] for button in buttons} == {2}


async def test_several_pictures_are_one_gallery_over_buttons_and_a_select(
    world: DiscordWorld,
) -> None:
    """Embeds that share one address show as one channel, at most four in each."""
    await finished_card(world, model="easel-painter", n=6)
    body = sent_last(world, "PATCH")
    groups = [embed["url"] for embed in body["embeds"]]
    assert [groups.count(url) for url in dict.fromkeys(groups)] == [4, 2]
    assert [len(row["components"]) for row in body["components"]] == [3, 4, 1]


@pytest.mark.parametrize("count", [1, 2, 5])
async def test_the_references_stand_beside_the_result(world: DiscordWorld, count: int) -> None:
    """A reader sees what it was made from, in one small picture, on the words alone."""
    files: dict[str, Any] = {f"reference{i}": ("x.png", PNG) for i in range(1, count + 1)}
    card = await finished_card(world, model="easel-painter", **files)
    thumbnail = sent_last(world, "PATCH")["embeds"][0]["thumbnail"]["url"]
    assert thumbnail == f"attachment://{card.attachments[-1].filename}"
    assert thumbnail.endswith("-references.webp")
    assert (await card.attachments[-1].read())[8:12] == b"WEBP"
    expected = "1 reference image" if count == 1 else f"{count} reference images"
    assert card.attachments[-1].description == expected


async def test_ten_pictures_leave_no_room_for_the_references(world: DiscordWorld) -> None:
    """Discord takes ten files; the footer still counts the references."""
    card = await finished_card(world, model="easel-painter", n=10, reference1=("x.png", PNG))
    assert len(card.attachments) == 10
    assert card.embeds[0].thumbnail.url is None
    assert "1 reference" in str(card.embeds[0].footer.text)


async def test_a_card_without_pictures_can_be_tried_again_or_edited(world: DiscordWorld) -> None:
    """The filter asks for other words: there is a form for that, with the words in it."""
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    card = await finished_card(world)
    job_id = newest_job_id(world)
    assert custom_ids(card) == [[f"easel:edit:{job_id}", f"easel:again:{job_id}"]]
    shown = await press(world, world.ada, card, "edit")
    await submit_form(world, world.ada, shown, prompt="an owl")
    await press(world, world.ada, card, "again")
    assert [body["prompt"] for body in world.gateway.bodies] == ["a fox", "an owl", "a fox"]
    assert world.credits() == 2


@pytest.mark.parametrize("by", ["button", "reaction"])
async def test_references_that_were_never_kept_are_not_left_out(
    world: DiscordWorld, by: str
) -> None:
    """The file was no picture; without it the request is another one."""
    card = await finished_card(world, model="easel-painter", reference1=("x.png", b"text"))
    if by == "button":
        sentence = ephemeral_text(await press(world, world.ada, card, "again"))
    else:
        await react(world, world.ada, card, "🔄")
        sentence = world.messages()[-1].content
    assert "were not kept" in sentence
    assert world.gateway.bodies == []


# --- re-roll ----------------------------------------------------------------------------------


async def test_a_declined_prompt_is_tried_again_by_its_requester_alone(world: DiscordWorld) -> None:
    """Others do not know it, and are not shown it on a card of theirs."""
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    card = await finished_card(world, "something terrible")
    assert "Only who wrote it" not in str(card.embeds[0].to_dict())
    stranger = await press(world, world.ben, card, "again")
    assert "only the person who wrote it may try it again" in reply_text(stranger)
    assert world.rows("SELECT COUNT(*) FROM jobs") == [(1,)]
    await press(world, world.ada, card, "again")
    assert "something terrible" in str(world.card.embeds[0].description)


async def test_a_re_roll_paints_the_same_for_whoever_presses(world: DiscordWorld) -> None:
    """Ben's press is Ben's picture and Ben's credit; it knows where it came from."""
    card = await finished_card(world, size="1792x1024", quality="hd")
    first = newest_job_id(world)
    await press(world, world.ben, card, "again")
    first_body, second_body = ({**body, "user": ""} for body in world.gateway.bodies)
    assert first_body == second_body
    assert "Ben" in world.title
    assert world.rows("SELECT user_id, credits FROM charges ORDER BY job_id") == [
        (world.ada.id, 1),
        (world.ben.id, 1),
    ]
    assert world.rows("SELECT parent FROM jobs ORDER BY id") == [(None,), (first,)]


async def test_a_re_roll_keeps_the_references_for_as_long_as_they_are_kept(
    build: WorldBuilder,
) -> None:
    """The attachment is gone at Discord; the vault still has it, and says when it has not."""
    async with build.world(retention_days=3) as world:
        card = await finished_card(world, model="easel-painter", reference1=("x.png", PNG))
        await world.env.advance_time(2 * 86_400)
        await world.bot.services.retention.delete_expired()
        await press(world, world.ben, card, "again")
        assert sent(world) == [PNG]
        # The second job needs it for as long again.
        await world.env.advance_time(2 * 86_400)
        await world.bot.services.retention.delete_expired()
        await press(world, world.ben, world.card, "again")
        assert sent(world) == [PNG]
        assert len(world.gateway.bodies) == 3
        for path in (world.folder / "vault").rglob("*.png"):
            path.unlink()
        refused = await press(world, world.ben, card, "again")
        assert "Reference image 1 could not be downloaded" in ephemeral_text(refused)
        assert world.credits() == 3


async def test_a_double_press_counts_once(world: DiscordWorld) -> None:
    """A nervous finger pays once; three seconds later it is meant."""
    card = await finished_card(world)
    await press(world, world.ben, card, "again")
    nothing = await press(world, world.ben, card, "again")
    assert nothing.deferred
    assert ephemeral_messages(nothing) == []
    assert len(world.gateway.bodies) == 2
    await press(world, world.mia, card, "again")
    assert len(world.gateway.bodies) == 3
    await world.env.advance_time(3)
    await press(world, world.ben, card, "again")
    assert len(world.gateway.bodies) == 4


async def test_without_quota_only_who_pressed_is_told(build: WorldBuilder) -> None:
    """The channel does not see that Ada has spent her credits."""
    async with build.world(default_quota=parse_limits("1/day")) as world:
        card = await finished_card(world)
        refused = await press(world, world.ada, card, "again")
        assert "used up" in ephemeral_text(refused)
        assert len(world.gateway.bodies) == 1
        await press(world, world.ben, card, "again")
        assert len(world.gateway.bodies) == 2


async def test_a_channel_that_is_not_allowed_paints_nothing(world: DiscordWorld) -> None:
    """The access rules apply to every button; results can still be looked at and deleted."""
    card = await finished_card(world)
    art = world.guild.create_text_channel("art")
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, channels=(art.id,))
    )
    for action in ("again", "edit", "use"):
        assert f"<#{art.id}>" in ephemeral_text(await press(world, world.ada, card, action))
    assert ephemeral_messages(await press(world, world.ada, card, "details"))
    assert ephemeral_messages(await press(world, world.ada, card, "original"))
    await press(world, world.ada, card, "delete")
    assert world.messages() == []


# --- original ---------------------------------------------------------------------------------


async def test_the_originals_come_to_whoever_asks_alone(world: DiscordWorld) -> None:
    """Byte for byte what the gateway sent, in the order of the card."""
    card = await finished_card(world, model="easel-painter", n=2)
    answer = await press(world, world.ben, card, "original")
    (message,) = ephemeral_messages(answer)
    assert [a.filename for a in message.attachments] == [a.filename for a in card.attachments]
    kept = world.rows("SELECT bytes FROM pictures ORDER BY number")
    assert [(a.size,) for a in message.attachments] == kept
    assert len(world.messages()) == 1


async def test_an_original_that_is_too_large_is_told_with_its_size(world: DiscordWorld) -> None:
    """One sentence for those that do not fit; the others come."""
    card = await finished_card(world)
    (path,) = (world.folder / "vault").rglob("*.png")
    large = 26 * 1024 * 1024
    path.write_bytes(bytes(large))
    with_size = f"UPDATE pictures SET bytes = {large}"
    await world.bot.services.database.write(Transaction.write, with_size)
    answer = await press(world, world.ben, card, "original")
    assert "Picture 1 has 26.0 MB, more than the 24 MB" in ephemeral_text(answer)
    assert ephemeral_messages(answer)[0].attachments == []


async def test_originals_that_were_cleared_away_are_said_to_be(world: DiscordWorld) -> None:
    """A result can outlive its files."""
    card = await finished_card(world)
    for path in (world.folder / "vault").rglob("*.png"):
        path.unlink()
    assert "no longer kept" in ephemeral_text(await press(world, world.ben, card, "original"))
    assert "no longer kept" in ephemeral_text(await press(world, world.ben, card, "use"))


# --- who may press ----------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["again", "edit", "use", "original", "details"])
async def test_a_server_can_keep_the_controls_for_who_asked(
    world: DiscordWorld, action: str
) -> None:
    """Strangers and moderators hear why; the requester presses on."""
    card = await finished_card(world)
    await restricted(world)
    for who in (world.ben, world.mia):
        refused = await press(world, who, card, action)
        assert "who asked" in ephemeral_text(refused)
        assert refused.modal is None
    answer = await press(world, world.ada, card, action)
    assert not any("who asked" in str(each.content) for each in ephemeral_messages(answer))


async def test_a_moderator_deletes_also_where_controls_are_kept(world: DiscordWorld) -> None:
    """Taking something down is their office."""
    card = await finished_card(world)
    await restricted(world)
    await delete_after_question(world, world.mia, card)
    assert world.messages() == []


@pytest.mark.parametrize("action", ACTIONS)
async def test_every_control_works_after_a_restart(world: DiscordWorld, action: str) -> None:
    """The new process knows neither the message nor its view, only the id on the button."""
    card = await finished_card(world)
    await world.restart()
    answer = await press(world, world.ada, card, action)
    assert answer.acknowledged
    assert not [each for each in ephemeral_messages(answer) if "went wrong" in str(each.content)]
    effect = {
        "again": len(world.gateway.bodies) == 2,
        "edit": answer.modal is not None,
        "use": answer.modal is not None,
        "original": bool(ephemeral_messages(answer)),
        "details": bool(ephemeral_messages(answer)),
        "delete": world.messages() == [],
        "spoiler": any(file.is_spoiler() for each in world.messages() for file in each.attachments),
    }
    assert effect[action]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "job_id", ["01234567-89ab-7cde-8f01-23456789abcd", "x", "1; DROP TABLE jobs", "🦊" * 9]
)
async def test_an_unknown_id_is_answered(world: DiscordWorld, action: str, job_id: str) -> None:
    """A database that was lost, or an id of nobody: a sentence instead of "failed"."""
    channel = world.bot.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    button: discord.ui.Button[discord.ui.View]
    button = discord.ui.Button(label="old", custom_id=f"easel:{action}:{job_id}")
    await channel.send("old", view=discord.ui.View(timeout=None).add_item(button))
    answer = await world.ben.click(world.card, custom_id=f"easel:{action}:{job_id}")
    assert "can no longer be found" in reply_text(answer)
    assert world.gateway.bodies == []


async def test_a_server_that_was_taken_off_the_list_is_told(world: DiscordWorld) -> None:
    """The access rules apply to old buttons as well."""
    card = await finished_card(world)
    await world.restart(allowed_servers=(1,))
    for action in ACTIONS:
        assert "not on the operator's list" in ephemeral_text(
            await press(world, world.ada, card, action)
        )


async def test_a_result_that_is_gone_cannot_be_pressed(world: DiscordWorld) -> None:
    """Discord refuses the click itself."""
    card = await finished_card(world)
    await world.mia.delete(card)
    with pytest.raises(Exception, match="10008"):
        await world.ada.click(card, custom_id=control_id(card, "again"))


async def test_a_re_roll_goes_on_when_its_result_is_deleted_meanwhile(build: WorldBuilder) -> None:
    """The new card stands alone."""
    async with build.world(declared=True) as world:
        card = await finished_card(world)
        world.gateway.gate.clear()
        await world.ben.click(card, custom_id=control_id(card, "again"))
        await world.mia.delete(card)
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert "Ben" in world.title
        assert len(world.card.attachments) == 1


async def test_thumbnails_of_broken_files_are_left_out(world: DiscordWorld) -> None:
    """A result without its small picture is still a result."""
    await finished_card(world, model="easel-painter", reference1=("x.jpg", picture_bytes("jpeg")))
    (reference,) = (world.folder / "vault").rglob("*.jpeg")
    reference.write_bytes(b"\xff" * reference.stat().st_size)
    await press(world, world.ada, world.card, "again")
    assert world.card.embeds[0].thumbnail.url is None


async def test_the_controls_of_a_job_of_long_ago_answer_with_a_sentence(
    world: DiscordWorld,
) -> None:
    """KEEP_JOBS_DAYS deleted the job; its message with all its buttons is still in the channel."""
    card = await finished_card(world)
    old = JobRetention(
        world.bot.services.database,
        world.bot.services.ledger,
        keep=timedelta(days=90),
        clock=Clock(
            now=lambda: world.now() + 91 * Period.DAY.ms, sleep=lambda _seconds: asyncio.sleep(0)
        ),
    )
    await old.delete_old()
    assert world.rows("SELECT id FROM jobs") == []
    for action in ACTIONS:
        answer = await press(world, world.ada, card, action)
        assert "can no longer be found" in ephemeral_text(answer), action
    await world.ben.react(card, "🔄")
    await world.wait_for_jobs()
    assert len(world.gateway.bodies) == 1
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert len(world.gateway.bodies) == 2
