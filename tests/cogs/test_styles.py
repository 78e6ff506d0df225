"""/style: what admins offer to everybody in a server."""

from pathlib import Path

import discord
import msgspec
import pytest
import simcord

from bot.core.models import ImageOptions
from bot.preferences.server_styles import MAX_STYLE_PROMPT, MAX_STYLES, ServerStyle
from bot.preferences.style_files import example_styles
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.test_languages import prefers
from tests.cogs.test_mydata import deleted
from tests.cogs.test_settings import HOSTILE
from tests.images.test_content_store import picture_bytes

INK = {"name": "Ink", "prompt": "{prompt}, in ink"}
DAY_S = 24 * 3600


async def save(world: DiscordWorld, **options: object) -> simcord.InteractionResult:
    """Let the admin save a style."""
    return await world.mia.slash(world.channel, "style save", **(INK | options))


async def load(world: DiscordWorld, content: object) -> str:
    """Let the admin import a file; return the answer."""
    data = content if isinstance(content, bytes) else msgspec.json.encode(content)
    answer = await world.mia.slash(world.channel, "style import", file=("styles.json", data))
    return private_text(answer)


def private_text(answer: simcord.InteractionResult) -> str:
    """Return what one person alone reads, at once or after "thinking"."""
    said = [each for each in (answer.response, *answer.followups) if each and each.content]
    assert all(each.flags.ephemeral for each in said)
    return str(said[0].content)


def styles(world: DiscordWorld) -> dict[str, ImageOptions]:
    """Return the server's styles by the names that people read."""
    return {each.name: each.options for each in world.bot.styles.styles(world.guild.id).values()}


def page(answer: simcord.InteractionResult) -> list[discord.Embed]:
    """Return the embeds of a private list."""
    assert answer.response is not None
    assert answer.response.flags.ephemeral
    return list(answer.response.embeds)


def response_of(answer: simcord.InteractionResult) -> simcord.ResponseMessage:
    """Return the message of an answer."""
    assert answer.response is not None
    return answer.response


async def offered(world: DiscordWorld, typed: str = "") -> list[str]:
    """Return what Ada is offered as preset."""
    choices = await world.ada.autocomplete(world.channel, "imagine", "preset", typed, prompt="p")
    assert all(choice["name"] == choice["value"] for choice in choices)
    return [choice["value"] for choice in choices]


async def bodies_of(world: DiscordWorld, preset: str, prompt: str = "a fox") -> str:
    """Let Ada paint with a preset; return the prompt that was sent."""
    before = len(world.gateway.bodies)
    answer = await world.imagine(world.ada, prompt, preset=preset)
    await world.wait_for_jobs()
    if len(world.gateway.bodies) == before:
        return reply_text(answer)
    return str(world.gateway.bodies[-1]["prompt"])


# --- saved by an admin, used by everybody -------------------------------------------------------


async def test_everybody_paints_with_a_style_also_after_a_restart(world: DiscordWorld) -> None:
    """Its options count as those of a preset do; whoever paints pays."""
    said = private_text(await save(world, model="gpt-image-2", size="1536x1024", n=2))
    assert said.startswith("Saved as **Ink**. Everybody here can now choose it as `preset` in </")
    await world.restart()
    assert await bodies_of(world, "iNK") == "a fox, in ink"
    body = world.gateway.bodies[0]
    assert (body["model"], body["size"], body["n"]) == ("gpt-image-2", "1536x1024", 2)
    await world.ben.slash(world.channel, "preset use", name="Ink · server style", prompt="an owl")
    await world.wait_for_jobs()
    assert world.gateway.bodies[-1]["prompt"] == "an owl, in ink"
    assert world.credits() == 4


