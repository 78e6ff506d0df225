"""/quota usage, export and audit: what was used, and who changed what."""

import asyncio
import csv
import gzip
import importlib.util
import io
import sys
from typing import Any

import discord
import pytest
import simcord
from PIL import Image

from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed, reply_text

needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed"
)
PATIENCE_S = 30


async def told(world: DiscordWorld, answer: simcord.InteractionResult) -> Any:
    """Return the answer that comes once the chart is drawn."""
    for _ in range(PATIENCE_S * 20):
        await world.env.settle()
        assert answer.response is not None
        if answer.response.embeds or answer.response.content:
            assert answer.response.ephemeral
            return answer.response
        await asyncio.sleep(0.05)
    raise AssertionError("no answer came")


def embed_of(response: Any) -> discord.Embed:
    """Return its card."""
    (embed,) = response.embeds
    assert isinstance(embed, discord.Embed)
    return embed


async def paint(world: DiscordWorld, who: simcord.MemberActor, n: int) -> None:
    """Let somebody ask for pictures."""
    await world.imagine(who, n=n)
    await world.wait_for_jobs()


@needs_matplotlib
async def test_usage_is_a_table_and_a_chart(build: WorldBuilder) -> None:
    """An admin sees at a glance which days were busy; the chart comes from a real process."""
    async with build.world(declared=True) as world:
        await paint(world, world.ada, 3)
        await world.env.advance_time(24 * 3600)
        await paint(world, world.ben, 2)
        asked = await world.mia.slash(world.channel, "quota usage", days=7)
        response = await told(world, asked)
        card = embed_of(response)
        assert card.title == "📊 Credits used in 7 days"
        facts, _, *table, _ = str(card.description).splitlines()
        assert facts == "The whole server · **5** in total · most on Jan 1 (3)"
        assert [line.split() for line in table][-2:] == [["Jan", "1", "3"], ["Jan", "2", "2"]]
        (attachment,) = response.attachments
        assert attachment.filename == "usage.png"
        assert "5 credits in total" in str(attachment.description)
        with Image.open(io.BytesIO(await attachment.read())) as chart:
            assert (chart.format, chart.size) == ("PNG", (1200, 520))


