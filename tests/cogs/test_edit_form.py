"""The form under a result, and the context menu: almost the same, or something made of it."""

import json
from dataclasses import replace
from typing import Any

import discord
import pytest
import simcord
from yarl import URL

from bot.core.clock import Clock
from bot.discord_ui.modals import FormOutdated, read_submitted_form
from bot.discord_ui.uploads import MessagePictures
from bot.gateways.download import Downloader
from tests.cogs.actions import (
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    form_fields,
    form_values,
    newest_job_id,
    press,
    select_labels,
    submit_form,
)
from tests.cogs.discord_world import DiscordWorld, reply_text
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_references import MASK, PNG, sent
from tests.images.test_content_store import picture_bytes

WEBP = picture_bytes("webp")


def originals(world: DiscordWorld) -> list[bytes]:
    """Return the files of the newest finished job, as the vault has them."""
    rows = world.rows(
        "SELECT sha256, format FROM pictures WHERE job_id = (SELECT MAX(job_id) FROM pictures)"
        " ORDER BY number"
    )
    content_store = world.folder / "vault"
    return [(content_store / digest[:2] / f"{digest}.{kind}").read_bytes() for digest, kind in rows]


def newest_source(world: DiscordWorld) -> dict[str, Any]:
    """Return where the first reference of the newest job was posted."""
    ((request,),) = world.rows("SELECT request FROM jobs ORDER BY id DESC LIMIT 1")
    source: dict[str, Any] = json.loads(str(request))["references"][0]["source"]
    return source


async def use(
    world: DiscordWorld, who: simcord.MemberActor, message: discord.Message
) -> simcord.InteractionResult:
    """Choose *Use as reference* in a message's context menu."""
    return await who.context_menu(world.channel, "Use as reference", message)


# --- the form ---------------------------------------------------------------------------------


async def test_the_form_opens_with_everything_as_it_was(world: DiscordWorld) -> None:
    """Five parts, in Discord's limits, to change one word of."""
    card = await finished_card(
        world, "a fox", model="easel-painter", n=2, reference1=("x.png", PNG)
    )
    shown = await press(world, world.ben, card, "edit")
    assert shown.modal is not None
    assert str(shown.modal["custom_id"]).startswith(f"easel:edited:{newest_job_id(world)}:")
    assert [field["custom_id"] for field in form_fields(shown)] == [
        "prompt",
        "model",
        "size",
        "start",
        "files",
    ]
    assert form_values(shown) == {
        "prompt": "a fox",
        "model": ["easel-painter"],
        "size": "1024x1024",
        "start": ["references"],
    }
    assert select_labels(shown, "model") == ["easel-painter", "dall-e-3", "gpt-image-2"]
    assert select_labels(shown, "start") == [
        "The prompt alone",
        "The reference image it was made from",
        "Picture 1",
        "Picture 2",
    ]
    labels = [label["label"] for label in shown.modal["components"]]
    assert all(len(label) <= 45 for label in (shown.modal["title"], *labels))


@pytest.mark.parametrize("how", ["edit", "use", "menu"])
async def test_a_form_does_not_repeat_anothers_declined_prompt(
    world: DiscordWorld, how: str
) -> None:
    """Only who typed it reads it again; others begin with an empty line."""
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    card = await finished_card(world, "something terrible", n=2)
    for who, prompt in ((world.ben, None), (world.ada, "something terrible")):
        shown = await (use(world, who, card) if how == "menu" else press(world, who, card, how))
        assert form_values(shown).get("prompt") == prompt


async def test_one_changed_word_keeps_the_rest(world: DiscordWorld) -> None:
    """Model, size, quality and number are as before; whoever sends it pays."""
    card = await finished_card(world, size="1792x1024", quality="hd", n=2)
    first = newest_job_id(world)
    shown = await press(world, world.ben, card, "edit")
    await submit_form(world, world.ben, shown, prompt="an owl")
    before, after = world.gateway.bodies[0], world.gateway.bodies[-1]
    assert {**before, "prompt": "an owl", "user": ""} == {**after, "user": ""}
    assert len(world.gateway.bodies) == 4
    assert "Ben" in world.title
    assert world.rows("SELECT parent FROM jobs ORDER BY id") == [(None,), (first,)]
    assert world.rows("SELECT SUM(credits) FROM charges GROUP BY user_id") == [(2,), (2,)]


