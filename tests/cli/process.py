"""Run the program as a person does: a process of its own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cogs.scripted_gateway import KEY, ScriptedGateway

ROOT = Path(__file__).parent.parent.parent
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
            "DATABASE_URL": f"sqlite:///{folder / 'data' / 'easel.db'}",
            "DATA_DIR": str(folder / "data"),
        }
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    # Nobody is reached outside of this machine, so the authorities of the web need not be read.
    fixed = {"PYTHONPATH": str(ROOT), "SSL_CERT_FILE": os.devnull}
    return {**kept, **coverage, **fixed, **set_up, **more}


@asynccontextmanager
async def running(
    *arguments: str, folder: Path, env: dict[str, str], listens: bool = False
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start ``python -m …`` in a folder and make sure that it ends; it may listen to its stdin."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=folder,
        env=env,
        stdin=asyncio.subprocess.PIPE if listens else None,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def run(*arguments: str, folder: Path, env: dict[str, str]) -> Ended:
    """Run ``python -m …`` to its end."""
    async with running(*arguments, folder=folder, env=env) as process:
        out, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())
