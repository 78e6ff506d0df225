"""/help: what a person can do where they ask."""

import re
from collections.abc import Sequence

import discord
import pytest
import simcord
from discord import Locale

from bot.core.i18n.texts import Texts
from bot.core.models import Size
from bot.discord_ui.help_embeds import (
    TOPICS,
    HelpEmbeds,
    HelpLinks,
    ModelCost,
    PersonalHelp,
    UnknownHelpTopic,
)
from bot.discord_ui.quota_embeds import MemberStatus, UsageRow
from bot.quota.limits import parse_limits
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed, reply_text
from tests.cogs.test_languages import clients_speak
from tests.cogs.test_settings import HOSTILE
from tests.core.i18n.fluent_files import FOLDER

NO_COMMANDS = {
    "model",
    "credits",
    "count",
    "level",
    "left",
    "topics",
    "topic",
    "allowed",
    "server",
    "one",
    "other",
}
NO_COMMANDS |= {"server", "one", "other"}
MENTION = re.compile(r"</([a-z ]+):\d+>")


def embeds(answer: simcord.InteractionResult) -> Sequence[discord.Embed]:
    """Return what only the person who asked sees."""
    assert answer.response is not None
    assert answer.ephemeral
    return answer.response.embeds


def field(embed: discord.Embed, name: str) -> str:
    """Return the value of a field."""
    (value,) = (str(each.value) for each in embed.fields if each.name == name)
    return value


async def test_a_person_learns_what_they_can_do(world: DiscordWorld) -> None:
    """Commands to click, the models with their cost, and their own limits."""
    await world.mia.slash(world.channel, "quota cost", model="gpt-image-2", credits=3)
    await world.imagine(world.ada, n=2)
    await world.wait_for_jobs()
    overview = reply_embed(await world.ada.slash(world.channel, "help"))
    assert "imagine" in MENTION.findall(str(overview.description))
    assert "preset save" in MENTION.findall(str(overview.description))
    assert field(overview, "Models, and what a picture costs") == (
        "DALL·E 3 · 1 credit\nGPT Image 2 · 3 credits\nEasel's painter · 1 credit"
    )
    limits = field(overview, "Your limits")
    assert limits.startswith("The default limit, per day · **18 of 20** left · 2 used")
    assert "painting, options, references" in field(overview, "More about")
    assert [each.name for each in overview.fields if each.name == "Links"] == []


async def test_the_ids_are_those_that_discord_gave(world: DiscordWorld) -> None:
    """A mention with another id is dead text, also after a start that sent no commands."""
    ids = {each.name: each.id for each in await world.bot.client.tree.fetch_commands()}
    for _ in range(2):
        overview = reply_embed(await world.ada.slash(world.channel, "help"))
        assert f"</imagine:{ids['imagine']}>" in str(overview.description)
        assert f"</preset list:{ids['preset']}>" in str(overview.description)
        await world.restart()


async def test_commands_are_plain_text_while_their_ids_are_unknown(world: DiscordWorld) -> None:
    """Discord may not answer at a start, and /help must still work."""
    world.bot.client.command_mentions.learn([])
    overview = reply_embed(await world.ada.slash(world.channel, "help"))
    assert "Type `/imagine` and" in str(overview.description)
    assert "</" not in str(overview.description)


async def test_only_who_manages_the_server_is_told_how_to_set_it_up(world: DiscordWorld) -> None:
    """The first commands, each in a line; others would only be refused."""
    _, setup = embeds(await world.mia.slash(world.channel, "help"))
    listed, reports = str(setup.description).split("\n\n")
    assert len(MENTION.findall(listed)) == len(listed.splitlines()) == 12
    assert "*Report*" in reports
    offered = await world.mia.autocomplete(world.channel, "help", "topic", "setu")
    assert offered == [{"name": "setup", "value": "setup"}]
    (same,) = embeds(await world.mia.slash(world.channel, "help", topic="setup"))
    assert same == setup
    assert await world.ada.autocomplete(world.channel, "help", "topic", "setu") == []
    refusal = reply_text(await world.ada.slash(world.channel, "help", topic="setup"))
    assert refusal.startswith("There is no help about setup here, so please choose one of these")