async def test_another_model_drops_what_it_does_not_know(world: DiscordWorld) -> None:
    """Nobody typed the old model's quality and size for the new one."""
    card = await finished_card(world, model="dall-e-3", size="1792x1024", quality="hd")
    shown = await press(world, world.ada, card, "edit")
    await submit_form(world, world.ada, shown, model=["gpt-image-2"])
    body = world.gateway.bodies[-1]
    assert body["model"] == "gpt-image-2"
    assert "quality" not in body
    assert len(world.card.attachments) == 1


async def test_the_picture_itself_becomes_the_reference(world: DiscordWorld) -> None:
    """The original from the vault, not what Discord made of it."""
    card = await finished_card(world, model="easel-painter", n=2)
    files, first = originals(world), newest_job_id(world)
    shown = await press(world, world.ben, card, "use")
    assert form_values(shown)["start"] == ["picture:1"]
    await submit_form(world, world.ben, shown, start=["picture:2"], prompt="in snow")
    assert sent(world) == [files[1]]
    # Where a fresh address of it can be looked up.
    source = newest_source(world)
    assert (source["file"], source["job_id"]) == (card.attachments[1].filename, first)


async def test_a_model_that_takes_references_is_proposed(world: DiscordWorld) -> None:
    """dall-e-3 cannot start from its own picture, so the form offers one that can."""
    card = await finished_card(world, model="dall-e-3")
    shown = await press(world, world.ada, card, "use")
    assert form_values(shown)["model"] == ["gpt-image-2"]


async def test_files_come_after_what_was_chosen(world: DiscordWorld) -> None:
    """The kept references first, then the uploads, in their order."""
    card = await finished_card(world, model="easel-painter", reference1=("x.png", PNG))
    shown = await press(world, world.ada, card, "edit")
    uploads = [("a.webp", WEBP), ("b.jpg", picture_bytes("jpeg"))]
    await submit_form(world, world.ada, shown, files=uploads)
    assert sent(world) == [PNG, WEBP, picture_bytes("jpeg")]
    assert "3 reference images" in str(world.card.embeds[0].footer.text)


async def test_a_mask_stays_with_its_references(world: DiscordWorld) -> None:
    """Another word for the same hole."""
    files: dict[str, Any] = {"reference1": ("x.png", PNG), "mask": ("m.png", MASK)}
    card = await finished_card(world, model="gpt-image-2", **files)
    shown = await press(world, world.ada, card, "edit")
    await submit_form(world, world.ada, shown, prompt="an owl")
    assert world.gateway.bodies[-1]["mask"] == [MASK]
    shown = await press(world, world.ada, world.card, "edit")
    await world.env.advance_time(3)
    await submit_form(world, world.ada, shown, start=["nothing"])
    assert "mask" not in world.gateway.bodies[-1]


async def test_a_form_from_before_a_restart_still_paints(world: DiscordWorld) -> None:
    """discord.py forgot it; its id and its fields say everything."""
    card = await finished_card(world, model="easel-painter")
    files = originals(world)
    shown = await press(world, world.ben, card, "use")
    await world.restart()
    await submit_form(world, world.ben, shown, prompt="in snow", files=[("a.webp", WEBP)])
    assert sent(world) == [files[0], WEBP]
    assert "Ben" in world.title


# --- what can be wrong with it ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"size": "banana"}, "does not support the size banana"),
        ({"size": "7x7"}, "does not support the size 7x7"),
        ({"prompt": "\u2800 "}, "The prompt is empty"),
        ({"start": ["picture:1"]}, "does not support reference images"),
        ({"files": [("x.png", PNG)]}, "does not support reference images"),
    ],
)
async def test_wrong_values_are_refused_and_the_words_come_back(
    world: DiscordWorld, changes: dict[str, Any], sentence: str
) -> None:
    """Nobody types a long prompt twice."""
    card = await finished_card(world, "a fox in the snow")
    shown = await press(world, world.ada, card, "edit")
    refused = await submit_form(world, world.ada, shown, **changes)
    assert sentence in ephemeral_text(refused)
    back = [str(each.content) for each in ephemeral_messages(refused)[1:]]
    assert len(back) == 1
    assert "prompt" in changes or "a fox in the snow" in back[0]
    assert len(world.gateway.bodies) == 1
    assert world.credits() == 1


