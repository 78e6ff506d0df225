"""/settings words: the words that the admins of a server forbid there."""

import pytest
import simcord

from tests.cogs.actions import finished_card
from tests.cogs.discord_world import DiscordWorld, reply_text
from tests.cogs.test_moderation import BY_SERVER, WORD, forbid_as_admin

LISTED = "`/settings words list` has them."


async def words(world: DiscordWorld, command: str, **options: object) -> simcord.InteractionResult:
    """Let the admin use a command of /settings words."""
    return await world.mia.slash(world.channel, f"settings words {command}", **options)


async def test_an_admin_keeps_a_list(world: DiscordWorld) -> None:
    """Added by commas, once each, shown to the admin alone, counted for all in the overview."""
    told = reply_text(await words(world, "add", words=f"{WORD}, Blood bath、毒品,NAPALM"))
    assert told == "3 more are forbidden. In all, 3 words and phrases are forbidden here: " + LISTED
    assert "All of these were forbidden already." in reply_text(
        await words(world, "add", words="blood  bath")
    )
    listed = await words(world, "list")
    assert "these 3 words and phrases. Only you see this." in reply_text(listed)
    assert listed.response is not None
    (file,) = listed.response.attachments
    assert (await file.read()).decode() == f"{WORD}\nBlood bath\n毒品\n"
    assert file.is_spoiler()
    shown = await world.mia.slash(world.channel, "settings show")
    assert shown.response is not None
    (fact,) = (f.value for f in shown.response.embeds[0].fields if f.name == "Forbidden words")
    assert str(fact).startswith("3 words and phrases")
    offered = await world.mia.autocomplete(world.channel, "settings words remove", "word", "BLOOD")
    assert [each["value"] for each in offered] == ["Blood bath"]
    assert "Prompts may contain **blood bath** again. 2 words" in reply_text(
        await words(world, "remove", word="blood bath")
    )
    assert BY_SERVER in reply_text(await world.imagine(world.ada, "画毒品"))
    await finished_card(world, "a blood bath")
    await words(world, "add", words="\u202eback")
    assert "contain **back** again" in reply_text(await words(world, "remove", word="\u202eback"))


async def test_the_list_outlives_a_restart_and_goes_with_a_reset(world: DiscordWorld) -> None:
    """It is a setting of the server like the others."""
    await forbid_as_admin(world)
    await world.restart()
    assert BY_SERVER in reply_text(await world.imagine(world.ada, WORD))
    await world.mia.slash(world.channel, "settings reset", what="words")
    assert reply_text(await words(world, "list")).startswith("No word is forbidden here.")
    await finished_card(world, WORD)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("!!!", "A forbidden word needs a letter or a digit"),
        (" , ,", "A forbidden word needs a letter or a digit"),
        ("x" * 61, "A forbidden word has at most 60 characters"),
        (",".join(f"w{number}" for number in range(201)), "at most 200 words"),
    ],
)
async def test_what_cannot_be_forbidden_is_refused(
    world: DiscordWorld, typed: str, sentence: str
) -> None:
    """The list stays as it was, so that a long one cannot be lost by a slip."""
    await forbid_as_admin(world)
    assert sentence in reply_text(await words(world, "add", words=typed))
    assert world.bot.preference_store.server(world.guild.id).words == (WORD,)


async def test_a_word_that_is_not_on_the_list_is_told(world: DiscordWorld) -> None:
    """A typing error removes nothing."""
    await forbid_as_admin(world)
    assert "other is not forbidden here" in reply_text(await words(world, "remove", word="other"))


async def test_expressions_are_the_operators_alone(world: DiscordWorld) -> None:
    """A stranger's expression could stop the bot for all servers; it is words here."""
    await words(world, "add", words="/(a+)+$/")
    assert BY_SERVER in reply_text(await world.imagine(world.ada, "(a+)+$"))
    await finished_card(world, "a" * 200 + "!")


async def test_only_who_manages_the_server_sees_the_list(world: DiscordWorld) -> None:
    """It would teach everybody how to write around it."""
    await forbid_as_admin(world)
    for command, options in (("list", {}), ("add", {"words": "x"}), ("remove", {"word": "x"})):
        with pytest.raises(simcord.SetupError):
            await world.ada.slash(world.channel, f"settings words {command}", **options)
