"""Planted secrets: a key, a token and an interaction token must turn up nowhere."""

import gc

import pytest

from bot.core import logging as bot_logging
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.scripted_gateway import KEY, ClosedConnection, ErrorReply, ScriptedReply
from tests.database.engines import tables_of

TOKEN = "planted-discord-token"
PROMPT = "a very private prompt"
INTERACTION = "simcord_interaction_"
MOODS: list[ScriptedReply] = [
    ErrorReply(
        401, "invalid_api_key", f"Incorrect API key provided: {KEY}, see http://127.0.0.1/x"
    ),
    ErrorReply(400, "x", f"Authorization: Bearer {KEY} and the prompt {PROMPT}"),
    ErrorReply(500, "x", f"upstream http://user:{KEY}@127.0.0.1/?key={KEY} failed"),
    ClosedConnection(),
]


@pytest.fixture
def _debug_logs(capsys: pytest.CaptureFixture[str]) -> None:
    """Log all there is, as an operator who looks for a defect does."""
    bot_logging.configure(level="DEBUG", style="json", secrets=[KEY, TOKEN])


async def an_evening(world: DiscordWorld) -> None:
    """Let everything happen that can carry a secret."""
    world.gateway.replies.extend(MOODS)
    for _ in range(len(MOODS) + 1):
        await world.imagine(world.ada, PROMPT)
        await world.wait_for_jobs()
    world.env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, times=2)
    world.env.inject_error("PATCH", "/channels/*", status=503, times=2)
    await world.imagine(world.ada, PROMPT)
    await world.wait_for_jobs()
    (world.folder / "jobs").rename(world.folder / "moved")
    (world.folder / "jobs").write_text("so that a defect is logged with its traceback")
    await world.imagine(world.ada, PROMPT)
    await world.wait_for_jobs()
    (world.folder / "jobs").unlink()
    await world.restart()  # tells the cards that could not be told before
    await world.wait_for_jobs()


def is_ours(thing: object) -> bool:
    """Tell whether a class of the bot made it."""
    return str(getattr(type(thing), "__module__", "")).startswith("bot.")


def messages(world: DiscordWorld) -> str:
    """Return every word that somebody in the channel can read."""
    return repr([(m.content, [e.to_dict() for e in m.embeds]) for m in world.channel.history()])


@pytest.mark.usefixtures("_debug_logs")
async def test_no_secret_reaches_a_log_a_message_or_a_row(
    build: WorldBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server admin reads messages, an operator posts logs, a backup holds rows."""
    async with build.world() as world:
        await an_evening(world)
        tables = tables_of(world.folder)
        rows = repr([world.rows(f"SELECT * FROM {name}") for (name,) in tables])
        shown = messages(world)
    logged = capsys.readouterr().err
    assert "gateway.failed" in logged
    assert "job.defect" in logged
    for where in (logged, shown, rows):
        for secret in (KEY, TOKEN, INTERACTION):
            assert secret not in where
    assert PROMPT not in logged
    assert "127.0.0.1" not in shown


async def test_no_secret_stands_in_the_repr_of_what_an_exception_would_show(
    world: DiscordWorld,
) -> None:
    """A traceback with locals, sent to an error tracker, must not carry a key."""
    world.gateway.replies.append(MOODS[0])
    await world.imagine(world.ada, PROMPT)
    await world.wait_for_jobs()
    easels = [thing for thing in gc.get_objects() if is_ours(thing)]
    assert len(easels) > 20
    for thing in easels:
        assert KEY not in repr(thing), type(thing)
        assert INTERACTION not in repr(thing), type(thing)


async def test_a_refusal_repeats_no_secret_words(world: DiscordWorld) -> None:
    """What a stranger typed is shown as plain words, cut and without links."""
    answer = await world.imagine(world.ada, model=f"[x](http://127.0.0.1/{'y' * 300})")
    assert "](" not in reply_text(answer)
    assert len(reply_text(answer)) < 1000
