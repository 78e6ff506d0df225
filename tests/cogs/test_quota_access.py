"""Who may type /quota: admins, in servers, and what they read is theirs alone."""

import discord
import pytest
import simcord

from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text

COMMANDS: dict[str, dict[str, object]] = {
    "quota set": {"credits": 5, "per": "day"},
    "quota unlimited": {},
    "quota remove": {},
    "quota show": {},
    "quota grant": {"user": "ada", "credits": 5, "reason": "the contest"},
    "quota reset": {"user": "ada"},
    "quota block": {"user": "ada", "reason": "spam"},
    "quota unblock": {"user": "ada"},
    "quota cost": {},
    "quota usage": {},
    "quota export": {},
    "quota audit": {},
}
TABLES = ("limits", "members", "credit_costs", "audit")


def options(world: DiscordWorld, command: str) -> dict[str, object]:
    """Return a command's options, people among them."""
    given = COMMANDS[command]
    return {name: world.ada if value == "ada" else value for name, value in given.items()}


def written(world: DiscordWorld) -> list[object]:
    """Return all that admins can change."""
    return [row for table in TABLES for row in world.rows(f"SELECT * FROM {table}")]


def test_every_command_of_the_group_is_here(world: DiscordWorld) -> None:
    """A command that is added without these checks may be open to everybody."""
    (group,) = (
        command
        for command in world.bot.client.tree.get_commands()
        if isinstance(command, discord.app_commands.Group) and command.name == "quota"
    )
    assert {command.qualified_name for command in group.commands} == COMMANDS.keys()
    assert group.guild_only
    assert group.default_permissions == discord.Permissions(manage_guild=True)


@pytest.mark.parametrize("command", COMMANDS)
async def test_an_admin_reads_the_answer_alone(world: DiscordWorld, command: str) -> None:
    """Who is limited by what is nobody else's business."""
    answer = await world.mia.slash(world.channel, command, **options(world, command))
    assert answer.response is not None
    assert answer.response.ephemeral
    assert world.messages() == []


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_member_without_the_permission_is_kept_out(
    world: DiscordWorld, command: str
) -> None:
    """Discord itself keeps others out, so admins can open it in Integrations."""
    with pytest.raises(simcord.SetupError, match="default-member-permissions"):
        await world.ada.slash(world.channel, command, **options(world, command))
    assert written(world) == []


async def test_an_admin_can_open_a_command_to_somebody(world: DiscordWorld) -> None:
    """Integrations decide, and nothing of ours stands in the way."""
    commands = await world.bot.client.tree.fetch_commands()
    (group,) = (command for command in commands if command.name == "quota")
    world.guild.set_command_permissions(group, {world.ada: True})
    answer = await world.ada.slash(world.channel, "quota set", credits=5, per="day")
    assert reply_text(answer) == "Everyone may now spend 5 credits per day."


@pytest.mark.parametrize("command", [*COMMANDS, "usage"])
async def test_direct_messages_have_no_quotas_to_set(world: DiscordWorld, command: str) -> None:
    """There is no server there whose credits could be meant."""
    with pytest.raises(simcord.SetupError):
        await world.mia.user.slash(command, **COMMANDS.get(command, {}))
    assert written(world) == []


@pytest.mark.parametrize("command", [*COMMANDS, "usage"])
async def test_a_server_that_the_operator_does_not_serve(build: WorldBuilder, command: str) -> None:
    """The operator's list holds for admins as well."""
    async with build.world(allowed_servers=(1,)) as world:
        given = options(world, command) if command in COMMANDS else {}
        answer = await world.mia.slash(world.channel, command, **given)
        assert "not on the operator's list" in reply_text(answer)
        assert written(world) == []
