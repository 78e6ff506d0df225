"""``python -m bot imagine``: sentences, picture files and exit codes."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.cli.process import environment, run, running
from tests.cogs.scripted_gateway import ClosedConnection, ErrorReply, ScriptedGateway
from tests.database.engines import rows_of, sqlite_only
from tests.images.test_content_store import picture_bytes


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    return rows_of(folder / "data", sql)


EVERY_MODEL = "dall-e-3,gpt-image-2,easel-painter"


def pixels(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


async def test_pictures_are_files_and_their_paths_are_printed(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A script can use what standard output names; words go to standard error."""
    env = environment(tmp_path, gateway, DEFAULT_QUOTA="0/day")
    command = ("bot", "imagine", "a lighthouse", "--size", "1792×1024", "--n", "2", "--out", "art")
    ended = await run(*command, folder=tmp_path, env=env)
    assert ended.code == 0, ended.err
    paths = [tmp_path / line for line in ended.out.splitlines()]
    assert [pixels(path) for path in paths] == [(1792, 1024)] * 2
    assert "Painting 2 pictures with dall-e-3 (1792x1024)" in ended.err
    assert "2 pictures in" in ended.err
    assert rows(tmp_path, "SELECT pictures, billed FROM costs") == [(1, "yes")] * 2
    (meter,) = rows(tmp_path, "SELECT subject, credits FROM meters")
    assert meter[0].startswith("operator")  # with a server, one of its stripes
    assert meter[1] == 2
    assert list((tmp_path / "data" / "jobs").iterdir()) == []


async def test_ratios_flags_and_the_options_of_some_models(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """As in Discord: read from the prompt, told where they mean nothing, sent where they do."""
    env = environment(tmp_path, gateway, IMAGE_MODELS=EVERY_MODEL)
    ended = await run(
        *("bot", "imagine", "a fox --chaos 20 --ar 3:2", "--out", "art"), folder=tmp_path, env=env
    )
    assert ended.code == 0, ended.err
    assert "`--chaos 20` has no meaning for this model and was left out." in ended.err
    assert "You asked for 3:2: 1792×1024 is the nearest size of this model." in ended.err
    options = ("--model", "easel-painter", "--size", "横", "--seed", "0", "--negative", "cars")
    ended = await run("bot", "imagine", "a fox", *options, folder=tmp_path, env=env)
    assert ended.code == 0, ended.err
    first, second = gateway.bodies
    assert (first["prompt"], first["size"]) == ("a fox", "1792x1024")
    assert (second["size"], second["seed"], second["negative_prompt"]) == ("1536x1024", 0, "cars")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("a fox --ar 0:0",), "--ar 0:0 is no aspect ratio"),
        (("a fox", "--size", "4:3"), "dall-e-3 does not support the size 4:3"),
        (("a fox", "--seed", "5"), "dall-e-3 does not support the option seed"),
        (("a fox", "--model", "easel-painter", "--seed", "-1"), "from 0 to 4294967295"),
        (("a fox", "--model", "easel-painter", "--strength", "50"), "attach one"),
        (("a fox", "--size", "9x9"), "dall-e-3 does not support the size 9x9, so please choose"),
        (("a fox", "--model", "nobody"), "There is no model called nobody here"),
        (("a fox", "--n", "11"), "You can ask for 1 to 10 pictures"),
        (("   ",), "please say what to paint"),
    ],
)
async def test_a_wrong_option_is_a_sentence_and_exit_code_2(
    tmp_path: Path, gateway: ScriptedGateway, options: tuple[str, ...], sentence: str
) -> None:
    """Nothing is sent, nothing is charged."""
    env = environment(tmp_path, gateway, IMAGE_MODELS=EVERY_MODEL)
    ended = await run("bot", "imagine", *options, folder=tmp_path, env=env)
    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err
    assert ended.err.count("\n") == 1
    assert gateway.bodies == []


