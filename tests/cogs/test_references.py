"""References: attached once, sent with the request, never silently ignored."""

import base64
from typing import Any

import discord
import pytest

from bot.core.clock import Clock
from bot.core.models import CardAddress
from bot.discord_ui.uploads import MessagePictures, find_file
from bot.gateways.download import Downloader
from tests.cogs.actions import ephemeral_text, press
from tests.cogs.discord_world import DiscordWorld, reply_text
from tests.cogs.scripted_gateway import png
from tests.images.test_content_store import mask_bytes, picture_bytes

PNG = picture_bytes("png")
MASK = mask_bytes()


def attached(world: DiscordWorld) -> list[str]:
    """Return the data URIs of the newest request."""
    images = world.gateway.bodies[-1].get("images", [])
    assert isinstance(images, list)
    return [image["image_url"] for image in images]


def sent(world: DiscordWorld) -> list[bytes]:
    """Return the reference pictures that the gateway was sent, decoded."""
    return [base64.b64decode(uri.partition(",")[2], validate=True) for uri in attached(world)]


async def test_attached_pictures_reach_the_model(world: DiscordWorld) -> None:
    """Five files, in their order, byte for byte; the card counts them."""
    files = [
        picture_bytes("png"),
        picture_bytes("jpeg"),
        picture_bytes("webp"),
        picture_bytes("png", size=(9, 9)),
        PNG,
    ]
    options: dict[str, Any] = {
        f"reference{i}": (f"{i}.bin", data) for i, data in enumerate(files, 1)
    }
    options["model"] = "easel-painter"
    await world.imagine(world.ada, **options)
    await world.wait_for_jobs()
    assert sent(world) == files
    assert [image[:16] for image in attached(world)] == [
        "data:image/png;b",
        "data:image/jpeg;",
        "data:image/webp;",
        "data:image/png;b",
        "data:image/png;b",
    ]
    assert "5 reference images" in str(world.card.embeds[0].footer.text)
    assert world.credits() == 1


async def test_only_the_fifth_option_is_as_good_as_the_first(world: DiscordWorld) -> None:
    """People fill in whichever option they tap."""
    await world.imagine(world.ada, model="easel-painter", reference5=("x.png", PNG))
    await world.wait_for_jobs()
    assert sent(world) == [PNG]


async def test_a_model_that_takes_none_refuses_and_names_one_that_does(world: DiscordWorld) -> None:
    """A reference is never silently ignored."""
    answer = await world.imagine(world.ada, model="dall-e-3", reference1=("x.png", PNG))
    assert "does not support reference images" in reply_text(answer)
    assert "easel-painter" in reply_text(answer)
    assert world.rows("SELECT * FROM jobs") == []


async def test_a_file_that_is_no_picture_ends_the_job_and_gives_the_credits_back(
    world: DiscordWorld,
) -> None:
    """The card is there already, so it says what was wrong with which file."""
    await world.imagine(
        world.ada, model="easel-painter", reference1=("x.png", PNG), reference2=("y.png", b"text")
    )
    await world.wait_for_jobs()
    assert "Reference image 2 is not a readable PNG" in str(world.card.embeds[0].description)
    assert world.gateway.bodies == []
    assert world.credits() == 0
    assert world.rows("SELECT state FROM jobs") == [("failed",)]


async def test_a_file_that_is_too_large_is_refused_before_the_card(world: DiscordWorld) -> None:
    """Discord says how large it is, so nobody has to wait for the answer."""
    answer = await world.imagine(
        world.ada, model="easel-painter", reference1=("x.png", bytes(20_000_001))
    )
    assert "Reference image 1 is larger than 20 MB" in reply_text(answer)
    assert world.rows("SELECT * FROM jobs") == []