async def test_a_person_is_offered_their_own_presets_first(world: DiscordWorld) -> None:
    """A style of the same name stays within reach, by the label as by the value."""
    await save(world)
    await save(world, name="Watercolour", prompt="{prompt}, watercolour")
    mine = {"name": "ink", "prompt": "{prompt}, my ink"}
    await world.ada.slash(world.channel, "preset save", **mine)
    await world.ada.slash(world.channel, "preset save", name="zebra", n=1)
    assert await offered(world) == [
        "ink",
        "zebra",
        "Ink · server style",
        "Watercolour · server style",
    ]
    assert await offered(world, "INK · s") == ["Ink · server style"]
    assert await offered(world, "colour") == ["Watercolour · server style"]
    assert await bodies_of(world, "Ink") == "a fox, my ink"
    assert await bodies_of(world, "Ink · server style") == "a fox, in ink"
    await prefers(world, world.ada, "zh-CN")
    assert await offered(world, "服务器") == ["Ink · 服务器风格", "Watercolour · 服务器风格"]
    for label in ("Ink · 服务器风格", "ink · SERVER style"):
        assert await bodies_of(world, label) == "a fox, in ink"
    listed = await world.ada.autocomplete(world.channel, "preset delete", "name", "")
    assert [choice["value"] for choice in listed] == ["ink", "zebra"]


async def test_the_options_of_a_style_count_while_somebody_types(world: DiscordWorld) -> None:
    """The sizes offered are those of the style's model."""
    await save(world, model="gpt-image-2")
    sizes = await world.ada.autocomplete(
        world.channel, "imagine", "size", "1536", prompt="p", preset="Ink · server style"
    )
    assert {"name": "1536x1024", "value": "1536x1024"} in sizes


async def test_flags_of_a_style_and_of_the_person_are_read_one_by_one(world: DiscordWorld) -> None:
    """Ben's --no took the words of the style away, and the style's --ar replaced his."""
    await save(world, prompt="{prompt}, in ink --ar 16:9 --no colours --chaos 20")
    await world.imagine(
        world.ben, "a fox --no cars --ar 1:1 --tile", preset="Ink", model="easel-painter"
    )
    await world.wait_for_jobs()
    body = world.gateway.bodies[-1]
    assert (body["prompt"], body["negative_prompt"]) == ("a fox, in ink", "cars")
    assert body["size"] == "1024x1024"
    assert "`--tile`, `--chaos 20` have no meaning" in str(world.card.embeds[0].description)
    assert await bodies_of(world, "Ink", "an owl --ar 9:16") == "an owl, in ink"
    assert world.gateway.bodies[-1]["size"] == "1024x1792"


async def test_what_is_typed_may_be_what_a_style_leaves_out(world: DiscordWorld) -> None:
    """The placeholder is where the admin wrote it, also behind --no; it needs words there, too."""
    await save(world, prompt="an empty room --no {prompt}", model="easel-painter")
    assert await bodies_of(world, "Ink", "chairs") == "an empty room"
    assert world.gateway.bodies[-1]["negative_prompt"] == "chairs"
    assert "what to paint" in await bodies_of(world, "Ink", "--ar 16:9")
    assert len(world.gateway.bodies) == 1


async def test_styles_belong_to_their_server(build: WorldBuilder) -> None:
    """Another server's people and direct messages know nothing of them."""
    async with build.world(allow_direct_messages=True) as world:
        await save(world)
        assert await world.ada.user.autocomplete("imagine", "preset", "", prompt="p") == []
        refusal = await world.ada.user.slash("imagine", prompt="p", preset="ink")
        assert "You have no preset called ink" in reply_text(refusal)
        assert world.bot.styles.styles(world.guild.id + 1) == {}


async def test_only_who_manages_the_server_changes_its_styles(world: DiscordWorld) -> None:
    """Discord does not even offer the commands to others."""
    for command, options in (
        ("save", INK),
        ("delete", {"name": "x"}),
        ("import", {}),
        ("export", {}),
    ):
        with pytest.raises(simcord.SetupError):
            await world.ada.slash(world.channel, f"style {command}", **options)


async def test_a_model_that_is_gone_is_told_as_for_presets(world: DiscordWorld) -> None:
    """Another model would cost another price and paint another picture."""
    await save(world, model="gpt-image-2")
    await world.mia.slash(world.channel, "settings models allow", model="dall-e-3")
    assert "does not allow gpt-image-2" in await bodies_of(world, "Ink")
    await world.mia.slash(world.channel, "settings models all")
    await world.restart(image_models=("dall-e-3",))
    assert "There is no model called gpt-image-2" in await bodies_of(world, "Ink")


