"""What the operator or a server forbids is painted through no door, and nobody pays for trying."""

from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from bot.moderation.expressions import Expression
from bot.moderation.moderation import PromptModeration
from bot.moderation.rules import OperatorRules, parse_rules
from tests.cogs.actions import ephemeral_text, finished_card, press, submit_form
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.test_edit_form import use
from tests.cogs.test_picture_actions import act, choose, several
from tests.cogs.test_references import PNG
from tests.cogs.test_refusal_buttons import choose as press_remedy
from tests.cogs.test_refusal_buttons import labels
from tests.cogs.test_reroll_reaction import react
from tests.cogs.test_styles import INK, load, private_text
from tests.cogs.test_styles import save as save_style

PAINTER = "easel-painter"
WORD = "napalm"
# Everything that a filter may overlook at once: Cyrillic а, zero-width, full-width, capital.
HIDDEN = "nаp\u200bａLm"
BY_OPERATOR = "forbidden by the operator of this bot"
BY_SERVER = "forbidden by the admins of this server"

Forbid = Callable[[DiscordWorld], Awaitable[str]]
"""Forbids the word; returns a part of what people are told then."""

Door = Callable[["Place"], Awaitable[str]]
"""Asks for something forbidden; returns what the person is told."""


async def forbid_as_operator(world: DiscordWorld) -> str:
    world.bot.services.moderation.rules = parse_rules(WORD, file="words.txt")
    return BY_OPERATOR


async def forbid_as_operator_with_an_expression(world: DiscordWorld) -> str:
    world.bot.services.moderation.rules = parse_rules("/n+apal[mn]/", file="words.txt")
    return BY_OPERATOR


async def forbid_as_admin(world: DiscordWorld) -> str:
    answer = await world.mia.slash(world.channel, "settings words add", words=WORD)
    assert "1 more is forbidden" in reply_text(answer)
    return BY_SERVER


# --- the doors --------------------------------------------------------------------------------
# Each does first what is possible only before the word is forbidden.


class Place:
    """Where a door is tried: a world, and who forbids the word there."""

    def __init__(self, world: DiscordWorld, forbid: Forbid) -> None:
        self.world = world
        self._forbid = forbid

    async def forbid(self) -> None:
        """Forbid the word, and remember what there was before."""
        self.sentence = await self._forbid(self.world)
        self.before = self.counts()

    def counts(self) -> tuple[object, ...]:
        """Return all that a declined request must leave as it is."""
        rows = [self.world.rows(f"SELECT COUNT(*) FROM {name}") for name in ("jobs", "charges")]
        return (*rows, self.world.rows("SELECT * FROM meters"), len(self.world.gateway.bodies))


async def typed(at: Place) -> str:
    await at.forbid()
    return reply_text(await at.world.imagine(at.world.ada, f"a {HIDDEN} sky"))


async def private(at: Place) -> str:
    await at.forbid()
    return reply_text(await at.world.imagine(at.world.ada, HIDDEN, private=True))


async def negative(at: Place) -> str:
    await at.forbid()
    answer = await at.world.imagine(at.world.ada, model=PAINTER, negative=HIDDEN)
    return reply_text(answer)


async def flag(at: Place) -> str:
    await at.forbid()
    answer = await at.world.imagine(at.world.ada, f"a fox --no {HIDDEN}", model=PAINTER)
    return reply_text(answer)


async def word_of_an_option(at: Place) -> str:
    await at.world.restart(image_models=("undescribed",))
    await at.forbid()
    return reply_text(await at.world.imagine(at.world.ada, style=WORD))


async def preset(at: Place) -> str:
    world = at.world
    await world.ada.slash(world.channel, "preset save", name="p", prompt=f"{{prompt}} {HIDDEN}")
    await at.forbid()
    return reply_text(await world.imagine(world.ada, preset="p"))


async def preset_use(at: Place) -> str:
    world = at.world
    await world.ada.slash(world.channel, "preset save", name="p", prompt=HIDDEN)
    await at.forbid()
    return reply_text(await world.ada.slash(world.channel, "preset use", name="p"))


async def words_across_a_preset(at: Place) -> str:
    world = at.world
    await world.ada.slash(world.channel, "preset save", name="p", prompt="a nap{prompt}m")
    await at.forbid()
    return reply_text(await world.imagine(world.ada, "al", preset="p"))


