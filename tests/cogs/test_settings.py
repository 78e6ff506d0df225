"""/settings: what admins set for a server, and that every command keeps to it."""

import re

import discord
import pytest
import simcord

from bot.preferences.stored_preferences import ServerSettings
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed, reply_text
from tests.cogs.test_reroll_reaction import messages, react, rerollable_card

HOSTILE = "**x** <@1> @everyone \u200b[a](https://evil.example)\u202e" + "y" * 3_900


async def change(world: DiscordWorld, command: str, **options: object) -> dict[str, str]:
    """Let the admin change something; return what the answer says holds now."""
    answer = await world.mia.slash(world.channel, f"settings {command}", **options)
    assert "Saved" in str(reply_embed(answer).title), reply_text(answer)
    return facts(answer)


def facts(answer: simcord.InteractionResult) -> dict[str, str]:
    """Return the fields of a private answer by name."""
    return {str(field.name): str(field.value) for field in reply_embed(answer).fields}


def written(world: DiscordWorld) -> ServerSettings:
    """Return what the bot knows of the server."""
    return world.bot.preference_store.server(world.guild.id)


async def test_a_server_that_set_nothing_shows_that_all_is_open(world: DiscordWorld) -> None:
    """An admin sees every setting, what holds without it, and the command that changes it."""
    answer = await world.mia.slash(world.channel, "settings show")
    assert reply_embed(answer).title == "⚙️ Settings of this server"
    shown = {name: re.sub(r":\d+>", ">", value) for name, value in facts(answer).items()}
    assert shown == {
        "Limits": "**Everyone** · 20 credits per day, the operator's default · </quota set>",
        "Costs": "The operator's defaults · </quota cost>",
        "Defaults": "dall-e-3 · 1024x1024 · 1 picture · </settings defaults>",
        "Models": "All · </settings models allow>",
        "Channels": "All · </settings channels allow>",
        "Roles": "Everyone · </settings roles allow>",
        "Spoilers": "Pictures are shown · </settings defaults>",
        "Buttons and reactions under a result": "For anyone · </settings controls>",
        "Emojis": "🔄 re-roll · ❌ delete · </settings emojis>",
        "Moderation": "The operator's default · </settings moderation>",
        "Forbidden words": "None · </settings words add>",
        "Language": "Same as in Discord · </settings language>",
        "Log channel": "Off · </settings log>",
        "Styles": "None yet · </style import>",
    }


async def test_defaults_hold_where_nothing_is_typed_also_after_a_restart(
    world: DiscordWorld,
) -> None:
    """Option before server before operator."""
    held = await change(world, "defaults", model="GPT-image-2", size="1536*1024", n=2)
    assert held["Defaults"] == "gpt-image-2 · 1536x1024 · 2 pictures"
    await world.restart()
    await world.imagine(world.ada)
    await world.imagine(world.ada, n=1, size="1024x1024")
    await world.imagine(world.ada, model="dall-e-3", n=1)
    await world.wait_for_jobs()
    sent = [(body["model"], body.get("n", 1), body["size"]) for body in world.gateway.bodies]
    assert sent == [
        ("gpt-image-2", 2, "1536x1024"),
        ("gpt-image-2", 1, "1024x1024"),
        ("dall-e-3", 1, "1024x1024"),
    ]


async def test_a_default_can_be_forgotten(world: DiscordWorld) -> None:
    """One group of settings, or everything."""
    await change(world, "defaults", model="gpt-image-2", n=3)
    await change(world, "controls", who="requester")
    held = await change(world, "reset", what="defaults")
    assert held["Defaults"] == "dall-e-3 · 1024x1024 · 1 picture"
    assert written(world) == ServerSettings(controls="requester")
    await change(world, "reset", what="everything")
    assert written(world) == ServerSettings()


