"""/usage: what is left for me, why, and what I asked for lately."""

import discord
import simcord

from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed
from tests.cogs.scripted_gateway import ClosedConnection, ErrorReply


def shown_all(answer: simcord.InteractionResult) -> list[discord.Embed]:
    """Return the embeds that only the person who typed can see."""
    assert answer.response is not None
    assert answer.ephemeral
    return list(answer.response.embeds)


async def test_usage_shows_what_is_used_left_and_when_it_frees(world: DiscordWorld) -> None:
    """A person can plan the evening, and nobody else reads it."""
    await world.imagine(world.ada, n=3)
    await world.wait_for_jobs()
    frees_at = world.now() // 1000 + 24 * 3600
    answer = await world.ada.slash(world.channel, "usage")
    limits, _ = shown_all(answer)
    (field,) = limits.fields
    assert field.name == "The default limit, per day"
    assert field.value == f"**17 of 20** left · 3 used · next credit <t:{frees_at}:R>"


async def test_usage_says_which_limit_decides_and_why(world: DiscordWorld) -> None:
    """A person understands why their evening ends."""
    patron = world.guild.create_role("patron")
    bo = world.guild.add_member(world.env.create_user("Bo"), roles=[patron])

    async def why() -> str:
        return str(reply_embed(await bo.slash(world.channel, "usage")).description)

    assert "the default limit of this bot applies to you" in await why()
    await world.mia.slash(world.channel, "quota set", credits=5, per="day")
    assert "the limit for everyone applies to you" in await why()
    await world.mia.slash(world.channel, "quota set", credits=6, per="day", role=patron)
    assert "a request passes if one of them has enough credits left" in await why()
    await world.mia.slash(world.channel, "quota set", credits=7, per="day", user=bo)
    assert "for you personally" in await why()


async def test_usage_tells_of_extra_credits(world: DiscordWorld) -> None:
    """A grant is worth nothing to somebody who does not know of it."""
    await world.mia.slash(
        world.channel, "quota grant", user=world.ada, credits=5, reason="the contest"
    )
    card = reply_embed(await world.ada.slash(world.channel, "usage"))
    assert card.fields[-1].name == "Extra credits"
    assert str(card.fields[-1].value).startswith("**5** left")


async def test_usage_tells_of_requests_without_a_picture(build: WorldBuilder) -> None:
    """Somebody who has to wait wants to know until when, and an admin can help."""
    async with build.world(max_doubtful_per_day=2) as world:
        for count in (1, 2):
            world.gateway.replies.append(ClosedConnection())
            await world.imagine(world.ada)
            await world.wait_for_jobs()
            limits, _ = shown_all(await world.ada.slash(world.channel, "usage"))
            field = limits.fields[-1]
            assert field.name == "Requests without a picture"
            assert f"**{count} of 2** that the operator may have paid for" in str(field.value)
            assert ("you can ask again <t:" in str(field.value)) == (count == 2)
        await world.mia.slash(world.channel, "quota reset", user=world.ada)
        assert not (await world.imagine(world.ada)).ephemeral


async def test_usage_says_why_somebody_is_blocked(world: DiscordWorld) -> None:
    """The admin's words are shown as words, whatever is in them."""
    reason = "[spam](https://evil.example) @everyone"
    await world.mia.slash(world.channel, "quota block", user=world.ada, reason=reason)
    card = reply_embed(await world.ada.slash(world.channel, "usage"))
    assert r"\[spam\](https\://evil.example) \@everyone" in str(card.description)
    assert card.fields[0].value == "**20 of 20** left"


async def test_usage_counts_what_is_on_its_way(build: WorldBuilder) -> None:
    """Credits that wait for a picture are neither left nor used."""
    async with build.world(declared=True) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada, n=2)
        limits, jobs = shown_all(await world.ada.slash(world.channel, "usage"))
        assert str(limits.fields[0].value).startswith("**18 of 20** left · 2 reserved for pictures")
        assert str(jobs.description).startswith("🎨 painting ")
        world.gateway.gate.set()
        await world.wait_for_jobs()


async def test_my_last_ten_requests_lead_to_their_cards(world: DiscordWorld) -> None:
    """A person finds what they asked for, and how it ended, without scrolling."""
    await world.imagine(world.ada, "an owl")
    await world.wait_for_jobs()
    for _ in range(10):
        await world.env.advance_time(1)
        await world.imagine(world.ada, "a fox")
        await world.wait_for_jobs()
    _, jobs = shown_all(await world.ada.slash(world.channel, "usage"))
    lines = str(jobs.description).splitlines()
    assert len(lines) == 10
    link = f"https://discord.com/channels/{world.guild.id}/{world.channel.id}/{world.card.id}"
    assert lines[0].startswith("🖼️ done <t:")
    assert lines[0].endswith(f" · a fox · [open]({link})")
    assert all("fox" in line for line in lines)
    assert len(shown_all(await world.ben.slash(world.channel, "usage"))) == 1


async def test_how_a_request_ended_is_said(world: DiscordWorld) -> None:
    """What failed is told apart from what was painted."""
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    await world.imagine(world.ada, "an *owl*")
    await world.wait_for_jobs()
    _, jobs = shown_all(await world.ada.slash(world.channel, "usage"))
    assert str(jobs.description).startswith("⚠️ failed <t:")
    assert r"an \*owl\*" in str(jobs.description)
