"""/settings show: everything about a server in one place, and a select that leads to the rest."""

import pytest
import simcord

from bot.core.i18n.texts import Texts
from bot.discord_ui.help_embeds import ModelCost
from bot.discord_ui.settings_embeds import DefaultOptions, SettingLine, SettingsEmbeds
from bot.discord_ui.settings_overview import AREAS, LONGEST_LIST, SettingsOverviewEmbeds
from bot.preferences.stored_preferences import ServerSettings
from bot.quota.limits import parse_limits
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.test_settings import change, facts

SELECT = "easel:settings-area"
MANY = tuple(range(10**18, 10**18 + 500))


async def overview(world: DiscordWorld) -> simcord.InteractionResult:
    """Let the admin look at the settings."""
    return await world.mia.slash(world.channel, "settings show")


async def open_area(
    world: DiscordWorld, answer: simcord.InteractionResult, area: str
) -> simcord.InteractionResult:
    """Choose an area under the overview."""
    assert answer.response is not None
    return await world.mia.select(answer.response, [area], custom_id=SELECT)


def opened(answer: simcord.InteractionResult) -> tuple[str, str]:
    """Return title and text of what one person alone sees, beside the overview."""
    assert answer.response is not None
    assert answer.response.ephemeral
    (embed,) = answer.response.embeds
    return str(embed.title), str(embed.description)


async def test_limits_and_costs_stand_beside_the_settings(build: WorldBuilder) -> None:
    """What an admin decided with three commands is read with one."""
    async with build.world(server_quota=parse_limits("500/month")) as world:
        slash, channel = world.mia.slash, world.channel
        await slash(channel, "quota set", credits=5, per="day")
        await slash(channel, "quota set", credits=90, per="month", whole_server=True)
        await slash(channel, "quota set", credits=9, per="day", user=world.ada)
        await slash(channel, "quota block", user=world.ben, reason="spam")
        await slash(channel, "quota cost", model="dall-e-3", credits=2)
        shown = facts(await overview(world))
        everyone, server, ceiling, others = shown["Limits"].splitlines()
        assert everyone.startswith("**Everyone** · 5 credits per day · </quota set:")
        assert server == "**The whole server** · 90 credits per month"
        assert ceiling == "-# The operator allows this server 500 credits per month."
        assert others == "and 2 more for roles and people"
        assert shown["Costs"].startswith("1 set here, else the operator's defaults · </quota cost:")


async def test_every_area_opens_in_full_also_after_a_restart(world: DiscordWorld) -> None:
    """The message stays on the admin's screen while the operator updates the bot."""
    art = world.guild.create_text_channel("art")
    await change(world, "channels allow", channel=art)
    await change(world, "models allow", model="gpt-image-2")
    await world.mia.slash(world.channel, "quota set", credits=7, per="day", user=world.ada)
    answer = await overview(world)
    await world.restart()
    found = {area: opened(await open_area(world, answer, area)) for area in AREAS}
    assert f"<@{world.ada.id}> · 7 credits per day" in found["limits"][1]
    assert "dall-e-3" in found["costs"][1]
    assert f"<@{world.ada.id}> · 7 credits per day" in found["changes"][1]
    assert found["models"] == ("🎨 Models", "GPT Image 2 · 1 credit")
    assert found["channels"] == ("💬 Channels", f"<#{art.id}>")
    assert found["roles"] == ("👥 Roles", "Everyone")


@pytest.mark.parametrize("area", AREAS)
async def test_an_area_opens_only_for_who_still_may(world: DiscordWorld, area: str) -> None:
    """The select stays after the right was taken away, for each command by itself."""
    command = {"limits": "quota", "costs": "quota", "changes": "quota", "styles": "style"}
    answer = await overview(world)
    commands = await world.bot.client.tree.fetch_commands()
    (group,) = (each for each in commands if each.name == command.get(area, "settings"))
    world.guild.set_command_permissions(group, {world.mia: False})
    assert "ask an admin" in reply_text(await open_area(world, answer, area))
    await world.restart(allowed_servers=(1,))
    assert "not on the operator's list" in reply_text(await open_area(world, answer, area))


async def test_a_server_whose_allowed_channels_are_gone_says_so(world: DiscordWorld) -> None:
    """Nobody can paint, and the admin reads why."""
    await world.bot.preference_store.change_server(
        world.guild.id, lambda _: ServerSettings(channels=(), roles=())
    )
    answer = await overview(world)
    for area in ("channels", "roles"):
        assert "Nobody can paint" in opened(await open_area(world, answer, area))[1]


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_the_largest_server_fits_in_the_overview(locale: str) -> None:
    """Every channel, every role, two hundred models, and everything else at its longest."""
    texts = Texts()
    models = tuple(f"model-{number}-{'x' * 60}" for number in range(200))
    settings = ServerSettings(models=models, channels=MANY, roles=MANY, moderation="low")
    lines = SettingsEmbeds(texts).setting_lines(
        settings,
        DefaultOptions("m" * 100, "1x1", 10),
        models=models,
        unmoderated=models,
        locale=locale,
        longest_list=LONGEST_LIST,
    )
    others = [SettingLine(f"custom-{name}", "x" * 600, "quota set") for name in ("limits", "costs")]
    embeds = SettingsOverviewEmbeds(texts)
    embed = embeds.overview([*others, *lines], lambda name: f"</{name}:{10**19}>", locale)
    assert len(embed) <= 6_000
    assert all(len(str(field.value)) <= 1_024 for field in embed.fields)
    assert all(f":{10**19}>" in str(field.value) for field in embed.fields)
    for full in (
        embeds.models([ModelCost("*" * 300, 10**6)] * 200, locale),
        embeds.ids("channels", MANY, locale),
        embeds.ids("roles", MANY, locale),
    ):
        assert 3_000 < len(str(full.description)) <= 4_096