async def test_a_style_is_replaced_and_deleted(world: DiscordWorld) -> None:
    """Each answer says what became of it."""
    await save(world)
    assert "was replaced" in private_text(await save(world, name="INK", n=2))
    assert styles(world) == {"INK": ImageOptions(prompt="{prompt}, in ink", n=2)}
    choices = await world.mia.autocomplete(world.channel, "style delete", "name", "i")
    assert choices == [{"name": "INK", "value": "INK"}]
    gone = await world.mia.slash(world.channel, "style delete", name="ink")
    assert private_text(gone) == "The style **INK** was deleted."
    assert styles(world) == {}
    again = private_text(await world.mia.slash(world.channel, "style delete", name=HOSTILE))
    assert again.startswith("This server has no style called")
    assert "https://" not in again
    assert "You have no preset called" in await bodies_of(world, "ink")


# --- wrong values -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"prompt": "ink"}, "has no place for what people type"),
        ({"prompt": "{PROMPT} in ink"}, "has no place for what people type"),
        ({"prompt": "🦊" * 999 + "{prompt}"}, "may have at most 2,000"),
        ({"name": "\u200b"}, "has no visible characters"),
        ({"name": "🦊" * 26}, "may have at most 50 characters"),
        ({"model": "dall-e-9"}, "There is no model called dall-e-9"),
        ({"size": "7x7"}, "does not support the size 7x7"),
        ({"style": HOSTILE}, "style"),
        ({"quality": HOSTILE}, "quality"),
        ({"background": HOSTILE}, "background"),
    ],
)
async def test_what_nobody_could_use_is_not_saved(
    world: DiscordWorld, options: dict[str, object], sentence: str
) -> None:
    """The admin learns it now, not everybody later."""
    said = private_text(await save(world, **options))
    assert sentence in said
    assert "https://" not in said
    assert styles(world) == {}


@pytest.mark.parametrize("options", [{"prompt": ""}, {"prompt": "x" * 5_000}, {"name": "x" * 51}])
async def test_what_discord_refuses_is_never_sent(
    world: DiscordWorld, options: dict[str, object]
) -> None:
    """The form itself says so."""
    with pytest.raises(simcord.OptionError):
        await save(world, **options)


async def test_a_strangers_words_act_on_nobody(world: DiscordWorld) -> None:
    """Markdown, mentions, links and lines are shown as they were typed."""
    name = "**Ink** <@&1> [a](https://evil.example)"
    said = private_text(await save(world, name=name, prompt=f"{{prompt}}\n# x\n{HOSTILE[:900]}"))
    assert "https://" not in said
    _, shown = page(await world.mia.slash(world.channel, "style list"))
    assert "https://" not in f"{shown.title}{shown.description}"
    assert "<@1>" not in str(shown.description)
    assert "\u202e" not in str(shown.description)
    assert "\n# x" not in str(shown.description)


# --- the list, and its pictures -----------------------------------------------------------------


async def test_the_list_shows_styles_with_their_examples(world: DiscordWorld) -> None:
    """A picture says more than a prompt; a large one is kept small."""
    large = picture_bytes("png", size=(1600, 800))
    await save(world, example=("ink.png", large), model="gpt-image-2", n=2)
    answer = await world.mia.slash(world.channel, "style list")
    head, ink = page(answer)
    assert head.title == "🖌️ The style of this server"
    assert ink.title == "Ink"
    assert ink.description == "> {prompt}, in ink\n-# gpt-image-2 · 2 pictures"
    assert answer.response is not None
    (file,) = answer.response.attachments
    assert ink.thumbnail.url == f"attachment://{file.filename}"
    assert file.description == "An example of the style Ink"
    assert file.size < 20_000


async def test_an_example_outlives_retention_restart_and_a_new_prompt(
    build: WorldBuilder,
) -> None:
    """As long as its style exists; without it, the file goes as all others do."""
    async with build.world(retention_days=1) as world:
        await save(world, example=("ink.png", picture_bytes("png", size=(64, 64))))
        await save(world, prompt="{prompt}, brush and ink")
        world.skipped_ms += 40 * DAY_S * 1000
        await world.bot.services.retention.delete_expired()
        await world.restart()
        (path,) = files(world)
        assert len(page(await world.mia.slash(world.channel, "style list"))) == 2
        await world.mia.slash(world.channel, "style delete", name="ink")
        await world.bot.services.retention.delete_expired()
        assert not path.exists()


