"""/quota cost: what a picture costs in a server."""

import pytest

from bot.quota.limits import parse_limits
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed, reply_text


async def test_a_cost_of_the_servers_own_is_charged(world: DiscordWorld) -> None:
    """The admin decides, and the next picture costs it."""
    answer = await world.mia.slash(world.channel, "quota cost", model="easel-painter", credits=3)
    assert reply_text(answer) == "A picture by easel-painter costs 3 credits here from now on."
    await world.imagine(world.ada, model="easel-painter", n=2)
    await world.wait_for_jobs()
    assert world.credits() == 6
    removed = await world.mia.slash(world.channel, "quota cost", model="Easel-Painter ")
    assert reply_text(removed) == (
        "A picture by easel-painter costs the default number of credits here again."
    )
    await world.imagine(world.ada, model="easel-painter")
    await world.wait_for_jobs()
    assert world.credits() == 7


async def test_a_quality_has_a_cost_of_its_own(world: DiscordWorld) -> None:
    """The model's cost holds for the other qualities."""
    await world.mia.slash(world.channel, "quota cost", model="gpt-image-2", credits=2)
    answer = await world.mia.slash(
        world.channel, "quota cost", model="gpt-image-2", quality="LOW", credits=1
    )
    assert "gpt-image-2 in quality low costs 1 credit here" in reply_text(answer)
    for quality in ("low", "medium"):
        await world.imagine(world.ada, model="gpt-image-2", quality=quality)
        await world.wait_for_jobs()
    assert world.rows("SELECT credits FROM charges ORDER BY job_id") == [(1,), (2,)]


async def test_a_cost_outlives_a_restart(world: DiscordWorld) -> None:
    """What an admin decided is not forgotten with the process."""
    await world.mia.slash(world.channel, "quota cost", model="easel-painter", credits=3)
    await world.restart()
    await world.imagine(world.ada, model="easel-painter")
    await world.wait_for_jobs()
    assert world.credits() == 3


async def test_the_list_shows_every_model_and_what_is_the_servers_own(world: DiscordWorld) -> None:
    """An admin sees what is offered before deciding, and what was decided."""
    await world.mia.slash(
        world.channel, "quota cost", model="gpt-image-2", quality="low", credits=77
    )
    gone = [(world.guild.id, "old-model", "", 5)]
    world.write("INSERT INTO credit_costs VALUES (?, ?, ?, ?)", gone)
    listed = reply_embed(await world.mia.slash(world.channel, "quota cost"))
    lines = str(listed.description).splitlines()
    assert lines[0] == lines[-1] == "```"
    assert lines[1].split() == ["Model", "Credits"]
    rows = [line.split() for line in lines[2:-1]]
    assert ["gpt-image-2", "low", "77*"] in rows
    assert rows[-1] == ["old-model", "5*"]
    assert {row[0] for row in rows} == {"dall-e-3", "gpt-image-2", "easel-painter", "old-model"}
    assert listed.footer.text == "* set by this server"
    removed = await world.mia.slash(world.channel, "quota cost", model="old-model")
    assert "old-model costs the default number of credits" in reply_text(removed)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"model": "easel-painter", "credits": -1}, "0 to 10,000"),
        ({"model": "easel-painter", "credits": 10_001}, "0 to 10,000"),
        ({"model": "nobody", "credits": 1}, "please choose one of these: dall-e-3"),
        ({"model": "gpt-image-2", "quality": "best", "credits": 1}, "does not support the quality"),
        ({"credits": 1}, "please choose the one whose cost"),
        ({"quality": "low"}, "please choose the one whose cost"),
        ({"model": "easel-painter"}, "has not set a cost for this"),
        ({"model": "nobody"}, "has not set a cost for this"),
    ],
)
async def test_wrong_values_are_refused_with_what_is_allowed(
    world: DiscordWorld, given: dict[str, object], told: str
) -> None:
    """A slip of the finger changes nothing."""
    answer = await world.mia.slash(world.channel, "quota cost", **given)
    assert told in reply_text(answer)
    assert world.rows("SELECT * FROM credit_costs") == []
    assert world.rows("SELECT * FROM audit") == []


async def test_no_picture_is_cheaper_than_the_operators_ceiling_knows(build: WorldBuilder) -> None:
    """Else an admin would paint past SERVER_QUOTA; dearer is theirs to say."""
    async with build.world(server_quota=parse_limits("9/day")) as world:
        answer = await world.mia.slash(
            world.channel, "quota cost", model="easel-painter", credits=0
        )
        assert "please choose 1 credit or more" in reply_text(answer)
        assert world.rows("SELECT * FROM credit_costs") == []
        await world.mia.slash(world.channel, "quota cost", model="easel-painter", credits=2)
        assert world.rows("SELECT credits FROM credit_costs") == [(2,)]


async def test_models_and_qualities_are_suggested_with_their_cost(world: DiscordWorld) -> None:
    """An admin need not know a name by heart."""
    models = await world.mia.autocomplete(world.channel, "quota cost", "model", "gpt")
    assert models[0]["value"] == "gpt-image-2"
    assert "credit" in models[0]["name"]
    qualities = await world.mia.autocomplete(
        world.channel, "quota cost", "quality", "hi", model="gpt-image-2"
    )
    assert qualities[0]["value"] == "high"
