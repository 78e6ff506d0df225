"""Jobs that v0.1.0 had open when it was killed: each ends as the table of crashes says."""

from collections import Counter
from pathlib import Path

from tests.cogs.actions import custom_ids
from tests.cogs.discord_world import WorldBuilder
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import IS_POSTGRESQL, field_of
from tests.upgrade.old_world import OldWorld
from tests.upgrade.v0_1_0 import FIXTURE

Table = dict[str, tuple[str, str, int]]
PROMPT = field_of("request", "prompt")

# By prompt: the message that shows the job, how it ends, and how many pictures it brings.
GOES_ON: Table = {
    "a fox, as a task": ("task", "done", 1),
    "a fox, as a task, left alone": ("left alone", "done", 1),
    "a fox, by address": ("answered", "done", 1),
    "three foxes, in part": ("in part", "done", 2),
    "a fox, received": ("received", "done", 1),
    "two foxes, delivered": ("delivered", "done", 2),
    "a fox whose card is gone": ("sent anew", "done", 1),
    "a fox, sent": ("sent", "unknown", 0),
    "a declined fox, untold": ("untold", "failed", 0),
    "a fox, announced but taken": ("announced", "cancelled", 0),
}
SOON: Table = GOES_ON | {
    "a private fox, sent": ("sent privately", "unknown", 0),
    "a cat, later": ("references", "done", 1),
    "a cat, masked later": ("mask", "done", 1),
    "a cat, too late": ("references gone", "failed", 0),
    "a fox in line": ("queued", "done", 1),
    "two foxes in line": ("two queued", "done", 2),
    "a private fox in line": ("queued privately", "done", 1),
    "a pair of foxes": ("rolled in line", "done", 2),
}
LATE: Table = GOES_ON | {
    "a cat, later": ("references", "cancelled", 0),
    "a cat, masked later": ("mask", "cancelled", 0),
    "a cat, too late": ("references gone", "cancelled", 0),
    "a fox in line": ("queued", "cancelled", 0),
    "two foxes in line": ("two queued", "cancelled", 0),
    "a pair of foxes": ("rolled in line", "cancelled", 0),
}
SEEN_BY_NOBODY = {
    "a fox, unannounced": "cancelled",
    "a fox, announced, not taken": "cancelled",
    "the operator's fox, sent": "unknown",
}
# What was still in line; dall-e-3 paints one picture for each request.
PAID = {
    "a cat, later": 1,
    "a cat, masked later": 1,
    "a fox in line": 1,
    "two foxes in line": 1,
    "a private fox in line": 1,
    "a pair of foxes": 2,
}
# What may have been made: the person pays less than the operator.
GIVEN_BACK = [
    ("a fox, broken off", 0, 1),
    ("three foxes, in part", 2, 3),
    ("a fox, sent", 0, 1),
    ("a private fox, sent", 0, 1),
    ("the operator's fox, sent", 0, 1),
]


class LateWorld(OldWorld):
    """Interaction tokens are dead by then, and nobody expects what was in line."""

    minutes_later = 70


def states(world: OldWorld) -> dict[str, str]:
    """Return how the last job with each prompt ended."""
    return dict(world.rows(f"SELECT {PROMPT}, state FROM jobs ORDER BY created_at, id"))


def paid(gateway: ScriptedGateway) -> dict[str, int]:
    """Return how often the gateway was asked to paint each prompt."""
    return dict(Counter(str(body["prompt"]) for body in gateway.bodies))


def check_cards(world: OldWorld, table: Table) -> None:
    """Compare what each card shows, and what can be done with it."""
    ended = states(world)
    for prompt, (name, state, pictures) in table.items():
        card = world.message(name)
        shown = sum(embed.image.url is not None for embed in card.embeds)
        assert (name, ended[prompt], shown) == (name, state, pictures)
        assert not any(each.startswith("easel:stop:") for row in custom_ids(card) for each in row)