async def test_what_a_person_deletes_leaves_the_example_of_a_style(world: DiscordWorld) -> None:
    """The style is the server's, though the person may have painted the same picture."""
    await save(world, example=("ink.png", picture_bytes("png", size=(64, 64))))
    (path,) = files(world)
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    world.write("UPDATE pictures SET sha256 = ?, format = 'webp', bytes = ?", [kept_as(path)])
    assert "deleted" in await deleted(world, world.ada)
    assert path in files(world)
    await world.restart()
    assert "Ink" in styles(world)


def kept_as(path: Path) -> tuple[str, int]:
    """Return how the database names a file."""
    return path.stem, path.stat().st_size


def files(world: DiscordWorld) -> list[Path]:
    """Return the files of the content store."""
    return [path for path in (world.folder / "vault").rglob("*.*") if path.is_file()]


async def test_a_list_without_the_file_of_an_example_is_shown(world: DiscordWorld) -> None:
    """A backup may have been restored without its pictures."""
    await save(world, example=("ink.png", picture_bytes("png", size=(64, 64))))
    for path in files(world):
        path.unlink()
    answer = await world.mia.slash(world.channel, "style list")
    _, ink = page(answer)
    assert ink.thumbnail.url is None


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("notes.txt", b"no picture", "could not be read"),
        ("ink.png", b"\x89PNG broken", "could not be read"),
        ("ink.png", picture_bytes("png", size=(64, 64))[:-40], "could not be read"),
        ("ink.png", b"x" * 20_000_001, "larger than 20 MB"),
    ],
)
async def test_a_wrong_example_is_refused_with_its_style(
    world: DiscordWorld, name: str, data: bytes, sentence: str
) -> None:
    """Nothing is half saved, and nothing is left on the disk."""
    assert sentence in private_text(await save(world, example=(name, data)))
    assert styles(world) == {}
    assert files(world) == []


async def test_everybody_turns_the_pages_of_the_list(world: DiscordWorld) -> None:
    """From /preset list, also after a restart, and where the page is gone."""
    many = [ServerStyle.of(f"s {n:02}", ImageOptions(prompt="{prompt}")) for n in range(11)]
    await world.bot.styles.save(world.guild.id, many)
    presets = await world.ada.slash(world.channel, "preset list")
    assert presets.response is not None
    await world.restart()
    opened = await world.ada.click(presets.response, custom_id="easel:styles:open:1")
    assert page(opened)[0].footer.text == "Page 1 of 3"
    assert [embed.title for embed in page(opened)[1:]] == [f"s {n:02}" for n in range(5)]
    turned = await world.ada.click(response_of(opened), custom_id="easel:styles:turn:2")
    assert [embed.title for embed in page(turned)[1:]] == [f"s {n:02}" for n in range(5, 10)]
    for style in many[1:]:
        await world.bot.styles.delete(world.guild.id, style.name)
    last = await world.ada.click(response_of(turned), custom_id="easel:styles:turn:3")
    assert [embed.title for embed in page(last)[1:]] == ["s 00"]
    await world.restart(allowed_servers=(1,))
    refused = await world.ada.click(presets.response, custom_id="easel:styles:open:1")
    assert "not on the operator's list" in private_text(refused)


async def test_a_list_without_styles_says_how_to_begin(world: DiscordWorld) -> None:
    """And /preset list has no button that leads nowhere."""
    (head,) = page(await world.mia.slash(world.channel, "style list"))
    assert "`/style import`" in str(head.description)
    presets = await world.ada.slash(world.channel, "preset list")
    assert presets.response is not None
    assert presets.response.components == []


# --- files --------------------------------------------------------------------------------------


async def test_the_styles_that_come_with_easel_work(world: DiscordWorld) -> None:
    """A dozen at least, in one command, none with the name of somebody."""
    answer = await world.mia.slash(world.channel, "style import")
    assert private_text(answer) == (
        "14 styles were saved. Everybody here can now choose one as `preset` in `/imagine`."
    )
    assert len(styles(world)) == len(example_styles()) == 14
    assert (await bodies_of(world, "Ink")).startswith("a fox, drawn with a brush")
    again = await world.mia.slash(world.channel, "style import")
    assert "14 of them in place of earlier ones" in private_text(again)


