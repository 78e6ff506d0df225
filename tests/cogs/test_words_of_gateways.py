"""/describe and /shorten by a gateway's own calls, without a chat model: prompts with buttons."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import simcord
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from bot.discord_ui.command_permissions import OVERRIDES_STAY_MS
from bot.moderation.rules import parse_rules
from bot.settings.value_types import parse_budget
from tests.cogs.actions import ephemeral_messages, ephemeral_text, finished_card
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.test_describe import buttons, describe, paint, shown
from tests.cogs.test_mydata import exported
from tests.cogs.test_reroll_reaction import imagine_command
from tests.gateways.fake_midjourney import BANNED, BANNED_LATE, FULL
from tests.gateways.fake_midjourney_words import (
    DESCRIBED,
    SHORTENED,
    FakeWords,
    Fault,
    answered,
    cut,
)
from tests.jobs.test_actions import actions

LONG = "a red fox in very beautiful deep snow, in the evening"
PRICED = ('gives = "text"', 'gives = "text"\nprice = 0.05\ncredits = 2')


@asynccontextmanager
async def proxy() -> AsyncIterator[FakeWords]:
    """Open the fake."""
    fake = FakeWords()
    async with TestServer(fake.app()) as server:
        fake.url = str(server.make_url("")).rstrip("/")
        yield fake


@asynccontextmanager
async def opened(
    build: WorldBuilder, changed: tuple[str, str] = ("", ""), **changes: object
) -> AsyncIterator[tuple[DiscordWorld, FakeWords]]:
    """Open a simulated Discord whose only gateway is the fake."""
    async with proxy() as fake:
        settings = actions(build.folder.parent, fake.url, changed) | changes
        async with build.world(declared=False, **settings) as world:
            yield world, fake


async def shorten(
    world: DiscordWorld, who: simcord.MemberActor, prompt: str = LONG
) -> simcord.InteractionResult:
    """Call /shorten."""
    return await who.slash(world.channel, "shorten", prompt=prompt)


def command_names(world: DiscordWorld) -> set[str]:
    """Return the names of what people can call."""
    return {command.name for command in world.bot.client.tree.get_commands()}


# --- /describe ------------------------------------------------------------------------------------


async def test_a_gateway_describes_a_picture_where_there_is_no_chat_model(
    build: WorldBuilder,
) -> None:
    """Four prompts without numbers and links, which paint as a plain request."""
    async with opened(build) as (world, fake):
        answer = await describe(world, world.ada)
        embed = shown(answer)
        assert all(prompt in str(embed.description) for prompt in DESCRIBED)
        assert len(buttons(answer)) == 4
        assert [body["base64"].startswith("data:image/jpeg") for body in fake.sent("describe")] == [  # type: ignore[attr-defined]  # a text
            True
        ]
        assert world.messages() == []
        await paint(world, world.ada, answer, 3)
        assert [body["prompt"] for body in fake.sent("imagine")] == [DESCRIBED[2]]
        assert len(world.card.attachments) == 4
        assert world.rows("SELECT kind, state, gateway, model, task_id FROM text_requests") == [
            ("describe", "answered", "midjourney", "describe", "1000")
        ]


async def test_suggestions_of_a_gateway_work_after_a_restart(build: WorldBuilder) -> None:
    """Also where the operator has taken the calls away; then the commands are gone."""
    async with opened(build) as (world, fake):
        described, shortened = await describe(world, world.ada), await shorten(world, world.ada)
        assert {"describe", "Describe", "shorten"} <= command_names(world)
        table = (build.folder.parent / "gateways.toml").read_text("utf-8")
        begin, end = table.index("[gateways.midjourney.calls.describe]"), table.index("# Its butt")
        (build.folder.parent / "gateways.toml").write_text(table[:begin] + table[end:])
        await world.restart()
        assert not {"describe", "Describe", "shorten"} & command_names(world)
        await paint(world, world.ada, described, 1)
        await paint(world, world.ada, shortened, 5)
        assert [body["prompt"] for body in fake.sent("imagine")] == [DESCRIBED[0], SHORTENED[4]]
        assert (len(fake.sent("describe")), len(fake.sent("shorten"))) == (1, 1)


async def test_forms_offer_a_better_prompt_only_with_a_chat_model(build: WorldBuilder) -> None:
    """A gateway's description of a picture improves no words; /help does not say so either."""
    async with opened(build) as (world, _):
        assert world.bot.services.text_requests is not None
        assert world.bot.services.text_requests.credits("improve") is None
        answer = await world.ada.slash(world.channel, "help", topic="references")
        (embed,) = ephemeral_messages(answer)[0].embeds
        assert "/describe" in str(embed.description)
        assert "/shorten" in str(embed.description)
        assert "improve my prompt" not in str(embed.description)