async def test_without_the_extra_there_are_bars_of_text(
    build: WorldBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator who installed nothing more loses the picture only."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    async with build.world() as world:
        await paint(world, world.ada, 4)
        await world.env.advance_time(24 * 3600)
        await paint(world, world.ada, 1)
        await paint(world, world.ben, 2)
        asked = await world.mia.slash(world.channel, "quota usage", user=world.ada, days=2)
        response = await told(world, asked)
        assert response.attachments == []
        facts, _, *table, _, left_out = str(embed_of(response).description).splitlines()
        assert "Extra credits are not counted here" in left_out
        assert facts == f"<@{world.ada.id}> · **5** in total · most on Jan 1 (4)"
        assert table == ["Jan 1  4  ██████████", "Jan 2  1  ██▌"]


async def test_a_quiet_time_is_said(world: DiscordWorld) -> None:
    """A chart of nothing would look like a defect."""
    asked = await world.mia.slash(world.channel, "quota usage")
    card = embed_of(await told(world, asked))
    assert card.title == "📊 Credits used in 30 days"
    assert card.description == "The whole server · no credits were used in this period."


@pytest.mark.parametrize(
    ("command", "days", "limit"),
    [
        ("quota usage", 0, 90),
        ("quota usage", 91, 90),
        ("quota usage", -(2**52), 90),
        ("quota export", 0, 40),
        ("quota export", 41, 40),
    ],
)
async def test_days_have_a_range(world: DiscordWorld, command: str, days: int, limit: int) -> None:
    """The ledger keeps single charges for 40 days, and a chart shows at most 90."""
    answer = await world.mia.slash(world.channel, command, days=days)
    assert f"please choose a number from 1 to {limit}" in reply_text(answer)


async def exported(response: Any) -> list[dict[str, str]]:
    """Return the rows of the attached table."""
    (attachment,) = response.attachments
    content = await attachment.read()
    if attachment.filename.endswith(".gz"):
        content = gzip.decompress(content)
    return list(csv.DictReader(io.StringIO(content.decode())))


async def test_the_export_has_every_charge(build: WorldBuilder) -> None:
    """The sums in a spreadsheet are those of the ledger."""
    async with build.world() as world:
        await world.mia.slash(
            world.channel, "quota grant", user=world.ada, credits=5, reason="the contest"
        )
        await world.mia.slash(world.channel, "quota set", credits=1, per="day", user=world.ada)
        await paint(world, world.ada, 3)
        await world.env.advance_time(1)
        await paint(world, world.ben, 1)
        response = await told(world, await world.mia.slash(world.channel, "quota export"))
        assert response.content == "2 charges, as a table for any spreadsheet."
        rows = await exported(response)
        assert [(row["user"], row["credits"], row["from_extra_credits"]) for row in rows] == [
            (str(world.ada.id), "3", "2"),
            (str(world.ben.id), "1", "0"),
        ]
        assert {row["state"] for row in rows} == {"settled"}
        assert all(row["time"].startswith("2026-01-01T00:00") for row in rows)


async def test_an_empty_export_says_so(world: DiscordWorld) -> None:
    """An empty table alone would look like a defect."""
    response = await told(world, await world.mia.slash(world.channel, "quota export"))
    assert "the table is empty" in response.content
    assert await exported(response) == []


async def test_the_audit_tells_who_changed_what_and_why(world: DiscordWorld) -> None:
    """Admins who share a server can see what the others did."""
    admin, channel, ada = world.mia.slash, world.channel, world.ada
    await admin(channel, "quota set", credits=5, per="hour")
    await admin(channel, "quota set", credits=7, per="hour")
    await admin(channel, "quota remove")
    await admin(channel, "quota grant", user=ada, credits=5, reason="*best* fox")
    await admin(channel, "quota reset", user=ada)
    await admin(channel, "quota cost", model="easel-painter", credits=3)
    await admin(channel, "quota unlimited", user=ada)
    card = reply_embed(await admin(channel, "quota audit"))
    lines = str(card.description).splitlines()
    by = f"-# <t:{world.now() // 1000}:f> · <@{world.mia.id}>"
    assert lines == [
        f"<@{ada.id}> · no limit",
        by,
        "easel-painter · 3 credits for a picture",
        by,
        f"<@{ada.id}> · usage reset",
        by,
        f"<@{ada.id}> · extra credits 0 → 5",
        f"{by} · “\\*best\\* fox”",
        "Everyone · 7 credits per hour removed",
        by,
        "Everyone · 5 → 7 credits per hour",
        by,
        "Everyone · 5 credits per hour",
        by,
    ]
    assert card.footer.text is None


async def test_an_empty_audit_says_so(world: DiscordWorld) -> None:
    """Nothing was changed, and that is no defect."""
    card = reply_embed(await world.mia.slash(world.channel, "quota audit"))
    assert card.description == "Nothing has been changed yet."


async def test_the_audit_has_pages_that_outlive_a_restart(world: DiscordWorld) -> None:
    """A long history can be read to its beginning."""
    for credits in range(10):
        await world.mia.slash(world.channel, "quota set", credits=credits, per="day")
    answer = await world.mia.slash(world.channel, "quota audit")
    assert answer.response is not None
    assert reply_embed(answer).footer.text == "Page 1"
    await world.restart()
    older = await world.mia.click(answer.response, label="▶")
    assert older.response is not None
    (card,) = older.response.embeds
    assert card.footer.text == "Page 2"
    assert str(card.description).splitlines()[2] == "Everyone · no pictures"
    newer = await world.mia.click(older.response, label="◀")
    assert newer.response is not None
    assert newer.response.embeds[0].footer.text == "Page 1"