@pytest.mark.parametrize(
    ("command", "options", "sentence"),
    [
        ("defaults", {}, "No option was filled in"),
        ("defaults", {"model": "dall-e-9"}, "choose one of these: dall-e-3, gpt-image-2"),
        ("defaults", {"size": "7x7"}, "dall-e-3 does not support the size 7x7"),
        ("defaults", {"model": "gpt-image-2", "size": "1x1"}, "2 does not support the size 1x1"),
        ("defaults", {"model": HOSTILE}, "There is no model called x 1 everyone"),
        ("models allow", {"model": "dall-e-9"}, "choose one of these: dall-e-3, gpt-image-2"),
        ("models remove", {"model": "dall-e-3"}, "dall-e-3 is not on the allowed list"),
        ("models remove", {"model": HOSTILE}, "is not on the allowed list"),
        ("language", {"language": "tlh"}, "please choose one of these: English"),
        ("language", {"language": HOSTILE}, "please choose one of these: English"),
        ("emojis", {}, "No option was filled in"),
        ("emojis", {"reroll": "x"}, "x is not an emoji that can be used"),
        ("emojis", {"reroll": HOSTILE}, "is not an emoji that can be used"),
        ("emojis", {"reroll": "🔄🔄"}, "is not an emoji that can be used"),
        ("emojis", {"delete": "🔄"}, "The same emoji cannot both"),
        ("emojis", {"delete": "<:fox:123456789012345678>"}, "is not an emoji that can be used"),
    ],
)
async def test_a_wrong_value_is_refused_and_changes_nothing(
    world: DiscordWorld, command: str, options: dict[str, object], sentence: str
) -> None:
    """The admin reads what is right; what strangers type acts on nobody."""
    answer = await world.mia.slash(world.channel, f"settings {command}", **options)
    told = reply_text(answer)
    assert sentence in told
    assert "please" in told
    assert "https://" not in told
    assert "@everyone" not in told
    assert len(told) < 1_000
    assert written(world) == ServerSettings()


async def test_a_member_without_the_permission_cannot_change_anything(world: DiscordWorld) -> None:
    """Discord itself keeps others out, so admins can open it in Integrations."""
    with pytest.raises(simcord.SetupError, match="default-member-permissions"):
        await world.ada.slash(world.channel, "settings controls", who="requester")
    assert world.rows("SELECT * FROM server_settings") == []


async def test_another_server_has_its_own_settings(world: DiscordWorld) -> None:
    """The settings of one server do not apply to another."""
    await change(world, "defaults", n=2)
    await change(world, "channels allow", channel=world.guild.create_text_channel("art"))
    other = world.env.create_guild("Others")
    hall = other.create_text_channel("hall")
    ada = other.add_member(world.env.create_user("Ada"))
    await ada.slash(hall, "imagine", prompt="a fox")
    await world.wait_for_jobs()
    assert world.gateway.bodies[0].get("n", 1) == 1
    assert "Painting is not allowed in this channel" in reply_text(await world.imagine(world.ada))


async def test_pictures_are_painted_in_allowed_channels_and_their_threads(
    world: DiscordWorld,
) -> None:
    """Elsewhere a person is told where to go."""
    art = world.guild.create_text_channel("art")
    held = await change(world, "channels allow", channel=art)
    assert held["Channels"] == f"<#{art.id}>"
    refusal = reply_text(await world.imagine(world.ada))
    assert refusal == (f"Painting is not allowed in this channel, so please go to <#{art.id}>.")
    place = world.bot.client.get_channel(art.id)
    assert isinstance(place, discord.TextChannel)
    with world.env.time_context():
        await place.create_thread(name="night", type=discord.ChannelType.public_thread)
        await world.env.settle()
    (thread,) = art.threads
    for channel in (art, thread):
        await world.ada.slash(channel, "imagine", prompt="a fox")
        await world.wait_for_jobs()
    assert len(world.gateway.bodies) == 2


async def test_a_category_stands_for_its_channels(world: DiscordWorld) -> None:
    """One setting opens ten channels."""
    studio = world.guild.create_category("studio")
    oil = world.guild.create_text_channel("oil", category=studio)
    await change(world, "channels allow", channel=studio)
    assert not (await world.ada.slash(oil, "imagine", prompt="a fox")).ephemeral
    assert (await world.imagine(world.ada)).ephemeral
    await world.wait_for_jobs()


async def test_who_has_an_allowed_role_paints(world: DiscordWorld) -> None:
    """The others are told which role they need; admins are no exception."""
    painter = world.guild.create_role("painter")
    pia = world.guild.add_member(world.env.create_user("Pia"), roles=[painter])
    await change(world, "roles allow", role=painter)
    assert not (await world.imagine(pia)).ephemeral
    await world.wait_for_jobs()
    for other in (world.ada, world.mia):
        assert f"role <@&{painter.id}> may paint here" in reply_text(await world.imagine(other))
    await change(world, "roles allow", role=world.guild.default_role)
    assert written(world).roles is None


