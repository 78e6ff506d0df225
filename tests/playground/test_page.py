"""The playground's page as a process: it starts, says where it is, and leaves nothing behind."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.cli.process import environment, run, running
from tests.cogs.scripted_gateway import KEY, ScriptedGateway
from tests.playground.visitor import page


@pytest.fixture
def taken() -> Iterator[int]:
    """Return a port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


async def _end(process: asyncio.subprocess.Process, how: signal.Signals) -> tuple[int | None, str]:
    process.send_signal(how)
    _, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, err.decode()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_the_page_answers_and_its_end_is_clean(tmp_path: Path, how: signal.Signals) -> None:
    """Somebody who tried Easel once finds no traceback, no process and no folder afterwards."""
    async with page(folder=tmp_path) as (url, process), aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
            shown = await answer.text()
            assert "<title>Easel playground</title>" in shown
            assert shown.index("/preview.css") < shown.index("/easel.css"), "ours counts last"
        for ours in ("easel.svg", "easel.css", "easel.js"):
            async with session.get(url.partition("#")[0] + ours) as answer:
                assert answer.status == 200
        assert [path.name[:6] for path in (tmp_path / "tmp").iterdir()] == ["easel-"]
        assert await _end(process, how) == (130, "easel: stopped.\n")
    assert list((tmp_path / "tmp").iterdir()) == []


async def test_the_first_lines_say_where_who_and_what(tmp_path: Path) -> None:
    """A stranger reads the terminal once and knows what to type."""
    env = environment(tmp_path)
    async with running("playground", "--no-open", folder=tmp_path, env=env) as process:
        assert process.stdout is not None
        guide = await asyncio.wait_for(process.stdout.readuntil(b"Ctrl-C"), 60)
        await _end(process, signal.SIGINT)
    for words in (b"http://127.0.0.1:", b"Ada", b"Ben", b"Mia", b"/imagine", b"10 credits per day"):
        assert words in guide


async def test_a_port_in_use_is_one_sentence(tmp_path: Path, taken: int) -> None:
    """No traceback for the commonest mishap."""
    env = environment(tmp_path)
    ended = await run("playground", "--no-open", "--port", str(taken), folder=tmp_path, env=env)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"easel: Port {taken} cannot be used (")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--port", "70000", "70000 is not between 0 and 65535"),
        ("--port", "-1", "-1 is not between 0 and 65535"),
        ("--latency", "-0.1", "-0.1 is not between 0 and 3600"),
        ("--fail-rate", "1.01", "1.01 is not between 0 and 1"),
        ("--fail-rate", "nan", "nan is not between 0 and 1"),
        ("--fail-rate", "often", "invalid share value: 'often'"),
    ],
)
async def test_a_wrong_option_is_exit_code_2(
    tmp_path: Path, option: str, value: str, sentence: str
) -> None:
    """A typing error is named, before anything starts."""
    env = environment(tmp_path)
    ended = await run("playground", f"{option}={value}", folder=tmp_path, env=env)
    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err


async def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    """--data with the name of a file is a sentence, not a traceback."""
    (tmp_path / "notes").write_text("mine")
    env = environment(tmp_path)
    ended = await run("playground", "--no-open", "--data", "notes", folder=tmp_path, env=env)
    assert (ended.code, ended.err) == (
        2,
        "easel: --data notes cannot be written: name another folder.\n",
    )


async def test_the_painters_options_are_refused_beside_an_own_gateway(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Nobody believes to have slowed down a gateway that charges."""
    env = environment(tmp_path, gateway)
    ended = await run("playground", "--no-open", "--latency", "1", folder=tmp_path, env=env)
    assert ended.code == 2
    assert "--latency and --fail-rate are for the painter inside" in ended.err


async def test_a_gateway_without_its_key_is_a_sentence(tmp_path: Path) -> None:
    """The page needs of a gateway what the bot needs."""
    env = environment(tmp_path, IMAGE_API_URL="http://127.0.0.1:9/v1", IMAGE_MODELS="dall-e-3")
    ended = await run("playground", "--no-open", folder=tmp_path, env=env)
    assert ended.code == 2
    assert ended.err.startswith("easel: IMAGE_API_KEY is missing")


async def test_an_own_gateways_key_is_never_printed(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The terminal's first lines end up in screenshots."""
    env = environment(tmp_path, gateway)
    async with running("playground", "--no-open", folder=tmp_path, env=env) as process:
        assert process.stdout is not None
        guide = await asyncio.wait_for(process.stdout.readuntil(b"Ctrl-C"), 60)
        code, err = await _end(process, signal.SIGINT)
    assert code == 130
    assert b"Your own gateway does the work" in guide
    assert KEY not in guide.decode() + err
