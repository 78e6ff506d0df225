"""/describe: four prompts for any picture, each a button that paints it, also after a restart."""

import json
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
import simcord
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.app import Bot
from bot.discord_ui.command_permissions import OVERRIDES_STAY_MS
from bot.moderation.rules import parse_rules
from bot.quota.limits import parse_limits
from bot.settings.settings import GatewayKey
from bot.settings.value_types import parse_budget
from tests.cogs.actions import ephemeral_messages, ephemeral_text, finished_card
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.scripted_gateway import KEY
from tests.cogs.test_mydata import asked as deletion_asked
from tests.cogs.test_mydata import confirmed, exported
from tests.cogs.test_reroll_reaction import imagine_command
from tests.gateways import fake_text_chat
from tests.gateways.fake_text_chat import FOUR, MODEL, Cut, Failed, FakeTextChat, Said, text_chat
from tests.images.test_content_store import picture_bytes

GATEWAYS = """
[gateways.painting]
base_url = "{painting}"
models = ["gpt-image-2"]
abilities = {{ "gpt-image-2" = {{ price = 0.1 }} }}

[gateways.talking]
base_url = "{talking}"
models = ["dall-e-3"]
abilities = {{ "dall-e-3" = {{ price = 0.1 }} }}
"""
PNG = picture_bytes("png", size=(60, 40))


@pytest.fixture
async def chat() -> AsyncIterator[FakeTextChat]:
    async with text_chat() as chat:
        yield chat


def talking(build: WorldBuilder, chat: FakeTextChat, **changes: object) -> dict[str, object]:
    """Return settings with a second gateway that has the chat model."""
    file = build.folder.parent / "gateways.toml"
    file.write_text(GATEWAYS.format(painting=build.gateway.url, talking=chat.url))
    keys = {"painting": KEY, "talking": fake_text_chat.KEY}
    return {
        "gateways_file": file,
        "image_api_url": "",
        "gateways": {name: GatewayKey(api_key=SecretStr(key)) for name, key in keys.items()},
        "text_model": MODEL,
        "text_gateway": "talking",
    } | changes


@pytest.fixture
async def world(build: WorldBuilder, chat: FakeTextChat) -> AsyncIterator[DiscordWorld]:
    async with build.world(declared=False, **talking(build, chat)) as world:
        yield world


async def describe(
    world: DiscordWorld, who: simcord.MemberActor, data: bytes = PNG
) -> simcord.InteractionResult:
    """Call /describe with a picture."""
    return await who.slash(world.channel, "describe", picture=("x.png", data))


def shown(answer: simcord.InteractionResult) -> discord.Embed:
    """Return the suggestions, which only one person sees."""
    (message,) = ephemeral_messages(answer)
    (embed,) = message.embeds
    return embed


def buttons(answer: simcord.InteractionResult) -> list[dict[str, Any]]:
    """Return the buttons under the suggestions."""
    (message,) = ephemeral_messages(answer)[:1]
    return [each for row in message.components for each in row["components"]]


async def paint(
    world: DiscordWorld,
    who: simcord.MemberActor,
    answer: simcord.InteractionResult,
    number: int = 2,
) -> simcord.InteractionResult:
    """Press a button under the suggestions, and wait for what it starts."""
    (message,) = ephemeral_messages(answer)[:1]
    pressed = await who.click(message, custom_id=buttons(answer)[number - 1]["custom_id"])
    await world.wait_for_jobs()
    return pressed


def prompts(world: DiscordWorld) -> list[object]:
    """Return what was painted."""
    return [body["prompt"] for body in world.gateway.bodies]


# --- describing -------------------------------------------------------------------------------


async def test_a_picture_is_described_privately_in_four_prompts(
    world: DiscordWorld, chat: FakeTextChat
) -> None:
    """Each with a button that says what painting it costs."""
    answer = await describe(world, world.ada)
    embed = shown(answer)
    assert all(prompt in str(embed.description) for prompt in FOUR)
    assert "free" in str(embed.description)
    assert [each["label"] for each in buttons(answer)] == [
        f"Paint {number} · 1 credit" for number in range(1, 5)
    ]
    assert all(len(each["custom_id"]) <= 100 for each in buttons(answer))
    assert [each.size for each in chat.pictures] == [(60, 40)]
    assert "en-US" in chat.bodies[0]["messages"][0]["content"]
    assert world.messages() == []
    assert world.credits() == 0


