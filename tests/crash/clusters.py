"""Several processes over one PostgreSQL server, which a test starts, stops and kills."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import msgspec

from bot.core.liveness import SessionWaits
from tests.cli.process import environment, running
from tests.crash import invariants
from tests.crash.cluster_process import ClusterPlan
from tests.crash.counting_gateway import CountingGateway

CLUSTER_PROCESS = "tests.crash.cluster_process"
TIMEOUT_S = 120
# As in production, only sooner: relied on for less than others wait.
QUICK = SessionWaits(check_s=0.1, answer_s=5.0, lease_s=1.0, dead_s=1.5, rest_s=2.0)


@dataclass
class Cluster:
    """One of the processes; ``owner`` is its id in the database."""

    number: int
    owner: str
    process: asyncio.subprocess.Process


@dataclass
class Clusters:
    """The processes that run, over one folder and one database."""

    folder: Path
    gateway: CountingGateway
    database: str
    waits: SessionWaits = QUICK
    longest_sleep_s: float = 0.2
    running: list[Cluster] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self, *, jobs: int) -> Cluster:
        """Start one that keeps so many jobs open, and wait until it is ready."""
        number = next(self._numbers)
        plan = ClusterPlan(
            str(self.folder),
            self.gateway.url,
            self.database,
            number,
            jobs,
            self.waits,
            self.longest_sleep_s,
        )
        process = await self._stack.enter_async_context(
            running(
                CLUSTER_PROCESS,
                msgspec.json.encode(plan).decode(),
                folder=self.folder,
                env=environment(self.folder),
            )
        )
        assert process.stdout is not None
        owner = await asyncio.wait_for(process.stdout.readline(), TIMEOUT_S)
        if not owner:
            raise AssertionError(await process.communicate())
        cluster = Cluster(number, owner.decode().strip(), process)
        self.running.append(cluster)
        return cluster

    async def kill(self, cluster: Cluster) -> None:
        """End one without a chance to clean up."""
        self.running.remove(cluster)
        cluster.process.kill()
        await cluster.process.wait()

    async def finish(self) -> None:
        """Let all that run see everything through, and look at what is left."""
        await self._end_all()
        await self.start(jobs=0)  # alone, it removes what killed ones left half written
        await self._end_all()
        invariants.check(self.folder, self.gateway)

    async def _end_all(self) -> None:
        for cluster in self.running:
            cluster.process.terminate()
        while self.running:
            process = self.running.pop().process
            out, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
            assert (process.returncode, err) == (0, b""), (out + err).decode()

    def actions(self) -> list[tuple[int, str, str]]:
        """Return what the processes showed so far: who, what and for which job."""
        lines = (self.folder / "actions").read_text().splitlines()
        fields = (line.split() for line in lines)
        return [(int(number), what, job_id) for number, what, job_id in fields]

    def taken_over(self) -> int:
        """Return how many jobs one process placed and another ended."""
        placed = {job: number for number, what, job in self.actions() if what == "place"}
        ends = {job: number for number, what, job in self.actions() if what in {"deliver", "end"}}
        return sum(placed.get(job, number) != number for job, number in ends.items())


@asynccontextmanager
async def open_clusters(
    folder: Path, gateway: CountingGateway, database: str
) -> AsyncIterator[Clusters]:
    """Let processes run over a database; those that still run at the end are killed."""
    (folder / invariants.DATABASE_URL).write_text(database)
    clusters = Clusters(folder, gateway, database)
    async with clusters._stack:
        yield clusters