async def style(at: Place) -> str:
    await save_style(at.world, prompt=f"{{prompt}}, {HIDDEN}")
    await at.forbid()
    return reply_text(await at.world.imagine(at.world.ada, preset="Ink"))


async def reroll_button(at: Place) -> str:
    card = await finished_card(at.world, HIDDEN)
    await at.forbid()
    return ephemeral_text(await press(at.world, at.world.ben, card, "again"))


async def reroll_reaction(at: Place) -> str:
    card = await finished_card(at.world, HIDDEN)
    await at.forbid()
    await react(at.world, at.world.ben, card)
    return at.world.card.content


async def edit_form(at: Place) -> str:
    card = await finished_card(at.world)
    await at.forbid()
    shown = await press(at.world, at.world.ben, card, "edit")
    return ephemeral_text(await submit_form(at.world, at.world.ben, shown, prompt=HIDDEN))


async def use_form(at: Place) -> str:
    card = await several(at.world, 1)
    await at.forbid()
    shown = await press(at.world, at.world.ben, card, "use")
    return ephemeral_text(await submit_form(at.world, at.world.ben, shown, prompt=HIDDEN))


async def menu_form(at: Place) -> str:
    photo = await at.world.ben.send(at.world.channel, "x", attachments=[("a.png", PNG)])
    await at.forbid()
    shown = await use(at.world, at.world.ada, photo)
    answer = await submit_form(at.world, at.world.ada, shown, prompt=HIDDEN)
    return ephemeral_text(answer)


async def vary(at: Place) -> str:
    card = await finished_card(at.world, HIDDEN, model=PAINTER, n=2)
    await at.forbid()
    chosen = await choose(at.world, at.world.ben, card)
    return ephemeral_text(await act(at.world, at.world.ben, chosen, "vary"))


async def remedy(at: Place) -> str:
    await at.forbid()
    refused = await at.world.imagine(at.world.ada, HIDDEN, size="1000x1000")
    assert "does not support the size" in reply_text(refused)
    label = str(labels(refused)[0])
    return reply_text(await press_remedy(at.world, at.world.ada, refused, label))


async def changed_prompt(at: Place) -> str:
    await at.forbid()
    refused = await at.world.imagine(at.world.ada, "\u200b")
    shown = await press_remedy(at.world, at.world.ada, refused, "Change the prompt")
    answer = await submit_form(at.world, at.world.ada, shown, prompt=HIDDEN)
    return ephemeral_text(answer)


DOORS: dict[str, Door] = {
    each.__name__: each
    for each in (
        typed,
        private,
        negative,
        flag,
        word_of_an_option,
        preset,
        preset_use,
        words_across_a_preset,
        style,
        reroll_button,
        reroll_reaction,
        edit_form,
        use_form,
        menu_form,
        vary,
        remedy,
        changed_prompt,
    )
}


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("forbid", [forbid_as_operator, forbid_as_admin])
async def test_no_door_lets_a_forbidden_word_in(
    world: DiscordWorld, name: str, forbid: Forbid
) -> None:
    """Checked once, before anything is held: no job, no charge, no request to a gateway.

    Neither the person nor the log is told the word: it would teach how to go around it.
    """
    place = Place(world, forbid)
    with capture_logs() as logs:
        told = await DOORS[name](place)
        await world.wait_for_jobs()
    assert place.sentence in told
    assert "change the prompt" in told
    assert place.counts() == place.before
    (declined,) = (entry for entry in logs if entry["event"] == "moderation.declined")
    number = {"line": 1} if place.sentence == BY_OPERATOR else {"word": 1}
    assert declined.items() >= number.items()
    for text in (told, *map(str, logs)):
        assert WORD not in text
        assert HIDDEN not in text


@pytest.mark.parametrize("name", ["typed", "reroll_reaction", "edit_form", "style"])
async def test_an_expression_holds_as_a_word_does(world: DiscordWorld, name: str) -> None:
    """Searched in a thread with a time limit, at the same place."""
    place = Place(world, forbid_as_operator_with_an_expression)
    assert BY_OPERATOR in await DOORS[name](place)
    assert place.counts() == place.before