async def test_any_message_with_a_picture_can_be_described(
    world: DiscordWorld, chat: FakeTextChat
) -> None:
    """A result of the bot, by the menu of its message; one without a picture is refused."""
    card = await finished_card(world)
    answer = await world.ben.context_menu(world.channel, "Describe", card)
    assert FOUR[0] in str(shown(answer).description)
    assert [each.size for each in chat.pictures] == [(64, 64)]
    words = await world.ada.send(world.channel, "hello")
    answer = await world.ben.context_menu(world.channel, "Describe", words)
    assert "no picture" in ephemeral_text(answer)


async def test_credits_are_charged_where_the_operator_wants_it(
    build: WorldBuilder, chat: FakeTextChat
) -> None:
    """The answer says so; a failure costs nothing."""
    async with build.world(declared=False, **talking(build, chat, text_credits=2)) as world:
        assert "2 credits" in str(shown(await describe(world, world.ada)).description)
        assert world.credits() == 2
        chat.replies.append(Failed(503))
        assert "not charged" in ephemeral_text(await describe(world, world.ada))
        assert world.credits() == 2


async def test_help_names_the_command_only_where_it_is_there(
    build: WorldBuilder, chat: FakeTextChat
) -> None:
    """Nobody is sent to a command that does not exist."""
    for given, is_named in (({}, False), (talking(build, chat), True)):
        async with build.world(declared=False, **given) as world:
            answer = await world.ada.slash(world.channel, "help", topic="references")
            (embed,) = ephemeral_messages(answer)[0].embeds
            assert ("/describe" in str(embed.description)) is is_named


async def test_without_a_chat_model_there_is_no_command(build: WorldBuilder) -> None:
    """What does not work is not shown."""

    def names(bot: Bot) -> set[str]:
        return {command.name for command in bot.client.tree.get_commands()}

    async with build.world() as world:
        assert not {"describe", "Describe"} & names(world.bot)


# --- painting a suggestion --------------------------------------------------------------------


async def test_a_suggestion_is_painted_as_if_it_had_been_typed(world: DiscordWorld) -> None:
    """With its own hold, job and card; a double click is one request."""
    answer = await describe(world, world.ada)
    await paint(world, world.ada, answer)
    await paint(world, world.ada, answer)
    assert prompts(world) == [FOUR[1]]
    assert len(world.card.attachments) == 1
    assert world.credits() == 1
    await paint(world, world.ada, answer, 3)
    assert prompts(world) == [FOUR[1], FOUR[2]]


async def test_suggestions_work_after_a_restart_also_without_a_chat_model(
    world: DiscordWorld, chat: FakeTextChat
) -> None:
    """The operator may change their mind; what was paid for stays of use."""
    answer = await describe(world, world.ada)
    await world.restart()
    await paint(world, world.ada, answer)
    await world.restart(text_model="")
    await paint(world, world.ada, answer, 4)
    assert prompts(world) == [FOUR[1], FOUR[3]]
    assert len(chat.bodies) == 1


async def test_a_stranger_paints_nothing_of_somebody_else(world: DiscordWorld) -> None:
    """Discord shows it to one person; a forged press reaches nobody's words."""
    answer = await describe(world, world.ada)
    world.write(f"UPDATE text_requests SET user_id = {world.ben.id}", [()])
    pressed = await paint(world, world.ada, answer)
    assert "Only the person who asked" in ephemeral_text(pressed)
    assert prompts(world) == []


async def test_a_cost_that_changed_is_asked_about_first(world: DiscordWorld) -> None:
    """An admin may have raised it since; then the buttons say so."""
    answer = await describe(world, world.ada)
    await world.mia.slash(world.channel, "quota cost", model="gpt-image-2", credits=3)
    pressed = await paint(world, world.ada, answer)
    assert "costs 3 credits now" in str(ephemeral_messages(pressed)[-1].content)
    assert prompts(world) == []


async def test_deleted_data_takes_the_suggestions_along(world: DiscordWorld) -> None:
    """They are in the export before, and nowhere afterwards."""
    answer = await describe(world, world.ada)
    _, lists, files = await exported(world, world.ada)
    (entry,) = json.loads(files["texts.json"])
    assert entry["suggestions"] == list(FOUR)
    assert [charge["job_id"] for charge in lists["charges.json"]] == [entry["id"]]
    await confirmed(world, world.ada, await deletion_asked(world, world.ada))
    assert world.rows("SELECT * FROM text_requests") == []
    assert "no longer kept" in ephemeral_text(await paint(world, world.ada, answer))


async def test_who_may_not_use_imagine_does_nothing_of_this_either(
    world: DiscordWorld, chat: FakeTextChat
) -> None:
    """Admins closed it in Integrations: neither the command nor a button is a way around that."""
    answer = await describe(world, world.ada)
    world.guild.set_command_permissions(await imagine_command(world), {world.channel: False})
    world.skipped_ms += OVERRIDES_STAY_MS
    assert "ask an admin" in ephemeral_text(await describe(world, world.ada))
    assert "ask an admin" in ephemeral_text(await paint(world, world.ada, answer))
    assert (len(chat.bodies), prompts(world)) == (1, [])