async def test_long_words_come_back_as_a_file(world: DiscordWorld) -> None:
    """2,000 characters fit into a message."""
    card = await finished_card(world, "fox " * 900, model="gpt-image-2")
    shown = await press(world, world.ada, card, "edit")
    refused = await submit_form(world, world.ada, shown, size="banana")
    (file,) = ephemeral_messages(refused)[1].attachments
    assert (await file.read()).decode().startswith("fox fox")


async def test_a_file_that_is_no_picture_ends_the_job(world: DiscordWorld) -> None:
    """The card says which one, and the credits come back."""
    card = await finished_card(world, model="easel-painter", reference1=("x.png", PNG))
    shown = await press(world, world.ada, card, "edit")
    await submit_form(world, world.ada, shown, files=[("x.png", b"text")])
    assert "Reference image 2 is not a readable PNG" in str(world.card.embeds[0].description)
    assert world.credits() == 1


async def test_a_file_that_is_too_large_is_refused(world: DiscordWorld) -> None:
    """Discord says how large it is, before anything is fetched."""
    card = await finished_card(world, model="easel-painter")
    shown = await press(world, world.ada, card, "edit")
    refused = await submit_form(world, world.ada, shown, files=[("x.png", bytes(20_000_001))])
    assert "larger than 20 MB" in ephemeral_text(refused)


async def test_two_thousand_units_of_emoji_come_back_as_a_file(world: DiscordWorld) -> None:
    """A message takes fewer of them than of letters, and nothing may be lost."""
    card = await finished_card(world, model="gpt-image-2")
    shown = await press(world, world.ada, card, "edit")
    refused = await submit_form(world, world.ada, shown, prompt="🦊" * 1_500, size="9x9")
    (file,) = ephemeral_messages(refused)[1].attachments
    assert (await file.read()).decode() == "🦊" * 1_500


async def test_a_picture_that_went_meanwhile_is_told(world: DiscordWorld) -> None:
    """The form was open for a day."""
    card = await finished_card(world, model="easel-painter")
    shown = await press(world, world.ada, card, "use")
    for path in (world.folder / "vault").rglob("*.png"):
        path.unlink()
    assert "no longer kept" in ephemeral_text(await submit_form(world, world.ada, shown))


async def test_rules_that_came_meanwhile_hold_for_an_open_form(world: DiscordWorld) -> None:
    """The access rules apply to a form as well."""
    card = await finished_card(world)
    shown = await press(world, world.ben, card, "edit")
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, controls="requester")
    )
    assert "who asked" in ephemeral_text(await submit_form(world, world.ben, shown))
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, controls="anyone", roles=())
    )
    again = await press(world, world.ben, card, "edit")
    assert again.modal is None


async def test_only_allowed_models_are_offered(world: DiscordWorld) -> None:
    """And one that was allowed before gives way to one that is."""
    card = await finished_card(world, model="dall-e-3")
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, models=("easel-painter",))
    )
    shown = await press(world, world.ada, card, "edit")
    assert select_labels(shown, "model") == ["easel-painter"]
    assert form_values(shown)["model"] == ["easel-painter"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"components": []},
        {"components": [{"component": {"custom_id": "prompt", "value": 7}}]},
        {"components": [{"type": 1, "components": []}]},
    ],
)
def test_what_is_no_form_of_ours_is_refused(data: dict[str, object]) -> None:
    """A form of an earlier version may have other fields."""
    with pytest.raises(FormOutdated):
        read_submitted_form(data)


# --- the context menu -------------------------------------------------------------------------


async def test_any_picture_can_be_the_start(world: DiscordWorld) -> None:
    """Ben sends a photo, Ada makes something of it."""
    photo = await world.ben.send(
        world.channel, "look", attachments=[("a.webp", WEBP), ("notes.txt", b"x"), ("b.png", PNG)]
    )
    shown = await use(world, world.ada, photo)
    assert select_labels(shown, "start") == ["The prompt alone", "Picture 1", "Picture 2"]
    assert form_values(shown)["model"] == ["gpt-image-2"]
    await submit_form(
        world, world.ada, shown, prompt="in snow", model=["easel-painter"], start=["picture:2"]
    )
    assert sent(world) == [PNG]
    assert "Ada" in world.title
    assert newest_source(world)["message_id"] == photo.id