async def test_what_is_exported_can_be_imported(world: DiscordWorld) -> None:
    """In another server, or after a change in an editor; an example stays with its style."""
    assert "no styles yet" in private_text(await world.mia.slash(world.channel, "style export"))
    await save(world, example=("ink.png", picture_bytes("png", size=(64, 64))), n=2)
    await save(world, name="狐", prompt="{prompt}\n“狐”", model="gpt-image-2", quality="high")
    before = styles(world)
    answer = await world.mia.slash(world.channel, "style export")
    assert answer.response is not None
    (file,) = answer.response.attachments
    assert file.filename == "easel-styles.json"
    data = await file.read()
    assert msgspec.json.decode(data)["version"] == 1
    await world.mia.slash(world.channel, "style delete", name="狐")
    assert "2 styles were saved, 1 of them" in await load(world, b"\xef\xbb\xbf" + data)
    assert styles(world) == before
    assert world.bot.styles.style(world.guild.id, "ink").picture is not None


def file_of(*entries: object, **others: object) -> dict[str, object]:
    """Return a file with these styles."""
    return {"version": 1, "styles": list(entries)} | others


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot be read as a list of styles"),
        (b"not json", "cannot be read as a list of styles"),
        (b'{"version": 1, "styles": ["\xff"]}', "styl"),
        (b"\xff\xfe\x00", "cannot be read as a list of styles"),
        (b"[" * 1_000_000, "styl"),
        (b'{"version":1,"styles":' + b"[" * 500_000, "styl"),
        (b'{"x":' * 300_000, "that is not known here"),
        (b"[]", "is not a list of styles"),
        (b"x" * 10_000_000, "larger than 2 MB"),
        (file_of(INK, version=2), "The field version of the file is missing or wrong"),
        ({"styles": [INK]}, "The field version of the file is missing or wrong"),
        (file_of(INK, artist="x"), "a field called artist that is not known"),
        (
            file_of(INK, INK | {"name": "b", "Prompt": "x"}),
            "Style 2 of the file has a field called",
        ),
        (file_of({"name": "Ink"}), "The field prompt of style 1 in the file is missing"),
        (file_of(INK | {"n": "4"}), "The field n of style 1 in the file is missing or wrong"),
        (file_of(INK | {"n": 10**30}), "n"),
        (file_of(INK, "ink"), "Style 2 of the file is not written as a style"),
        (file_of(INK | {HOSTILE: 1}), "that is not known here"),
        (file_of(INK, INK | {"name": "iNK"}), "two styles called iNK"),
        (file_of(INK | {"prompt": "ink"}), "has no place for what people type"),
        (file_of(INK | {"prompt": "{prompt}" + "x" * 5_000}), "may have at most 2,000"),
        (file_of(INK | {"name": "x" * 51}), "may have at most 50 characters"),
        (file_of(INK | {"n": 11}), "No model here can paint the style Ink"),
        (file_of(INK | {"model": HOSTILE}), "No model here can paint the style Ink"),
        (file_of(*[INK | {"name": f"{n}"} for n in range(101)]), "at most 100 styles"),
    ],
)
async def test_a_wrong_file_changes_nothing(
    world: DiscordWorld, content: object, sentence: str
) -> None:
    """All of it or nothing, and one sentence that says what to correct."""
    said = await load(world, content)
    assert sentence in said
    assert said.endswith(".")
    assert ". " not in said
    assert "https://" not in said
    assert styles(world) == {}


async def test_a_server_has_at_most_a_hundred_styles(world: DiscordWorld) -> None:
    """Whatever command they come by; one that is replaced counts once."""
    prompt = "{prompt}" + "x" * (MAX_STYLE_PROMPT - 8)
    many = [{"name": f"s {n}", "prompt": prompt} for n in range(MAX_STYLES)]
    assert "100 styles were saved" in await load(world, file_of(*many))
    assert "may have at most 100 styles" in private_text(await save(world))
    assert "was replaced" in private_text(await save(world, name="S 7"))
    assert "may have at most 100 styles" in await load(world, file_of(INK, many[0]))
    answer = await world.mia.slash(world.channel, "style export")
    assert answer.response is not None
    data = await answer.response.attachments[0].read()
    assert "100 of them in place" in await load(world, data)
    assert len(await offered(world)) == 25
