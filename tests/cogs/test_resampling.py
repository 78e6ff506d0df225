"""Where no gateway enlarges, a picture is resampled: for free, honestly, and for one person."""

import asyncio
import io
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import simcord
from PIL import Image

from bot.core.models import Picture
from bot.images.decoding import in_pixel_thread
from tests.cogs.actions import (
    delete_after_question,
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    newest_job_id,
)
from tests.cogs.discord_world import DiscordWorld
from tests.cogs.test_picture_actions import PAINTER, act, choose, labels, press_custom, several
from tests.cogs.test_picture_actions_at_the_door import forget_pictures
from tests.images.picture_collection import drawn, encoded

RESAMPLE = "Enlarge 2× (resampled) · free"
COUNTS = "SELECT (SELECT COUNT(*) FROM jobs), (SELECT COUNT(*) FROM charges)"


async def resampled(
    world: DiscordWorld, answer: simcord.InteractionResult
) -> tuple[str, Image.Image]:
    """Return the name of the file that an answer has, and the picture."""
    (message,) = ephemeral_messages(answer)
    (attachment,) = message.attachments
    return attachment.filename, Image.open(io.BytesIO(await attachment.read()))


def kept_files(world: DiscordWorld) -> list[Path]:
    """Return the files that the bot keeps."""
    return sorted(path for path in (world.folder / "vault").rglob("*") if path.is_file())


def replace_pictures(world: DiscordWorld, data: bytes) -> None:
    """Let another program write over the kept files."""
    for path in (world.folder / "vault").rglob("*.png"):
        path.write_bytes(data)


async def test_whoever_presses_gets_a_larger_file_for_nothing(world: DiscordWorld) -> None:
    """Nobody else sees it, its name and its words say what it is, and nothing of it is kept."""
    card = await several(world)
    before, sent = kept_files(world), len(world.gateway.bodies)
    chosen = await choose(world, world.ben, card)
    assert RESAMPLE in labels(chosen)
    answer = await act(world, world.ben, chosen, "resample")
    name, image = await resampled(world, answer)
    assert name == f"easel-{newest_job_id(world)[-8:]}-2-resampled-2x.jpeg"
    with Image.open(io.BytesIO(await card.attachments[1].read())) as original:
        assert image.size == (original.width * 2, original.height * 2)
    size = f"{image.width} × {image.height} pixels"
    assert ephemeral_text(answer).startswith(f"Picture 2, twice as wide and as high: {size}.")
    assert "no more detail" in ephemeral_text(answer)
    assert ephemeral_messages(answer)[0].attachments[0].description == "Picture 2 of 4: a fox"
    assert world.rows(COUNTS) == [(1, 1)]
    assert (kept_files(world), len(world.gateway.bodies)) == (before, sent)
    assert len(world.messages()) == 1


async def test_pressed_twice_it_is_sent_once(world: DiscordWorld) -> None:
    """It takes the processor a second or two, which belongs to everybody."""
    chosen = await choose(world, world.ben, await several(world))
    assert ephemeral_messages(await act(world, world.ben, chosen, "resample"))
    again = await act(world, world.ben, chosen, "resample")
    assert again.deferred
    assert list(again.followups) == []
    await world.env.advance_time(3)
    assert ephemeral_messages(await act(world, world.ben, chosen, "resample"))


async def test_one_person_gets_one_at_a_time(world: DiscordWorld, tmp_path: Path) -> None:
    """Whoever presses under twenty pictures must not keep everybody else from theirs."""
    card = await several(world)
    of_ben, of_ada = [await choose(world, who, card) for who in (world.ben, world.ada)]
    path = next((world.folder / "vault").rglob("*.png"))
    cog: Any = world.bot.client.get_cog("EnlargingCog")
    may_work = threading.Event()
    blocked = asyncio.create_task(in_pixel_thread(may_work.wait))
    first = asyncio.create_task(
        cog._enlarger.enlarge(
            Picture(path, "png", 64, 48, path.stat().st_size),
            user_id=world.ben.id,
            max_bytes=10**7,
            folder=tmp_path,
        )
    )
    refused = await act(world, world.ben, of_ben, "resample")
    assert "still being enlarged" in ephemeral_text(refused)
    may_work.set()
    await resampled(world, await act(world, world.ada, of_ada, "resample"))
    await asyncio.gather(blocked, first)
    await world.env.advance_time(3)
    await resampled(world, await act(world, world.ben, of_ben, "resample"))