async def test_a_result_of_ours_is_used_with_its_original(world: DiscordWorld) -> None:
    """The context menu and the button are one."""
    card = await finished_card(world, model="easel-painter")
    files = originals(world)
    first = newest_job_id(world)
    shown = await use(world, world.ben, card)
    assert form_values(shown)["prompt"] == "a fox"
    await submit_form(world, world.ben, shown, prompt="in snow")
    assert sent(world) == files
    assert world.rows("SELECT parent FROM jobs ORDER BY id") == [(None,), (first,)]


async def test_a_message_without_a_picture_is_told(world: DiscordWorld) -> None:
    """Words are no reference."""
    chat = await world.ben.send(world.channel, "look", attachments=[("notes.txt", b"x")])
    assert "This message contains no picture" in reply_text(await use(world, world.ada, chat))


async def test_a_picture_in_an_embed_is_read_through_discord(world: DiscordWorld) -> None:
    """A link that somebody posted: Discord fetched it, we read Discord's copy."""
    photo = await world.ben.send(world.channel, "x", attachments=[("a.webp", WEBP)])
    proxy = photo.attachments[0].url
    hook = await posted_by_a_hook(world, {"url": "https://example.com/a.webp", "proxy_url": proxy})
    shown = await use(world, world.ada, hook)
    await submit_form(world, world.ada, shown, prompt="in snow", model=["easel-painter"])
    assert sent(world) == [WEBP]


async def test_nothing_is_fetched_from_the_operators_network(world: DiscordWorld) -> None:
    """The URL of an embed may point anywhere: it is not fetched from a private address."""
    inside = f"{world.gateway.url}/files/1.png"
    hook = await posted_by_a_hook(world, {"url": inside})
    shown = await use(world, world.ada, hook)
    await submit_form(world, world.ada, shown, prompt="in snow", model=["easel-painter"])
    assert "Reference image 1 could not be downloaded" in str(world.card.embeds[0].description)
    assert world.gateway.downloads == 0
    assert world.credits() == 0
    assert inside not in str(world.rows("SELECT * FROM jobs"))


async def test_what_is_not_at_discords_is_fetched_by_the_rules_for_downloads(
    world: DiscordWorld,
) -> None:
    """Where the operator trusts a host, or the address is public; this one is trusted."""
    hook = await posted_by_a_hook(world, {"url": f"{world.gateway.url}/files/1.png"})
    port = URL(world.gateway.url).port
    async with Downloader({("127.0.0.1", port)}, clock=Clock()) as downloader:
        (upload,) = MessagePictures(world.bot.client, downloader).of(hook)
        assert (await upload.read()).startswith(b"\x89PNG")
        # After a restart an address would be read as one of Discord's.
        assert upload.url is None


async def test_after_a_restart_the_words_come_back(world: DiscordWorld) -> None:
    """Discord shows the bot a message only when somebody points at it."""
    photo = await world.ben.send(world.channel, "x", attachments=[("a.webp", WEBP)])
    shown = await use(world, world.ada, photo)
    await world.restart()
    refused = await submit_form(world, world.ada, shown, prompt="in snow")
    assert "restarted" in ephemeral_text(refused)
    assert "in snow" in str(ephemeral_messages(refused)[1].content)


async def test_house_rules_hold_for_the_context_menu(world: DiscordWorld) -> None:
    """And for the form that it showed before they came."""
    photo = await world.ben.send(world.channel, "x", attachments=[("a.webp", WEBP)])
    shown = await use(world, world.ada, photo)
    art = world.guild.create_text_channel("art")
    await world.bot.preference_store.change_server(
        world.guild.id, lambda settings: replace(settings, channels=(art.id,))
    )
    assert f"<#{art.id}>" in ephemeral_text(
        await submit_form(world, world.ada, shown, prompt="in snow")
    )
    assert f"<#{art.id}>" in reply_text(await use(world, world.ada, photo))
    assert world.gateway.bodies == []


async def posted_by_a_hook(world: DiscordWorld, image: dict[str, str]) -> discord.Message:
    """Let another application post an embed with a picture."""
    hook = world.guild.create_webhook(world.channel, "news")
    return await hook.send(embed=discord.Embed.from_dict({"image": image, "title": "news"}))