async def test_a_model_that_is_not_allowed_is_refused_with_those_that_are(
    world: DiscordWorld,
) -> None:
    """Nor is it offered; the default becomes one that is allowed."""
    held = await change(world, "models allow", model="gpt-image-2")
    assert held["Models"] == "gpt-image-2"
    assert held["Defaults"].startswith("gpt-image-2")
    refusal = reply_text(await world.imagine(world.ada, model="dall-e-3"))
    assert "does not allow dall-e-3, so please choose one of these: gpt-image-2" in refusal
    offered = await world.ada.autocomplete(world.channel, "imagine", "model", "", prompt="p")
    assert [choice["value"] for choice in offered] == ["gpt-image-2"]
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert world.gateway.bodies[0]["model"] == "gpt-image-2"
    answer = await world.mia.slash(world.channel, "settings defaults", model="dall-e-3")
    assert "does not allow dall-e-3" in reply_text(answer)
    held = await change(world, "models remove", model="GPT-IMAGE-2")
    assert held["Models"] == "All"


async def test_a_model_that_the_operator_took_away_is_told(world: DiscordWorld) -> None:
    """A list without a living model closes the server, and says with whom to talk."""
    await change(world, "models allow", model="gpt-image-2")
    await change(world, "defaults", model="gpt-image-2")
    await world.restart(image_models=("dall-e-3",))
    refusal = reply_text(await world.imagine(world.ada))
    assert "None of the models allowed in this server is available any more" in refusal
    held = facts(await world.mia.slash(world.channel, "settings show"))
    assert "Nobody can paint" in held["Models"]
    listed = await world.mia.autocomplete(world.channel, "settings models remove", "model", "")
    assert [choice["value"] for choice in listed] == ["gpt-image-2"]
    await change(world, "models all")
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert world.gateway.bodies[0]["model"] == "dall-e-3"


async def test_lists_are_emptied_by_hand_into_all(world: DiscordWorld) -> None:
    """Removing the last one is a decision, and the answer says what it means."""
    art, hall = (world.guild.create_text_channel(name) for name in ("art", "hall"))
    await change(world, "channels allow", channel=art)
    await change(world, "channels allow", channel=hall)
    held = await change(world, "channels remove", channel=art)
    assert held["Channels"] == f"<#{hall.id}>"
    again = await world.mia.slash(world.channel, "settings channels remove", channel=art)
    assert "#art is not on the allowed list" in reply_text(again)
    held = await change(world, "channels remove", channel=hall)
    assert held["Channels"] == "All"
    painter = world.guild.create_role("painter")
    await change(world, "roles allow", role=painter)
    assert (await change(world, "roles remove", role=painter))["Roles"] == "Everyone"
    await change(world, "roles allow", role=painter)
    assert (await change(world, "roles all"))["Roles"] == "Everyone"
    await change(world, "channels allow", channel=art)
    assert (await change(world, "channels all"))["Channels"] == "All"


async def test_a_server_chooses_its_own_emojis(world: DiscordWorld) -> None:
    """One of Discord's, or one that the server drew."""
    fox = world.guild.create_emoji("fox")
    held = await change(world, "emojis", reroll=f"<:fox:{fox.id}>", delete="🗑️")
    assert held["Emojis"] == f"<:fox:{fox.id}> re-roll · 🗑️ delete"
    asked = [request.path for request in world.env.http_requests if request.method != "PUT"]
    (looked_up,) = (at for at, path in enumerate(asked) if "/emojis/" in path)
    assert any(path.endswith("/callback") for path in asked[:looked_up])  # within three seconds
    other = world.env.create_guild("Others").create_emoji("owl")
    answer = await world.mia.slash(world.channel, "settings emojis", reroll=f"<:owl:{other.id}>")
    assert "is not an emoji that can be used here" in reply_text(answer)
    assert (await change(world, "reset", what="emojis"))["Emojis"].startswith("🔄")


@pytest.mark.parametrize("level", ["low", "auto"])
async def test_the_moderation_level_reaches_models_that_know_it(
    world: DiscordWorld, level: str
) -> None:
    """The others ignore it, and the settings say which."""
    held = await change(world, "moderation", level=level)
    assert held["Moderation"] == (f"{level}\n-# This has no effect on dall-e-3, easel-painter.")
    await world.imagine(world.ada, model="gpt-image-2")
    await world.imagine(world.ada, model="dall-e-3")
    await world.wait_for_jobs()
    assert [body.get("moderation") for body in world.gateway.bodies] == [level, None]
    held = await change(world, "moderation", level="operator")
    assert held["Moderation"] == "The operator's default"