@pytest.mark.parametrize("topic", TOPICS)
async def test_every_topic_has_its_page(world: DiscordWorld, topic: str) -> None:
    """By its value, and by its name in either language, whatever the case."""
    texts = Texts()
    (page,) = embeds(await world.ada.slash(world.channel, "help", topic=topic))
    for locale in ("en", "zh-CN"):
        name = texts.say(f"help-topic-{topic}", locale).upper()
        assert embeds(await world.ada.slash(world.channel, "help", topic=name)) == [page]
    assert len(str(page.description)) > 200


async def test_a_wrong_topic_is_named_with_the_right_ones(world: DiscordWorld) -> None:
    """Whatever somebody types, nothing of it acts."""
    for typed in (" ", HOSTILE[:1_000]):
        refusal = reply_text(await world.ada.slash(world.channel, "help", topic=typed))
        assert "so please choose one of these: painting, options" in refusal
        assert "https://" not in refusal
        assert "@everyone" not in refusal


async def test_a_person_reads_help_in_their_language(world: DiscordWorld) -> None:
    """The names of the topics, too."""
    clients_speak(world, Locale.chinese)
    overview, setup = embeds(await world.mia.slash(world.channel, "help"))
    assert overview.title == "❔ 你可以在这里做什么"
    assert field(overview, "模型，以及每张图片的点数").startswith("DALL·E 3 · 1 点\n")
    assert field(overview, "更多说明").startswith("画图、选项、参考图")
    assert setup.title == "🛠️ 设置本服务器"
    offered = await world.ada.autocomplete(world.channel, "help", "topic", "参考")
    assert offered == [{"name": "参考图", "value": "references"}]


async def test_only_what_may_be_used_here_is_shown(world: DiscordWorld) -> None:
    """The allowed models, and a channel where nothing can be painted."""
    art = world.guild.create_text_channel("art")
    await world.mia.slash(world.channel, "settings models allow", model="gpt-image-2")
    await world.mia.slash(world.channel, "settings channels allow", channel=art)
    await world.mia.slash(world.channel, "quota block", user=world.ada, reason="spam")
    overview = reply_embed(await world.ada.slash(world.channel, "help"))
    assert str(overview.description).startswith(
        f"⚠️ Painting is not allowed in this channel, so please go to <#{art.id}>."
    )
    assert field(overview, "Models, and what a picture costs") == "GPT Image 2 · 1 credit"
    assert "blocked you from painting here: “spam”" in field(overview, "Your limits")


async def test_the_operators_pages_are_linked(build: WorldBuilder) -> None:
    """Where people get help, and what becomes of their data."""
    help_url, privacy_url = "https://a.example/help", "http://b.example"
    async with build.world(help_url=help_url, privacy_url=privacy_url) as world:
        overview = reply_embed(await world.ada.slash(world.channel, "help"))
        links = "[Help](https://a.example/help) · [Privacy](http://b.example)"
        assert field(overview, "Links") == links


async def test_help_works_in_direct_messages(build: WorldBuilder) -> None:
    """Where the operator allows them; nobody manages a server there."""
    async with build.world(
        allow_direct_messages=True, default_quota=parse_limits("7/day")
    ) as world:
        overview = reply_embed(await world.mia.user.slash("help"))
        assert "**7 of 7** left" in field(overview, "Your limits")


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_the_longest_help_fits(locale: str) -> None:
    """Two hundred models with long names, four periods at each level, and the longest links."""
    embeds_of = HelpEmbeds(Texts())
    names = re.findall(r"\$([a-z_]+) \}", (FOLDER / locale / "help.ftl").read_text())
    commands = dict.fromkeys({*names} - NO_COMMANDS, f"</{'x' * 32} {'y' * 32}:{10**19}>")
    row = UsageRow("server-quota", 10**9, "month", 10**9, 10**9, 0, 10**13, is_personal=False)
    status = MemberStatus(10**9, None)
    models = [ModelCost("*" * 300 + str(Size(1, 1)), 10**6)] * 200
    found = PersonalHelp(models, [row] * 16, status, UnknownHelpTopic(topic="x", allowed="y" * 400))
    links = HelpLinks("https://" + "x" * 392, "https://" + "y" * 392)
    overview = embeds_of.overview(found, links, commands, locale)
    assert all(len(str(each.value)) <= 1_024 for each in overview.fields)
    assert len(str(overview.description)) <= 4_096
    assert len(overview) + len(embeds_of.setup(commands, locale)) <= 6_000
