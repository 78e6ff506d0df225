"""Processes that deliver one job: discord.py's own HTTP client against the loopback Discord."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import discord
from PIL import Image

from bot.core.clock import Clock
from bot.core.i18n.texts import Texts
from bot.core.job_ids import new_job_id
from bot.core.models import CardAddress, ImageRequest, Job, Picture, Requester
from bot.database.opening import open_file
from bot.database.transaction import Transaction
from bot.discord_ui.couriers import Couriers
from bot.discord_ui.message_outbox import MessageOutbox
from bot.jobs.courier import Courier, JobResult
from bot.jobs.repository.repository import JobRepository
from bot.preferences.stored_preferences import DEFAULT_REROLL_EMOJI
from tests.discord_rest.events import ADA, CHANNEL, Payload, command
from tests.discord_rest.fake import APPLICATION_ID, TOKEN, FakeDiscord
from tests.discord_rest.messages import MIB, Message
from tests.images.kept_files import store_in

MINUTE_MS = 60_000
ChangePayload = Callable[[Payload], Payload]
# Two of them fit into one request.
THREE = (9 * MIB,) * 3


@dataclass
class Delivery:
    """One job with its card in Discord, and the processes that deliver it."""

    fake: FakeDiscord
    folder: Path
    job: Job = field(init=False)
    card: CardAddress = field(init=False)
    quiet: set[int] = field(default_factory=set)
    """Who does not want to be mentioned."""

    @asynccontextmanager
    async def process(self) -> AsyncIterator[Courier]:
        """Run one process, and give it the courier of the job."""
        now = lambda: self.fake.now_ms  # noqa: E731 - the clock
        backup = self.folder / "backup"
        async with open_file(self.folder / "easel.db", backup_dir=backup, now=now) as self.database:
            self.repository = JobRepository(owner="me", now=now)
            async with discord.Client(intents=discord.Intents.none()) as client:
                await client.login(TOKEN)
                texts = Texts()
                outbox = MessageOutbox(client, self.database, self.repository, now=now)
                clock = Clock(now=now)
                content_store = store_in(self.folder / "vault", self.database, now)
                self.client = client
                self.couriers = Couriers(
                    client,
                    texts,
                    outbox,
                    content_store,
                    clock,
                    reroll_emoji=lambda _: DEFAULT_REROLL_EMOJI,
                    may_mention=lambda user_id: user_id not in self.quiet,
                )
                if not hasattr(self, "job"):
                    await self._accept()
                yield self.couriers.reopen(self.job, self.card)

    async def _accept(self) -> None:
        request = ImageRequest("a fox", "m", "auto", 1)
        now = self.fake.now_ms
        self.job = Job(new_job_id(now), request, Requester(ADA, 1, "Ada"), 1, now)
        card = self.fake.messages.place(CHANNEL, token="a-token")
        self.card = CardAddress(CHANNEL, card.id, APPLICATION_ID, "a-token")
        await self.database.write(self.repository.queued, self.job)
        await self.database.write(self.repository.placed, self.job.id, self.card)

    def pictures(self, *sizes: int) -> tuple[Picture, ...]:
        """Return files of these sizes in bytes; nobody looks inside small ones."""
        made = []
        for number, size in enumerate(sizes):
            path = self.folder / f"slot-{number}.png"
            path.write_bytes(random.randbytes(size))
            made.append(Picture(path, "png", 64, 64, size))
        return tuple(made)

    async def deliver(self, *sizes: int, kept: bool = False) -> Sequence[CardAddress]:
        """Deliver in one process."""
        async with self.process() as courier:
            report = await courier.deliver(self.job, result(self.pictures(*sizes), kept=kept))
            await courier.after_delivery(self.job, report.messages)
            return report.messages

    def later(self, minutes: int) -> None:
        """Let time pass."""
        self.fake.now_ms += minutes * MINUTE_MS

    @property
    def shown(self) -> list[Message]:
        """Return what stands in the channel."""
        return self.fake.messages.at(CHANNEL)

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Read the database in a process of its own."""
        async with self.process():
            return [tuple(row) for row in await self.database.read(Transaction.query, sql)]

    async def deliver_and_die(self) -> None:
        """Die after Discord has posted the second message, before its answer is written down."""
        async with self.process() as courier:
            self.fake.messages.hold = True
            pictures = self.pictures(*THREE)
            task = asyncio.ensure_future(courier.deliver(self.job, result(pictures)))
            await asyncio.wait_for(self.fake.messages.held.wait(), 60)
            task.cancel()
            await asyncio.wait((task,))
        self.fake.messages.hold = False


def result(pictures: tuple[Picture, ...], *, kept: bool = False) -> JobResult:
    """Return what was painted within a second, for one credit each."""
    n = len(pictures)
    return JobResult(pictures, n, 1000, n, None, None, kept=kept)


def padded(path: Path, size: int) -> Picture:
    """Return a whole picture in a file that is larger than it needs to be."""
    Image.new("RGB", (64, 64)).save(path)
    with path.open("ab") as file:
        file.truncate(size)
    return Picture(path, "png", 64, 64, size)


def asked(
    delivery: Delivery,
    name: str,
    *,
    known: bool = True,
    change: ChangePayload | None = None,
) -> discord.Interaction:
    """Return a command that Ada typed just now, one that Discord still knows or not.

    ``change`` makes it one of where only she installed the bot.
    """
    outside = change is not None
    token = delivery.fake.interactions.ask(CHANNEL, 9, elsewhere=outside) if known else "of-nobody"
    typed = command(9, token, name)
    if change is not None:
        delivery.fake.messages.closed.add(CHANNEL)
        typed = change(typed)
    return discord.Interaction(data=typed, state=delivery.client._connection)  # type: ignore[arg-type]  # JSON
