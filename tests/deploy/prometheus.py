"""Debian's Prometheus as a process on loopback, which reads one bot every second."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

ALERTS = Path(__file__).parent.parent.parent / "deploy" / "prometheus" / "alerts.yml"
POLL_S = 0.2
MOST_S = 90.0
# The job has the name that alerts.yml asks for.
CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: ["{alerts}"]
scrape_configs:
  - job_name: easel
    static_configs: [targets: ["127.0.0.1:{port}"]]
"""

needs_prometheus = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("promtool")),
    reason="needs Prometheus: apt-get install prometheus",
)

# Any JSON; a test looks into it.
Json = dict[str, Any]


@dataclass(frozen=True)
class Prometheus:
    """Asks it by its HTTP API (https://prometheus.io/docs/prometheus/2.42/querying/api/)."""

    url: str
    session: aiohttp.ClientSession

    async def series(self, query: str) -> list[Json]:
        """Return what a query finds now; fail where it is no valid one."""
        return list((await self._get("query", query=query))["result"])

    async def series_of_minutes(self, query: str) -> list[Json]:
        """Return what a query finds at any moment of the last minutes."""
        now = time.time()
        span = {"start": str(now - 300), "end": str(now), "step": "1"}
        return list((await self._get("query_range", query=query, **span))["result"])

    async def expressions(self) -> dict[str, str]:
        """Return the expression of each alert as Prometheus has read it."""
        groups = (await self._get("rules", type="alert"))["groups"]
        return {rule["name"]: rule["query"] for group in groups for rule in group["rules"]}

    async def alerts(self) -> list[Json]:
        """Return the alerts that are pending or fire, with their texts."""
        return list((await self._get("alerts"))["alerts"])

    async def _get(self, path: str, **parameters: str) -> Json:
        async with self.session.get(f"{self.url}/api/v1/{path}", params=parameters) as response:
            answer: Json = await response.json()
        assert answer["status"] == "success", (parameters, answer)
        data: Json = answer["data"]
        return data


async def until(
    holds: Callable[[], Awaitable[bool]], what: str, *, within_s: float = MOST_S
) -> None:
    """Wait for something of which no other process tells this one."""
    try:
        async with asyncio.timeout(within_s):
            while not await holds():  # noqa: ASYNC110
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise AssertionError(f"not within {within_s:.0f} s: {what}") from None


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@asynccontextmanager
async def running_prometheus(folder: Path, port: int) -> AsyncIterator[Prometheus]:
    """Start it with the alerts; it reads the metrics at ``port``."""
    folder.mkdir()
    (folder / "prometheus.yml").write_text(CONFIGURATION.format(alerts=ALERTS, port=port))
    own = free_port()
    command = (
        shutil.which("prometheus") or "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/series",
        f"--web.listen-address=127.0.0.1:{own}",
        "--log.level=warn",
    )
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, env={"HOME": str(folder)}, stdout=log, stderr=subprocess.STDOUT
        )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_end, process)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        url = f"http://127.0.0.1:{own}"
        await until(lambda: answers(session, f"{url}/-/ready"), (folder / "log").read_text())
        yield Prometheus(url, session)


async def answers(session: aiohttp.ClientSession, url: str) -> bool:
    """Tell whether an address answers with 200."""
    try:
        async with session.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