def check_books(world: OldWorld) -> None:
    """Compare every meter with the charges, hour by hour; nothing may be held any more."""
    charged = world.rows(
        "SELECT 'operator', hour, SUM(operator_credits) FROM charges GROUP BY hour"
        " UNION SELECT 'budget', hour, SUM(price) FROM charges GROUP BY hour"
        " UNION SELECT 'server:' || server_id, hour, SUM(credits) FROM charges"
        " WHERE user_id <> 0 GROUP BY server_id, hour"
        " UNION SELECT 'ceiling:' || server_id, hour, SUM(operator_credits) FROM charges"
        " WHERE user_id <> 0 GROUP BY server_id, hour"
        " UNION SELECT 'user:' || server_id || ':' || user_id, hour, SUM(credits) FROM charges"
        " WHERE user_id <> 0 GROUP BY server_id, user_id, hour"
    )
    metered = Counter[tuple[str, int]]()
    for subject, hour, credits_ in world.rows("SELECT subject, hour, credits FROM meters"):
        kind = subject.split(":")[0]  # a server spreads a total over operator:0, operator:1, …
        metered[kind if kind in ("operator", "budget") else subject, hour] += credits_
    assert +metered == {(subject, hour): sum_ for subject, hour, sum_ in charged if sum_}
    assert world.rows("SELECT job_id FROM charges WHERE state = 'held'") == []


def check_all_told(world: OldWorld) -> None:
    """Every job has ended, its card says so, and no token outlives that."""
    left = "ended_at IS NULL OR told = 0 OR token IS NOT NULL OR attached IS NOT NULL"
    assert world.rows(f"SELECT id, state FROM jobs WHERE {left}") == []


def check_folder(world: OldWorld) -> None:
    """Nothing of the dead process is left, and people keep their tags and pseudonyms."""
    assert list((world.folder / "jobs").iterdir()) == []
    # The bot's lock, and its process's, which a server has itself.
    assert len(list((world.folder / "run").iterdir())) == (1 if IS_POSTGRESQL else 2)
    key = FIXTURE / "data_dir" / "user-tags.key"
    assert (world.folder / "user-tags.key").read_bytes() == key.read_bytes()


async def test_every_open_job_ends_as_the_table_says(world: OldWorld) -> None:
    """Whoever waited during the update gets the picture, or the credits and a sentence."""
    check_cards(world, SOON)
    assert {prompt: states(world)[prompt] for prompt in SEEN_BY_NOBODY} == SEEN_BY_NOBODY
    check_all_told(world)
    check_books(world)
    check_folder(world)
    given_back = world.rows(
        f"SELECT {PROMPT}, charges.credits, operator_credits FROM charges"
        " JOIN jobs ON id = job_id WHERE operator_credits > charges.credits ORDER BY id"
    )
    assert given_back == GIVEN_BACK


async def test_nothing_is_posted_or_paid_twice(world: OldWorld) -> None:
    """What was announced is found again; a second start has nothing left to do."""
    assert paid(world.gateway) == PAID
    assert (world.gateway.polls, world.gateway.downloads) == (2, 4)
    before = {message.id: message.embeds for message in world.seen_by_anybody()}
    anew = [
        embeds
        for embeds in before.values()
        if any("card is gone" in str(each.description) for each in embeds)
    ]
    assert len(anew) == 1
    await world.restart()
    await world.wait_for_jobs()
    assert {message.id: message.embeds for message in world.seen_by_anybody()} == before
    assert paid(world.gateway) == PAID


async def test_after_an_hour_what_was_in_line_is_given_back(
    old_folder: Path, gateway: ScriptedGateway
) -> None:
    """Cards are edited through their channel, and private ones answered in a direct message."""
    async with WorldBuilder(old_folder, gateway, LateWorld).world(declared=True) as world:
        assert isinstance(world, LateWorld)
        await world.env.advance_time(10)
        await world.wait_for_jobs()
        check_cards(world, LATE)
        check_all_told(world)
        check_books(world)
        assert paid(gateway) == {}
        assert len(world.ada.user.dm_channel.history()) == 2
