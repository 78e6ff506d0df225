"""ℹ️ under a result: everything that is known of it, to whoever asks, alone."""

import discord

from tests.cogs.actions import ephemeral_messages, finished_card, newest_job_id, press, submit_form
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_references import PNG


def facts(embed: discord.Embed) -> dict[str, str]:
    """Return the fields of the card by their names."""
    return {str(field.name): str(field.value) for field in embed.fields}


async def test_a_stranger_sees_what_was_asked_and_what_came(world: DiscordWorld) -> None:
    """All parameters, both prompts, the price, who asked, and a command to paste."""
    world.gateway.revised_prompt = "a *red* fox in deep snow"
    card = await finished_card(
        world, "a fox @everyone", size="1792x1024", quality="hd", style="vivid"
    )
    embed = reply_embed(await press(world, world.ben, card, "details"))
    assert embed.description == (
        "> a fox \\@everyone\n-# Prompt as revised by the model\n> a \\*red\\* fox in deep snow"
    )
    told = facts(embed)
    assert told["Request"] == "dall-e-3\n1792×1024\n1 picture\nquality hd\nstyle vivid"
    assert told["Painting"] == "0 s in the queue\n0 s painting\n1 credit"
    assert told["Origin"].startswith("Ada\n<t:")
    paste = told["Command to paste"]
    assert paste == (
        "```\n/imagine prompt:a fox @everyone model:dall-e-3 size:1792x1024"
        " quality:hd style:vivid\n```"
    )
    assert len(world.messages()) == 1


async def test_timings_are_told_apart(build: WorldBuilder) -> None:
    """How long it stood in line, and how long it was painted."""
    async with build.world(declared=True, max_concurrent_jobs=1) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.until_asked()
        await world.imagine(world.ben)
        await world.env.advance_time(9)
        world.gateway.gate.set()
        await world.wait_for_jobs()
        first, second = world.messages()
        adas = facts(reply_embed(await press(world, world.ada, first, "details")))
        bens = facts(reply_embed(await press(world, world.ada, second, "details")))
        assert adas["Painting"] == "0 s in the queue\n9 s painting\n1 credit"
        assert bens["Painting"] == "9 s in the queue\n0 s painting\n1 credit"


async def test_the_size_that_came_stands_before_the_one_that_was_asked(world: DiscordWorld) -> None:
    """The model decided."""
    card = await finished_card(world, model="gpt-image-2", size="auto")
    told = facts(reply_embed(await press(world, world.ada, card, "details")))
    (size,) = (line for line in told["Request"].splitlines() if "×" in line)
    assert size.endswith("(auto)")


async def test_it_says_what_a_result_was_made_from(world: DiscordWorld) -> None:
    """A link to the earlier card, as long as that is there."""
    first = await finished_card(world, model="easel-painter", reference1=("x.png", PNG))
    form = await press(world, world.ben, first, "edit")
    await submit_form(world, world.ben, form, prompt="an owl")
    second = world.card
    told = facts(reply_embed(await press(world, world.ada, second, "details")))
    address = f"https://discord.com/channels/{world.guild.id}/{world.channel.id}/{first.id}"
    assert told["Origin"].endswith(f"\nfrom [an earlier result]({address})")
    assert told["Request"].endswith("\n1 reference image")
    await press(world, world.ada, first, "delete")
    await world.env.advance_time(3)
    told = facts(reply_embed(await press(world, world.ada, second, "details")))
    assert "earlier result" not in told["Origin"]


async def test_only_the_operator_sees_the_gateway(world: DiscordWorld) -> None:
    """It is nobody else's business where the picture comes from."""
    card = await finished_card(world)
    told = facts(reply_embed(await press(world, world.mia, card, "details")))
    assert "default" not in told["Painting"]
    world.bot.client.owner_id = world.ada.id
    told = facts(reply_embed(await press(world, world.ada, card, "details")))
    assert told["Painting"].endswith("\nby default")


async def test_an_operator_who_cannot_be_told_is_nobody(world: DiscordWorld) -> None:
    """Discord does not say whose application it is: the card comes without that line."""
    card = await finished_card(world)
    world.env.inject_error("GET", "/oauth2/applications/@me", status=500, times=9)
    world.env.inject_error("GET", "/applications/@me", status=500, times=9)
    told = facts(reply_embed(await press(world, world.ada, card, "details")))
    assert "default" not in told["Painting"]


async def test_what_has_no_room_comes_as_a_file(world: DiscordWorld) -> None:
    """4,000 characters with markdown: the card shows the beginning, the file all of it."""
    prompt = ("*fox* `and` owl " * 250)[:3_999] + "!"
    world.gateway.revised_prompt = "an owl in the snow. " * 190
    card = await finished_card(world, prompt, model="gpt-image-2")
    answer = await press(world, world.ada, card, "details")
    embed = reply_embed(answer)
    assert len(embed) <= 6_000
    assert len(str(embed.description)) <= 4_096
    assert all(len(field.value or "") <= 1_024 for field in embed.fields)
    (message,) = ephemeral_messages(answer)
    (file,) = message.attachments
    text = (await file.read()).decode()
    assert prompt.strip() in text
    assert ("an owl in the snow. " * 190).strip() in text
    assert file.filename == f"easel-{newest_job_id(world)[-8:]}.txt"


async def test_a_prompt_cannot_break_out_of_the_command(world: DiscordWorld) -> None:
    """Three backticks would end the block, and a line break the command."""
    card = await finished_card(world, "a fox ``` @everyone\nsize:1x1")
    paste = facts(reply_embed(await press(world, world.ada, card, "details")))["Command to paste"]
    assert paste.count("`") == 6
    assert paste.count("\n") == 2


async def test_a_prompt_that_was_declined_is_told_to_its_requester_alone(
    world: DiscordWorld,
) -> None:
    """The card does not repeat it for others, so neither does what hangs under the card."""
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    world.gateway.revised_prompt = "something terrible, in oil"
    card = await finished_card(world, "something terrible", n=2)
    (theirs,) = ephemeral_messages(await press(world, world.ben, card, "details"))
    (own,) = ephemeral_messages(await press(world, world.ada, card, "details"))
    assert "The prompt is not shown here" in str(theirs.embeds[0].description)
    assert "terrible" not in str(theirs.embeds[0].to_dict())
    assert theirs.attachments == []
    assert str(own.embeds[0].to_dict()).count("something terrible") == 3


async def test_a_double_press_is_answered_once(world: DiscordWorld) -> None:
    """And again three seconds later."""
    card = await finished_card(world)
    assert ephemeral_messages(await press(world, world.ada, card, "details"))
    assert not ephemeral_messages(await press(world, world.ada, card, "details"))
    await world.env.advance_time(3)
    assert ephemeral_messages(await press(world, world.ada, card, "details"))
