"""The playground's page as a process: it starts, says where it is, and leaves nothing behind."""

import asyncio
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from playground.art.composer import WHAT_IT_DRAWS
from playground.page import LATENCY_S
from playground.settings import PAINTING_S, painter_settings, with_streaming
from tests.cli.process import environment
from tests.cogs.scripted_gateway import KEY, ScriptedGateway
from tests.playground.page_client import page_process, run_main


@pytest.fixture
def taken() -> Iterator[int]:
    """Return a port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


async def _end(process: asyncio.subprocess.Process, how: signal.Signals) -> tuple[int | None, str]:
    process.send_signal(how)
    _, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, err.decode()


async def test_the_page_answers_and_its_end_is_clean(tmp_path: Path) -> None:
    """Somebody who tried Easel once finds no traceback, no process and no folder afterwards."""
    async with (
        page_process(folder=tmp_path) as (url, printed, process),
        aiohttp.ClientSession() as session,
    ):
        async with session.get(url) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
            shown = await answer.text()
            assert "<title>Easel playground</title>" in shown
            assert shown.index("/preview.css") < shown.index("/easel.css"), "ours counts last"
        for ours in ("easel.svg", "easel.css", "easel/main.js"):
            async with session.get(url.partition("#")[0] + ours) as answer:
                assert answer.status == 200
        assert [path.name[:6] for path in (tmp_path / "tmp").iterdir()] == ["easel-"]
        assert await _end(process, signal.SIGINT) == (130, "easel: stopped.\n")
    assert list((tmp_path / "tmp").iterdir()) == []
    # A stranger reads the terminal once and knows what to type and what to expect.
    for words in ("http://127.0.0.1:", "Ada", "Ben", "Mia", "/imagine", "30 credits per day"):
        assert words in printed
    assert WHAT_IT_DRAWS in printed


async def test_an_own_gateways_key_is_never_printed(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The terminal's first lines end up in screenshots; SIGTERM ends the page as Ctrl-C does."""
    env = environment(tmp_path, gateway)
    async with page_process(folder=tmp_path, env=env) as (_, printed, process):
        code, err = await _end(process, signal.SIGTERM)
    assert (code, err) == (130, "easel: stopped.\n")
    assert "Your own gateway paints" in printed
    assert KEY not in printed + err


def test_a_port_in_use_is_one_sentence(tmp_path: Path, taken: int) -> None:
    """No traceback for the commonest mishap."""
    ended = run_main("--no-open", "--port", str(taken), folder=tmp_path)
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
        ("--fail-rate", "often", "invalid probability value: 'often'"),
    ],
)
def test_a_wrong_option_is_exit_code_2(
    tmp_path: Path, option: str, value: str, sentence: str
) -> None:
    """A typing error is named, before anything starts."""
    ended = run_main(f"{option}={value}", folder=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err


def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    """--data with the name of a file is a sentence, not a traceback."""
    (tmp_path / "notes").write_text("mine")
    ended = run_main("--no-open", "--data", "notes", folder=tmp_path)
    assert (ended.code, ended.err) == (
        2,
        "easel: --data notes cannot be written: name another folder.\n",
    )


def test_the_painters_options_are_refused_beside_an_own_gateway(tmp_path: Path) -> None:
    """Nobody believes to have slowed down a gateway that charges."""
    env = environment(tmp_path, IMAGE_API_URL="http://127.0.0.1:9/v1")
    ended = run_main("--no-open", "--latency", "1", folder=tmp_path, env=env)
    assert ended.code == 2
    assert "--latency and --fail-rate are for the embedded painter" in ended.err


def test_a_gateway_without_its_key_is_a_sentence(tmp_path: Path) -> None:
    """The page needs of a gateway what the bot needs."""
    env = environment(tmp_path, IMAGE_API_URL="http://127.0.0.1:9/v1", IMAGE_MODELS="dall-e-3")
    ended = run_main("--no-open", folder=tmp_path, env=env)
    assert ended.code == 2
    assert ended.err.startswith("easel: IMAGE_API_KEY is missing")


def test_the_first_estimate_is_the_painters_own_time(tmp_path: Path) -> None:
    """A card that promises two seconds and takes four is the first thing a stranger sees."""
    settings = painter_settings("http://127.0.0.1:9", tmp_path)
    with_streaming(settings, latency_s=LATENCY_S)
    gateways = tomllib.loads((tmp_path / "painter.toml").read_text())["gateways"]
    for models in gateways.values():
        usual = {each["usual_s"] for each in models["abilities"].values()}
        assert usual == {LATENCY_S + PAINTING_S}
        assert set(models["abilities"]) == set(models["models"])


_KILLED_WHILE_IT_ANSWERS = """
import asyncio, sys
from contextlib import suppress
from playground.page import close_ended_workers

async def ask():
    answer = "import sys; sys.stdout.buffer.write(bytes(5_000_000))"
    pipe = asyncio.subprocess.PIPE
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", answer, stdout=pipe)
    try:
        await worker.stdout.read(1)
        await asyncio.Event().wait()
    finally:
        worker.kill()
        with suppress(TimeoutError):
            await asyncio.wait_for(worker.wait(), 0.5)

async def end():
    asking = asyncio.create_task(ask())
    await asyncio.wait((asking,), timeout=0.5)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    del asking
    await close_ended_workers()

asyncio.run(end())
"""


def test_a_worker_that_is_killed_while_it_answers_leaves_no_traceback() -> None:
    """Ctrl-C ends the page with one line, also while a picture is looked at."""
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED_WHILE_IT_ANSWERS],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