# --- refusals ---------------------------------------------------------------------------------


async def test_a_spent_budget_refuses_before_anything_is_sent(
    build: WorldBuilder, chat: FakeTextChat
) -> None:
    """The operator's money is the last word."""
    changes = {"operator_budget": parse_budget("0.003/day"), "text_price": 2_000}
    async with build.world(declared=False, **talking(build, chat, **changes)) as world:
        await describe(world, world.ada)
        assert "budget" in ephemeral_text(await describe(world, world.ben))
        assert (len(chat.bodies), world.total("budget")) == (1, 2_000)


async def test_one_person_asks_so_often_a_minute(world: DiscordWorld, chat: FakeTextChat) -> None:
    """The fourth waits; others do not."""
    for _ in range(3):
        await describe(world, world.ada)
    assert "at most 3 requests a minute" in ephemeral_text(await describe(world, world.ada))
    await describe(world, world.ben)
    await world.env.advance_time(61)
    await describe(world, world.ada)
    assert len(chat.bodies) == 5


async def test_whoever_may_not_paint_describes_nothing(
    world: DiscordWorld, chat: FakeTextChat
) -> None:
    """Blocked, or not in this channel."""
    answer = await describe(world, world.ben)
    await world.mia.slash(world.channel, "quota block", user=world.ben, reason="spam")
    assert "spam" in ephemeral_text(await describe(world, world.ben))
    assert "spam" in ephemeral_text(await paint(world, world.ben, answer))
    elsewhere = world.guild.create_text_channel("elsewhere")
    await world.mia.slash(world.channel, "settings channels allow", channel=elsewhere)
    assert f"<#{elsewhere.id}>" in ephemeral_text(await describe(world, world.ada))
    assert len(chat.bodies) == 1
    assert prompts(world) == []


async def test_forbidden_words_count_in_both_directions(
    world: DiscordWorld, chat: FakeTextChat
) -> None:
    """A suggestion with one is not shown, and one that was shown before is not painted."""
    before = await describe(world, world.ada)
    world.bot.services.moderation.rules = parse_rules("pixel art", file="words.txt")
    answer = await describe(world, world.ada)
    assert "pixel" not in str(shown(answer).description)
    assert len(buttons(answer)) == 3
    pressed = await paint(world, world.ada, before, 3)
    assert "forbidden by the operator" in ephemeral_text(pressed)
    await world.mia.slash(world.channel, "settings words add", words="fox")
    assert "declined" in ephemeral_text(await describe(world, world.ada))
    assert prompts(world) == []


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (Failed(500), "The connection to the text service broke"),
        (Failed(429), "does not answer right now"),
        (Failed(401), "tell the operator"),
        (Cut(), "The connection to the text service broke"),
        (Cut(half=True), "The connection to the text service broke"),
        (Said(finish_reason="content_filter"), "declined this"),
        (Said(text=""), "sent no prompt"),
    ],
    ids=str,
)
async def test_every_failure_is_one_sentence_and_free(
    build: WorldBuilder, chat: FakeTextChat, reply: fake_text_chat.ChatReply, sentence: str
) -> None:
    """With what to do next, and nothing stays held."""
    async with build.world(declared=False, **talking(build, chat, text_credits=1)) as world:
        chat.replies.append(reply)
        assert sentence in ephemeral_text(await describe(world, world.ada))
        assert world.credits() == 0
        assert world.rows("SELECT state FROM charges") == [("settled",)]


async def test_a_file_that_is_no_picture_is_refused(
    world: DiscordWorld, chat: FakeTextChat
) -> None:
    """It is not sent."""
    assert "not a readable" in ephemeral_text(await describe(world, world.ada, b"text"))
    assert chat.bodies == []


async def test_credits_that_are_used_up_are_told(build: WorldBuilder, chat: FakeTextChat) -> None:
    """As for pictures."""
    changes = {"text_credits": 1, "default_quota": parse_limits("1/day")}
    async with build.world(declared=False, **talking(build, chat, **changes)) as world:
        answer = await describe(world, world.ada)
        assert "used up" in ephemeral_text(await describe(world, world.ada))
        assert "used up" in ephemeral_text(await paint(world, world.ada, answer))
        assert world.credits() == 1


async def test_no_log_says_what_was_suggested(world: DiscordWorld) -> None:
    """The log is no place for anybody's words."""
    with capture_logs() as logs:
        await paint(world, world.ada, await describe(world, world.ada))
    assert not any(prompt in str(logs) for prompt in FOUR)