# --- /shorten -------------------------------------------------------------------------------------


async def test_a_prompt_is_shortened_privately_in_five_steps(build: WorldBuilder) -> None:
    """Plain text: without stars, and without the words that are struck out."""
    async with opened(build) as (world, fake):
        answer = await shorten(world, world.ada)
        embed = shown(answer)
        for number, prompt in enumerate(SHORTENED, 1):
            assert f"**{number}** · {prompt}" in str(embed.description)
        assert "very" not in str(embed.description)
        assert "tokens" not in str(embed.description)
        assert [each["label"] for each in buttons(answer)] == [
            f"Paint {number} · 1 credit" for number in range(1, 6)
        ]
        assert fake.sent("shorten") == [{"prompt": LONG, "botType": "MID_JOURNEY"}]
        assert (world.messages(), world.credits()) == ([], 0)
        await paint(world, world.ada, answer, 1)
        assert [body["prompt"] for body in fake.sent("imagine")] == [SHORTENED[0]]


async def test_there_is_no_shorten_without_the_call(build: WorldBuilder) -> None:
    """A chat model alone brings no such command."""
    async with build.world() as world:
        assert not {"shorten", "describe"} & command_names(world)


async def test_a_stranger_presses_no_button_of_somebody_else(build: WorldBuilder) -> None:
    """A forged press reaches nobody's words."""
    async with opened(build) as (world, fake):
        answer = await shorten(world, world.ada)
        world.write(f"UPDATE text_requests SET user_id = {world.ben.id}", [()])
        pressed = await paint(world, world.ada, answer)
        assert "Only the person who asked" in ephemeral_text(pressed)
        assert fake.sent("imagine") == []


async def test_forbidden_words_are_not_sent_nor_shown(build: WorldBuilder) -> None:
    """What was typed is checked before anything is held, what comes before it is shown."""
    async with opened(build) as (world, fake):
        world.bot.services.moderation.rules = parse_rules("hedgehog\ndeep", file="words.txt")
        assert "forbidden by the operator" in ephemeral_text(
            await shorten(world, world.ada, "a hedgehog")
        )
        assert fake.sent("shorten") == []
        assert world.rows("SELECT * FROM text_requests") == []
        answer = await shorten(world, world.ada, "a fox")
        assert len(buttons(answer)) == 4
        assert "deep" not in str(shown(answer).description)


async def test_whoever_may_not_paint_shortens_nothing(build: WorldBuilder) -> None:
    """Blocked, in another channel, or without /imagine in Integrations."""
    async with opened(build) as (world, fake):
        await world.mia.slash(world.channel, "quota block", user=world.ben, reason="spam")
        assert "spam" in ephemeral_text(await shorten(world, world.ben))
        world.guild.set_command_permissions(await imagine_command(world), {world.channel: False})
        world.skipped_ms += OVERRIDES_STAY_MS
        assert "ask an admin" in ephemeral_text(await shorten(world, world.ada))
        assert fake.sent("shorten") == []


async def test_one_person_asks_so_often_a_minute(build: WorldBuilder) -> None:
    """Both commands together."""
    async with opened(build) as (world, fake):
        for _ in range(2):
            await shorten(world, world.ada)
        await describe(world, world.ada)
        assert "at most 3 requests a minute" in ephemeral_text(await shorten(world, world.ada))
        assert len(fake.orders) == 3


# --- what it costs --------------------------------------------------------------------------------


async def test_the_calls_price_and_credits_count(build: WorldBuilder) -> None:
    """They stand in its table; the budget refuses the third before anything is sent."""
    budget = {"operator_budget": parse_budget("0.12/day")}
    priced = ("prompt_max = 4000", "prompt_max = 4000\nprice = 0.01")
    async with proxy() as fake:
        settings = actions(build.folder.parent, fake.url, PRICED) | budget
        file = build.folder.parent / "gateways.toml"
        file.write_text(file.read_text("utf-8").replace(*priced))
        async with build.world(declared=False, **settings) as world:
            assert "2 credits" in str(shown(await describe(world, world.ada)).description)
            assert "2 credits" in str(shown(await shorten(world, world.ada)).description)
            assert (world.credits(), world.total("budget")) == (4, 100_000)
            assert "budget" in ephemeral_text(await shorten(world, world.ben))
            assert len(fake.orders) == 2


