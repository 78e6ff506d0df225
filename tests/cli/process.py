"""Run the program as a person does: a process of its own."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.forked import bare_environment, fork
from tests.cogs.scripted_gateway import KEY, ScriptedGateway
from tests.database.engines import url_of

TIMEOUT_S = 120


@dataclass(frozen=True)
class Ended:
    """What a process printed, and its exit code."""

    code: int
    out: str
    err: str


def environment(
    folder: Path, gateway: ScriptedGateway | None = None, **more: str
) -> dict[str, str]:
    """Return the environment of an operator who set up a gateway, or none."""
    set_up = {}
    if gateway is not None:
        set_up = {
            "IMAGE_API_URL": gateway.url,
            "IMAGE_API_KEY": KEY,
            "IMAGE_MODELS": "dall-e-3,gpt-image-2",
            "DATA_DIR": str(folder / "data"),
        }
        if "DATABASE_URL" not in more:
            set_up["DATABASE_URL"] = url_of(folder / "data")
    return {**bare_environment(), **set_up, **more}


@asynccontextmanager
async def running(
    *arguments: str,
    folder: Path,
    env: dict[str, str],
    listens: bool = False,
    fresh: bool = False,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start ``python -m …`` in a folder and make sure that it ends; it may listen to its stdin.

    A ``fresh`` one has loaded nothing before, which is slower, and holds no more than it needs.
    """
    if fresh:
        process = await _started(*arguments, folder=folder, env=env)
    else:
        process = await fork(*arguments, folder=folder, env=env, listens=listens)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _started(
    *arguments: str, folder: Path, env: dict[str, str]
) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", *arguments)
    return await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=env, stdout=pipe, stderr=pipe
    )


async def run(*arguments: str, folder: Path, env: dict[str, str], fresh: bool = False) -> Ended:
    """Run ``python -m …`` to its end."""
    async with running(*arguments, folder=folder, env=env, fresh=fresh) as process:
        out, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())