async def test_the_operators_total_counts_a_doubt(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """The operator may have to pay; MAX_DOUBTFUL_PER_DAY does not stop them."""
    env = environment(tmp_path, gateway, MAX_DOUBTFUL_PER_DAY="1")
    for _ in range(2):
        gateway.replies.append(ClosedConnection())
        ended = await run("bot", "imagine", "a fox", folder=tmp_path, env=env)
        assert "you were not charged" in ended.err
    assert rows(tmp_path, "SELECT credits, operator_credits FROM charges") == [(0, 1)] * 2


async def test_a_file_can_be_the_reference(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """What people attach in Discord, the operator names as a file."""
    (tmp_path / "x.png").write_bytes(picture_bytes("png"))
    env = environment(tmp_path, gateway, IMAGE_MODELS="easel-painter")
    command = ("bot", "imagine", "a fox", "--reference", "x.png", "--reference", "x.png")
    ended = await run(*command, "--out", "art", folder=tmp_path, env=env)
    assert ended.code == 0, ended.err
    images = gateway.bodies[0]["images"]
    assert isinstance(images, list)
    assert len(images) == 2
    ended = await run(*command[:-1], "nowhere.png", folder=tmp_path, env=env)
    assert ended.code == 2
    assert "nowhere.png cannot be read" in ended.err
    assert len(gateway.bodies) == 1


@pytest.mark.parametrize(
    ("mood", "sentence"),
    [
        (ErrorReply(400, "moderation_blocked"), "declined this prompt"),
        (ClosedConnection(), "may have been made and paid for"),
    ],
)
async def test_a_failure_is_a_sentence_and_exit_code_1(
    tmp_path: Path, gateway: ScriptedGateway, mood: ErrorReply | ClosedConnection, sentence: str
) -> None:
    """The operator reads what the people in Discord would read."""
    gateway.replies.append(mood)
    ended = await run(
        "bot", "imagine", "a fox", folder=tmp_path, env=environment(tmp_path, gateway)
    )
    assert (ended.code, ended.out) == (1, "")
    assert sentence in ended.err
    assert "Traceback" not in ended.err
    assert len(gateway.bodies) == 1


async def test_a_failure_is_told_to_the_operator(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Nobody else can mend a refused key."""
    gateway.replies.append(ErrorReply(401, "invalid_api_key"))
    ended = await run(
        "bot", "imagine", "a fox", folder=tmp_path, env=environment(tmp_path, gateway)
    )
    said = ended.err.splitlines()[-3:]
    assert said[0].startswith("The gateway refused the key, so please copy it again")
    assert said[1].startswith("Gateway default: auth, HTTP 401, in its words: ")
    assert said[2].startswith("Run `python -m bot doctor`")
    assert "operator" not in ended.err


async def test_a_gateway_that_is_out_of_money_is_told_once(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """In sentences: the line that a bot logs of it would say the same in another way."""
    gateway.replies.append(ErrorReply(429, "insufficient_quota"))
    ended = await run(
        "bot", "imagine", "a fox", folder=tmp_path, env=environment(tmp_path, gateway)
    )
    said = ended.err.splitlines()
    assert said[1].startswith("Your account at the gateway has no money left")
    assert said[2].startswith("Gateway default: quota, HTTP 429")
    assert said[3].startswith("Run `python -m bot doctor`")
    assert len(said) == 4


async def test_without_a_gateway_it_names_the_way_without_one(tmp_path: Path) -> None:
    """The first thing somebody tries must not be a dead end."""
    ended = await run("bot", "imagine", "a fox", folder=tmp_path, env=environment(tmp_path))
    assert ended.code == 2
    assert ended.err.startswith("easel: IMAGE_API_URL is missing")
    assert 'python -m playground imagine "a lighthouse at dusk"' in ended.err


@pytest.mark.parametrize("command", [("bot", "imagine", "a fox"), ("bot",)])
async def test_a_misspelt_variable_is_told_before_its_consequence(
    tmp_path: Path, gateway: ScriptedGateway, command: tuple[str, ...]
) -> None:
    """Otherwise the operator reads that a variable is missing that they believe to have set."""
    env = environment(tmp_path, gateway, IMAGE_MODEL="my-secret", DISCORD_TOKEN="x")
    del env["IMAGE_MODELS"]
    ended = await run(*command, folder=tmp_path, env=env)
    first, last = ended.err.splitlines()
    assert "IMAGE_MODEL is no setting. Did you mean IMAGE_MODELS?" in first
    assert last.startswith("easel: IMAGE_MODELS is missing")
    assert "my-secret" not in ended.err


async def test_a_folder_that_cannot_be_written_is_told_before_anything_is_spent(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A paid picture needs a place to go."""
    (tmp_path / "art").write_text("a file")
    command = ("bot", "imagine", "a fox", "--out", "art")
    ended = await run(*command, folder=tmp_path, env=environment(tmp_path, gateway))
    assert ended.code == 2
    assert "--out art" in ended.err
    assert gateway.bodies == []


async def test_the_operators_total_holds_in_the_terminal_too(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A script in a loop cannot spend more than the operator decided."""
    env = environment(tmp_path, gateway, TOTAL_QUOTA="1/day")
    command = ("bot", "imagine", "a fox", "--out", "art")
    assert (await run(*command, folder=tmp_path, env=env)).code == 0
    ended = await run(*command, folder=tmp_path, env=env)
    assert ended.code == 2
    assert "TOTAL_QUOTA allows 1 credit per day, 0 are left and this costs 1" in ended.err
    assert "<t:" not in ended.err


@sqlite_only("with a server, a running bot takes it over")
@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
async def test_a_start_after_a_death_in_the_middle_ends_the_job(
    tmp_path: Path, gateway: ScriptedGateway, how: signal.Signals, code: int
) -> None:
    """The request was sent: it is in doubt, released, and never sent again."""
    env = environment(tmp_path, gateway)
    gateway.gate.clear()
    async with running("bot", "imagine", "a fox", folder=tmp_path, env=env) as process:
        await asyncio.wait_for(gateway.asked.wait(), 60)
        assert rows(tmp_path, "SELECT state FROM attempts") == [("sending",)]
        process.send_signal(how)
        assert await asyncio.wait_for(process.wait(), 60) == code
    gateway.gate.set()
    ended = await run("bot", "imagine", "a hare", folder=tmp_path, env=env)
    assert ended.code == 0, ended.err
    assert [body["prompt"] for body in gateway.bodies] == ["a fox", "a hare"]
    assert rows(tmp_path, "SELECT state FROM jobs ORDER BY id") == [("unknown",), ("done",)]
    assert rows(tmp_path, "SELECT credits, operator_credits FROM charges ORDER BY at") == [
        (0, 1),
        (1, 1),
    ]
    assert len(list((tmp_path / "data" / "run").iterdir())) == 0


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "DISCORD_TOKEN is missing"),
        ({"DISCORD_TOKEN": "x", "LOG_LEVEL": "LOUD"}, "LOG_LEVEL is wrong"),
        ({"DISCORD_TOKEN": "x", "IMAGE_API_URL": ""}, "IMAGE_API_URL is missing"),
        ({"DISCORD_TOKEN": "x", "DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
    ],
)
async def test_a_start_that_cannot_work_is_one_sentence(
    tmp_path: Path, gateway: ScriptedGateway, variables: dict[str, str], sentence: str
) -> None:
    """An operator reads what to fix, never a traceback."""
    ended = await run("bot", folder=tmp_path, env=environment(tmp_path, gateway, **variables))
    assert ended.code == 2
    assert ended.err.startswith("easel: ")
    assert sentence in ended.err
    assert ended.err.count("\n") == 1