@pytest.mark.parametrize(
    ("fault", "is_poll", "sentence", "state"),
    [
        (answered(BANNED.body), False, "declined this", "declined"),
        (answered(BANNED_LATE.body), True, "declined this", "declined"),
        (answered(FULL.body), False, "does not answer right now", "refused"),
        (answered({"error": "no"}, 401), False, "tell the operator", "refused"),
        (answered({"error": {"message": "x"}}, 500), False, "The connection to", "unknown"),
        (answered("<html>", 200), False, "sent no prompt", "unusable"),
        (answered("<html>", 502), False, "The connection to", "unknown"),
        (cut(), False, "The connection to", "unknown"),
        (cut(half=True), False, "The connection to", "unknown"),
        (answered({"status": "SUCCESS"}), True, "sent no prompt", "unusable"),
        (
            answered({"status": "SUCCESS", "properties": {"finalPrompt": "## Tokens\n~~x~~"}}),
            True,
            "sent no prompt",
            "unusable",
        ),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
async def test_every_failure_is_one_sentence_and_free(
    build: WorldBuilder, fault: Fault, sentence: str, state: str, *, is_poll: bool
) -> None:
    """With what to do next; nothing stays held, and nothing is sent twice."""
    async with opened(build, PRICED) as (world, fake):
        (fake.poll_faults if is_poll else fake.faults).append(fault)
        assert sentence in ephemeral_text(await shorten(world, world.ada))
        assert len(fake.sent("shorten")) == 1
        assert world.rows("SELECT state FROM text_requests") == [(state,)]
        assert world.rows("SELECT state FROM charges") == [("settled",)]
        assert world.credits() == 0


async def test_a_task_that_never_ends_is_told_as_in_doubt(build: WorldBuilder) -> None:
    """Before the token of the command is too old to answer."""
    async with opened(build) as (world, fake):
        fake.gate.clear()
        answer = await shorten(world, world.ada)
        await world.env.advance_time(400)
        assert "The connection to" in ephemeral_text(answer)
        assert world.rows("SELECT state, task_id FROM text_requests") == [("unknown", "1000")]
        assert len(fake.sent("shorten")) == 1


@pytest.mark.parametrize(
    "text", ["a fox\r\nan owl\r\n", "1. a fox\n2. an owl", "- a fox\n- an owl"]
)
async def test_other_lists_are_read_as_well(build: WorldBuilder, text: str) -> None:
    """Some proxies leave the numbers out, or write other ones."""
    async with opened(build) as (world, fake):
        fake.words["describe"] = text
        answer = await describe(world, world.ada)
        assert [row for row in str(shown(answer).description).split("\n\n") if "·" in row][:2] == [
            "**1** · a fox",
            "**2** · an owl",
        ]


async def test_the_longest_prompts_fit_into_one_answer(build: WorldBuilder) -> None:
    """Five of them, and every letter is escaped."""
    async with opened(build) as (world, fake):
        fake.words["shorten"] = "\n".join(
            f"{number}\ufe0f\u20e3 x{number}{'a_*' * 400}" for number in range(1, 6)
        )
        answer = await shorten(world, world.ada)
        assert len(str(shown(answer).description)) <= 4_096
        assert len(buttons(answer)) == 5


# --- what is kept ---------------------------------------------------------------------------------


async def test_shorter_prompts_are_in_the_export(build: WorldBuilder) -> None:
    """As everything that was suggested to somebody."""
    async with opened(build) as (world, _):
        await shorten(world, world.ada)
        _, _, files = await exported(world, world.ada)
        (entry,) = json.loads(files["texts.json"])
        assert (entry["kind"], entry["suggestions"]) == ("shorten", list(SHORTENED))


async def test_no_log_says_what_was_typed_or_suggested(build: WorldBuilder) -> None:
    """The log is no place for anybody's words."""
    async with opened(build) as (world, _):
        with capture_logs() as logs:
            await paint(world, world.ada, await shorten(world, world.ada))
        assert LONG not in str(logs)
        assert not any(f"'{prompt}'" in str(logs) for prompt in SHORTENED)


async def test_any_message_can_be_described_by_a_gateway(build: WorldBuilder) -> None:
    """The context menu is there, too."""
    async with opened(build) as (world, fake):
        card = await finished_card(world)
        answer = await world.ben.context_menu(world.channel, "Describe", card)
        assert DESCRIBED[0] in str(shown(answer).description)
        assert len(fake.sent("describe")) == 1