async def test_a_roll_obeys_the_level_of_today(world: DiscordWorld) -> None:
    """What was painted before the server became stricter is rolled again more strictly."""
    await change(world, "moderation", level="low")
    card = await rerollable_card(world, model="gpt-image-2")
    await change(world, "moderation", level="auto")
    await react(world, world.ben, card)
    assert [body["moderation"] for body in world.gateway.bodies] == ["low", "auto"]


async def test_the_servers_language_is_that_of_public_cards(world: DiscordWorld) -> None:
    """Discord says en-US of everybody; the server may know better."""
    await world.imagine(world.ada)
    await change(world, "language", language="en")
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    await react(world, world.ben, world.card)
    locales = [locale for (locale,) in world.rows("SELECT locale FROM jobs")]
    assert sorted(locales) == ["en", "en", "en-US"]


@pytest.mark.parametrize("language", ["en", "English", "ENGLISH "])
async def test_a_language_is_chosen_by_its_code_or_name(world: DiscordWorld, language: str) -> None:
    """As people call it."""
    assert (await change(world, "language", language=language))["Language"] == "English"
    offered = await world.mia.autocomplete(world.channel, "settings language", "language", "eng")
    assert offered == [{"name": "English", "value": "en"}]
    assert (await change(world, "reset", what="language"))["Language"] == "Same as in Discord"


async def test_a_reaction_keeps_to_the_rules_too(world: DiscordWorld) -> None:
    """Allowed channels, roles and models apply to every command, button and reaction."""
    card = await rerollable_card(world)
    art, painter = world.guild.create_text_channel("art"), world.guild.create_role("painter")
    for command, options, sentence in (
        ("channels allow", {"channel": art}, "Painting is not allowed in this channel"),
        ("roles allow", {"role": painter}, "Only people with the role"),
        ("models allow", {"model": "gpt-image-2"}, "does not allow dall-e-3"),
        ("controls", {"who": "requester"}, "only the person who asked"),
    ):
        await change(world, command, **options)
        await react(world, world.ben, card)
        assert sentence in messages(world)[-1].content
        await change(world, "reset", what="everything")
        await world.env.advance_time(61)
    assert len(world.gateway.bodies) == 1
    await change(world, "controls", who="requester")
    await react(world, world.ada, card)
    assert len(world.gateway.bodies) == 2


async def test_a_reaction_in_a_thread_counts_as_its_channel(world: DiscordWorld) -> None:
    """A reaction brings only the thread's id."""
    place = world.bot.client.get_channel(world.channel.id)
    assert isinstance(place, discord.TextChannel)
    with world.env.time_context():
        await place.create_thread(name="night", type=discord.ChannelType.public_thread)
        await world.env.settle()
    (thread,) = world.channel.threads
    await change(world, "channels allow", channel=world.channel)
    await world.ada.slash(thread, "imagine", prompt="a fox")
    await world.wait_for_jobs()
    assert thread.last_message is not None
    await react(world, world.ben, thread.last_message)
    assert len(world.gateway.bodies) == 2


async def test_a_roll_knows_its_parent(world: DiscordWorld) -> None:
    """Lineage: the details can link to what it came from."""
    card = await rerollable_card(world)
    await react(world, world.ben, card)
    first = world.rows("SELECT id FROM jobs WHERE parent IS NULL")
    assert world.rows("SELECT parent FROM jobs WHERE parent IS NOT NULL") == first


async def test_the_default_is_marked_where_somebody_types(build: WorldBuilder) -> None:
    """People see what they get without choosing."""
    async with build.world() as world:
        await change(world, "defaults", model="gpt-image-2", size="1536x1024")
        suggest = world.ada.autocomplete
        models = await suggest(world.channel, "imagine", "model", "", prompt="p")
        assert models[0] == {"name": "GPT Image 2 · 1 credit · default", "value": "gpt-image-2"}
        assert [c["value"] for c in models[1:]] == ["dall-e-3", "easel-painter"]
        sizes = await suggest(world.channel, "imagine", "size", "", prompt="p")
        assert {"name": "1536x1024 · default", "value": "1536x1024"} in sizes
        sizes = await suggest(world.channel, "imagine", "size", "", prompt="p", model="dall-e-3")
        assert {"name": "1024x1024 · default", "value": "1024x1024"} in sizes