async def test_a_mask_says_where_the_first_picture_may_change(world: DiscordWorld) -> None:
    """GPT image models take both as files of a form."""
    jpeg = picture_bytes("jpeg")
    files = {"reference1": ("a.jpg", jpeg), "reference2": ("b.png", PNG), "mask": ("m.png", MASK)}
    await world.ada.slash(world.channel, "imagine", prompt="a fox", model="gpt-image-2", **files)
    await world.wait_for_jobs()
    (body,) = world.gateway.bodies
    assert body["image[]"] == [jpeg, PNG]
    assert body["mask"] == [MASK]
    assert body["prompt"] == "a fox"
    assert len(str(body["user"])) == 32
    assert str(world.ada.id) not in str(body["user"])
    names = [attachment.filename.rpartition("-")[2] for attachment in world.card.attachments]
    assert names == ["1.png", "references.webp"]


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (mask_bytes(size=(9, 9)), "first reference image (40 by 30 pixels)"),
        (PNG, "no transparent part"),
    ],
)
async def test_a_mask_that_does_not_fit_ends_the_job(
    world: DiscordWorld, mask: bytes, said: str
) -> None:
    """The sentence says what would fit, and the credits come back; nothing of it can be repeated.

    Neither file was kept: it would paint from the words alone.
    """
    await world.ada.slash(
        world.channel,
        "imagine",
        prompt="a fox",
        model="gpt-image-2",
        reference1=("a.png", PNG),
        mask=("m.png", mask),
    )
    await world.wait_for_jobs()
    assert said in str(world.card.embeds[0].description)
    answer = await press(world, world.ada, world.card, "again")
    assert "were not kept" in ephemeral_text(answer)
    assert (world.gateway.bodies, world.credits()) == ([], 0)


async def test_a_mask_alone_is_refused_at_once(world: DiscordWorld) -> None:
    """It lies over nothing."""
    answer = await world.ada.slash(
        world.channel, "imagine", prompt="a fox", model="gpt-image-2", mask=("m.png", PNG)
    )
    assert "attach that image as the first reference" in reply_text(answer)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"quality": "best"}, "does not support the quality best, so please choose one of these: "),
        ({"style": "odd"}, "vivid, natural"),
        ({"background": "transparent"}, "does not support the option background"),
    ],
)
async def test_a_quality_or_style_that_the_model_lacks_is_refused(
    world: DiscordWorld, options: dict[str, str], sentence: str
) -> None:
    """A parameter that a model does not know would be refused by the gateway, or be ignored."""
    answer = await world.imagine(world.ada, **options)
    assert sentence in reply_text(answer)
    assert world.gateway.bodies == []


async def test_quality_and_style_reach_the_model_and_the_card(world: DiscordWorld) -> None:
    """What was chosen is what is painted and told."""
    await world.imagine(world.ada, quality="HD", style="natural")
    await world.wait_for_jobs()
    (body,) = world.gateway.bodies
    assert (body["quality"], body["style"]) == ("hd", "natural")
    assert "hd · natural" in str(world.card.embeds[0].footer.text)


async def test_suggestions_of_quality_follow_the_model(world: DiscordWorld) -> None:
    """People see only what the chosen model knows."""
    suggest = world.ada.autocomplete
    found = await suggest(world.channel, "imagine", "quality", "h", prompt="p", model="dall-e-3")
    assert [choice["value"] for choice in found] == ["hd", "standard"]
    none = await suggest(world.channel, "imagine", "style", "", prompt="p", model="easel-painter")
    assert none == []
    some = await suggest(
        world.channel, "imagine", "background", "", prompt="p", model="gpt-image-2"
    )
    assert "opaque" in [choice["value"] for choice in some]


def test_the_gateway_of_these_journeys_paints() -> None:
    """A fake that painted nothing would let every test pass."""
    assert base64.b64decode(png("8x8")).startswith(b"\x89PNG")


async def test_a_link_that_looks_like_a_file_of_discord_is_none(world: DiscordWorld) -> None:
    """Anybody chooses its path: the bot would fetch from wherever a stranger says."""
    link = "https://stranger.example/attachments/1/2/a.png"
    copy = (
        "https://images-ext-1.discordapp.net/external/x/https/stranger.example/attachments/2/a.png"
    )
    hook, image = (
        world.guild.create_webhook(world.channel, "news"),
        {"url": link, "proxy_url": copy},
    )
    posted = await hook.send(embed=discord.Embed.from_dict({"image": image}))
    async with Downloader((), clock=Clock()) as downloader:
        (upload,) = MessagePictures(world.bot.client, downloader).of(posted)
    assert upload.source is None
    there = CardAddress(world.channel.id, posted.id, 1, None)
    assert await find_file(world.bot.client, "2/a.png", [there]) is None