async def test_the_button_changes_the_prompt_and_nothing_else(world: DiscordWorld) -> None:
    """Whoever is declined goes on from what they typed; the other options stay."""
    await forbid_as_operator(world)
    refused = await world.imagine(world.ada, f"a {WORD} sky", size="1792x1024", n=2)
    assert labels(refused) == ["Change the prompt"]
    shown = await press_remedy(world, world.ada, refused, "Change the prompt")
    await submit_form(world, world.ada, shown, prompt="a red sky")
    assert [body["prompt"] for body in world.gateway.bodies] == ["a red sky"] * 2
    assert world.gateway.bodies[0]["size"] == "1792x1024"
    assert world.credits() == 2


async def test_a_style_with_forbidden_text_is_not_saved(world: DiscordWorld) -> None:
    """An admin learns it now, not everybody later; of a file, which style it is."""
    await forbid_as_operator(world)
    for options in ({"prompt": f"{{prompt}} {HIDDEN}"}, {"name": HIDDEN}, {"negative": HIDDEN}):
        told = private_text(await save_style(world, model=PAINTER, **options))
        assert "forbids, so please change its prompt" in told
    bad = {"name": "Fire", "prompt": f"{{prompt}}, {HIDDEN}"}
    told = await load(world, {"version": 1, "styles": [INK, bad]})
    assert told.startswith("The style Fire has something")
    assert world.bot.styles.styles(world.guild.id) == {}
    assert "Saved" in private_text(await save_style(world))


async def test_another_server_is_not_concerned(world: DiscordWorld) -> None:
    """The words of admins hold where they are admins."""
    await forbid_as_admin(world)
    other = world.env.create_guild("Others")
    channel = other.create_text_channel("channel")
    eve = other.add_member(world.env.create_user("Eve"))
    await eve.slash(channel, "imagine", prompt=f"a {WORD} sky")
    await world.wait_for_jobs()
    assert len(world.gateway.bodies) == 1


async def test_in_direct_messages_the_operators_rules_hold(build: WorldBuilder) -> None:
    """There is no server whose words could, and nobody else who reads."""
    async with build.world(allow_direct_messages=True) as world:
        await forbid_as_admin(world)
        await world.ada.user.slash("imagine", prompt=WORD)
        await world.wait_for_jobs()
        assert len(world.gateway.bodies) == 1
        await forbid_as_operator(world)
        assert BY_OPERATOR in reply_text(await world.ada.user.slash("imagine", prompt=WORD))
        assert len(world.gateway.bodies) == 1


async def test_the_file_is_read_at_the_start(build: WorldBuilder) -> None:
    """MODERATION_FILE alone is enough; other prompts are painted as before."""
    file = build.folder.parent / "words.txt"
    file.write_text(f"# ours\n{WORD}\n/(very ){{2,}}bad/\n", "utf-8")
    async with build.world(moderation_file=file) as world:
        for prompt in (HIDDEN, "a VERY very bad fox"):
            assert BY_OPERATOR in reply_text(await world.imagine(world.ada, prompt))
        assert world.gateway.bodies == []
        await finished_card(world, "a very good fox")
        assert len(world.gateway.bodies) == 1


async def test_a_prompt_that_cannot_be_checked_in_time_is_declined(world: DiscordWorld) -> None:
    """Nothing passes unchecked, the bot goes on, and the operator's log names the line."""
    import regex  # noqa: PLC0415 - as the bot does

    pattern = regex.compile("(a+)+$", cache_pattern=False)
    slow = Expression(7, (pattern,) * 3)
    world.bot.services.moderation.rules = OperatorRules(expressions=(slow,))
    with capture_logs() as logs:
        told = reply_text(await world.imagine(world.ada, "a" * 3000 + "!"))
    assert "could not be checked in time, so please shorten it or try again later" in told
    assert [entry["line"] for entry in logs if entry["event"] == "moderation.too_slow"] == [7]
    assert world.gateway.bodies == []
    assert world.credits() == 0
    await finished_card(world)
    assert len(world.gateway.bodies) == 1


async def test_rules_that_are_replaced_hold_for_the_next_request(world: DiscordWorld) -> None:
    """A reload needs no restart; what runs already is painted to its end."""
    moderation: PromptModeration = world.bot.services.moderation
    await forbid_as_operator(world)
    assert BY_OPERATOR in reply_text(await world.imagine(world.ada, WORD))
    moderation.rules = OperatorRules()
    await finished_card(world, WORD)
    assert len(world.gateway.bodies) == 1