async def test_a_blocked_person_is_refused(world: DiscordWorld) -> None:
    """As at every door: what is free still takes the time of the machine."""
    chosen = await choose(world, world.ben, await several(world))
    await world.mia.slash(world.channel, "quota block", user=world.ben, reason="spam")
    refused = await act(world, world.ben, chosen, "resample")
    assert "spam" in ephemeral_text(refused)
    assert ephemeral_messages(refused)[0].attachments == []


async def test_the_button_works_after_a_restart_and_in_the_readers_language(
    world: DiscordWorld,
) -> None:
    """The new process knows only its id."""
    card = await several(world)
    await world.ben.slash(world.channel, "preferences language", language="zh-CN")
    chosen = await choose(world, world.ben, card)
    await world.restart()
    answer = await act(world, world.ben, chosen, "resample")
    assert "细节没有增加" in ephemeral_text(answer)


async def test_a_spoiler_stays_one(world: DiscordWorld) -> None:
    """Discord hides it by its name."""
    card = await finished_card(world, model=PAINTER, n=2, spoiler=True)
    answer = await act(world, world.ben, await choose(world, world.ben, card), "resample")
    name, _ = await resampled(world, answer)
    assert name.startswith("SPOILER_easel-")


async def test_a_picture_that_is_too_large_has_no_such_button(world: DiscordWorld) -> None:
    """Decoded and enlarged, it would take the memory of the machine; an id is one sentence."""
    card = await finished_card(world, model="gpt-image-2", size="2880x2880", n=2)
    chosen = await choose(world, world.ben, card)
    assert RESAMPLE not in labels(chosen)
    job_id = newest_job_id(world)
    refused = await press_custom(world, world.ben, f"easel:one:resample:{job_id}:2")
    assert "2,880 by 2,880 pixels is too large to be enlarged" in ephemeral_text(refused)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"no picture", "damaged"),
        (encoded("PNG")[:-40], "damaged"),
        (encoded("GIF", save_all=True, append_images=[drawn("L")]), "A picture that moves"),
    ],
    ids=["words", "cut", "film"],
)
async def test_what_cannot_be_enlarged_is_one_sentence(
    world: DiscordWorld, data: bytes, said: str
) -> None:
    """A disk lost a part of it, or only its first frame could be enlarged."""
    chosen = await choose(world, world.ben, await several(world))
    replace_pictures(world, data)
    answer = await act(world, world.ben, chosen, "resample")
    assert said in ephemeral_text(answer)
    assert ephemeral_messages(answer)[0].attachments == []


async def test_a_picture_that_is_no_longer_kept_is_one_sentence(world: DiscordWorld) -> None:
    """Also of an answer that was open for a month, and of an id that somebody made up."""
    chosen = await choose(world, world.ben, await several(world))
    job_id = newest_job_id(world)
    for number in (0, 5, 99):
        refused = await press_custom(world, world.ben, f"easel:one:resample:{job_id}:{number}")
        assert f"Picture {number} is no longer kept" in ephemeral_text(refused)
    unknown = await press_custom(world, world.ben, "easel:one:resample:x:1")
    assert "can no longer be found" in ephemeral_text(unknown)
    forget_pictures(world)
    refused = await act(world, world.ben, chosen, "resample")
    assert "Picture 2 is no longer kept" in ephemeral_text(refused)


async def test_what_was_deleted_its_requester_alone_gets(world: DiscordWorld) -> None:
    """A stranger's answer of before does not bring back what somebody took down."""
    card = await several(world)
    chosen = {who: await choose(world, who, card) for who in (world.ada, world.ben)}
    await delete_after_question(world, world.mia, card)
    refused = await act(world, world.ben, chosen[world.ben], "resample")
    assert "was deleted here" in ephemeral_text(refused)
    await resampled(world, await act(world, world.ada, chosen[world.ada], "resample"))


async def test_what_a_moderator_removed_nobody_gets(world: DiscordWorld) -> None:
    """Not even its requester, whose answer of before still stands there."""
    chosen = await choose(world, world.ada, await several(world))
    world.write("UPDATE jobs SET removed = ?", [(1,)])
    refused = await act(world, world.ada, chosen, "resample")
    assert "A moderator removed this result" in ephemeral_text(refused)


async def test_a_server_can_keep_it_for_who_asked(world: DiscordWorld) -> None:
    """As all that is done with a result there."""
    card = await several(world)
    chosen = {who: await choose(world, who, card) for who in (world.ada, world.ben)}
    change: dict[str, Any] = {"controls": "requester"}
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, **change)
    )
    refused = await act(world, world.ben, chosen[world.ben], "resample")
    assert "who asked" in ephemeral_text(refused)
    await resampled(world, await act(world, world.ada, chosen[world.ada], "resample"))
