"""References that travel as addresses: the message is fetched again for a fresh one."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import discord
import msgspec
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.core.clock import Clock
from bot.core.i18n.texts import Texts
from bot.core.models import DEFAULT_FILE_BYTES, AttachmentUrls, ImageOptions, Job, Reference
from bot.discord_ui.couriers import Couriers
from bot.discord_ui.message_outbox import MessageOutbox
from bot.discord_ui.picture_names import posted_reference
from bot.discord_ui.uploads import MessagePictures, read_from_cdn
from bot.gateways.download import Downloader
from bot.images.references import NO_ATTACHMENTS, Attachments, attachments_at
from bot.jobs.reference_addresses import ReferenceAddresses
from bot.jobs.repository.rows import addresses_to_text
from bot.services import open_services
from bot.settings.settings import GatewayKey
from tests.cogs.scripted_gateway import KEY, ScriptedGateway
from tests.discord_rest.cdn import Cdn, cdn_of
from tests.discord_rest.events import CHANNEL
from tests.discord_rest.fake import TOKEN, Answer, FakeDiscord, fake_discord
from tests.discord_rest.messages import Message
from tests.images.kept_files import path_in
from tests.images.picture_collection import encoded, turned
from tests.jobs.service_harness import ADA, ServiceHarness, settings

TWO_DAYS_MS = 2 * 86_400_000
DATA = "data:image/"
BY_ADDRESS = "gpt-image-2-all"
TABLE = """
[gateways.mine]
base_url = "{url}"
models = ["gpt-image-2-all"]

[gateways.mine.abilities."gpt-image-2-all"]
references = {{ transport = "json_image_data_uris", max_count = 5, max_bytes = 9999 }}
"""


@dataclass
class Stage(ServiceHarness):
    """The services, the loopback Discord with its files, and a gateway that takes addresses."""

    fake: FakeDiscord
    cdn: Cdn
    gateway: ScriptedGateway
    client: discord.Client
    couriers: Couriers

    async def paint(
        self, *references: Reference, attached: Attachments = NO_ATTACHMENTS
    ) -> tuple[Job, list[str]]:
        """Paint in a new message; return the job and what the gateway got as references."""
        count = len(references) + len(attached.pictures)
        options = ImageOptions(prompt="a fox", model=BY_ADDRESS, n=1)
        request = self.services.catalogue.build_request(options, references=count)
        asked = self.client.get_partial_messageable(CHANNEL).get_partial_message(
            self.fake.messages.new(CHANNEL).id
        )
        job = await self.services.job_service.submit(
            replace(request, references=references),
            ADA,
            self.couriers.replying(asked, DEFAULT_FILE_BYTES),
            attached=attached,
        )
        await self.services.job_service.drained()
        assert self.rows("SELECT state FROM jobs ORDER BY id DESC LIMIT 1") == [("done",)]
        images = self.gateway.bodies[-1].get("image", [])
        assert isinstance(images, list)
        return job, images

    async def use(self, job: Job) -> tuple[Job, list[str]]:
        """Use the first picture of a result as *Use* does."""
        kept = await self.services.retention.kept_references(job.id)
        return await self.paint(posted_reference(job.id, 1, kept[1]))

    async def reroll(self, job: Job) -> tuple[Job, list[str]]:
        """Repeat a job as it is written."""
        written = await self.services.database.read(self.services.repository.job, job.id)
        assert written is not None
        return await self.paint(*written.job.request.references)

    def result(self, job: Job) -> Message:
        """Return the message that shows a job's picture."""
        shown = self.fake.messages.all.values()
        return next(each for each in shown if any(job.id[-8:] in name for name in each.files))

    def path(self, job: Job) -> str:
        """Return the path at which a job's message is fetched."""
        return f"/channels/{CHANNEL}/messages/{self.result(job).id}"


@asynccontextmanager
async def open_stage(
    folder: Path, gateway: ScriptedGateway, **changes: object
) -> AsyncIterator[Stage]:
    async with fake_discord() as fake, cdn_of(fake) as cdn:
        clock = Clock(now=lambda: fake.now_ms)
        usual: dict[str, object] = {"image_models": (BY_ADDRESS,), "default_quota": ()}
        wanted = settings(folder, gateway, **(usual | changes))
        async with (
            open_services(wanted, clock) as services,
            discord.Client(intents=discord.Intents.none()) as client,
        ):
            await client.login(TOKEN)
            couriers = Couriers(
                client,
                Texts(),
                MessageOutbox(client, services.database, services.repository, now=clock.now),
                services.content_store,
                clock,
                reroll_emoji=lambda _: "🔄",
                may_mention=lambda _: False,
            )
            yield Stage(services, folder, fake, cdn, gateway, client, couriers)


@pytest.fixture
async def stage(tmp_path: Path, gateway: ScriptedGateway) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, gateway) as stage:
        yield stage


async def test_use_and_reroll_send_a_fresh_address_of_the_result(stage: Stage) -> None:
    """A gateway that fetches addresses gets no megabytes of data, also days later."""
    first, _ = await stage.paint()
    stage.fake.now_ms += TWO_DAYS_MS
    used, (address,) = await stage.use(first)
    assert stage.cdn.works(address)
    assert f"{first.id[-8:]}-1.png?" in address
    stage.fake.now_ms += TWO_DAYS_MS
    assert not stage.cdn.works(address)
    _, (later,) = await stage.reroll(used)
    assert stage.cdn.works(later)
    assert stage.fake.refused == []


async def test_the_address_is_there_before_anything_is_sent(stage: Stage) -> None:
    """A process that dies while it looks has no request in doubt."""
    first, _ = await stage.paint()
    seen = []

    async def look(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        if request.method == "GET":
            seen.append(stage.rows("SELECT COUNT(*) FROM attempts"))
        return response

    stage.fake.then = look
    await stage.use(first)
    assert seen == [[(1,)]]


def _deleted(stage: Stage, job: Job) -> None:
    del stage.fake.messages.all[stage.result(job).id]


def _shown_smaller(stage: Stage, job: Job) -> None:
    message = stage.result(job)
    message.contents = dict.fromkeys(message.contents, b"another picture of this name")


def _closed(stage: Stage, job: Job) -> None:
    stage.fake.messages.without_history.add(stage.result(job).channel_id)


def _without_files(stage: Stage, job: Job) -> None:
    message = stage.result(job)
    message.files, message.embeds = {}, []


@pytest.mark.parametrize("happened", [_deleted, _shown_smaller, _closed, _without_files])
async def test_what_no_message_serves_is_sent_as_data(
    stage: Stage, happened: Callable[[Stage, Job], None]
) -> None:
    """The picture is kept: nobody has to attach it again. What is sent is what is kept."""
    first, _ = await stage.paint()
    kept = await stage.services.retention.kept_references(first.id)
    happened(stage, first)
    _, (data,) = await stage.use(first)
    assert data.startswith(DATA)
    sent = base64.b64decode(data.partition(",")[2])
    assert sent == path_in(stage.services.content_store.part_folder, kept[1]).read_bytes()


SLOW = Answer(429, {"message": "slow", "retry_after": 60.0, "global": False}, {"Via": "1.1 google"})


@pytest.mark.parametrize("answer", [None, SLOW, Answer(500, "oops"), Answer(403, {"code": 50001})])
async def test_a_discord_that_is_slow_or_fails_delays_nothing(
    stage: Stage, answer: Answer | None
) -> None:
    """The job has other things to send, and is asked once for all of its requests."""
    first, _ = await stage.paint()
    kept = await stage.services.retention.kept_references(first.id)
    reference = posted_reference(first.id, 1, kept[1])
    if answer is None:
        stage.fake.silent.add(stage.path(first))
    else:
        stage.fake.instead[stage.path(first)] = answer
    courier = stage.couriers.replying(
        stage.client.get_partial_messageable(CHANNEL).get_partial_message(1), DEFAULT_FILE_BYTES
    )
    addresses = ReferenceAddresses(
        courier,
        stage.services.database,
        stage.services.job_service._deps.references,
        lambda: stage.fake.now_ms,
        timeout_s=0.2,
    )
    stage.fake.asked.clear()
    for _ in range(2):
        async with asyncio.timeout(30):
            (found,) = await addresses.renew([reference])
        assert (found, found.url) == (reference, None)
    assert stage.fake.asked == [stage.path(first)]


async def test_a_table_of_data_uris_never_asks_discord(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A self-hosted gateway may be unable to fetch from the internet."""
    (tmp_path / "gateways.toml").write_text(TABLE.format(url=gateway.url))
    changes = {
        "gateways_file": tmp_path / "gateways.toml",
        "image_api_url": "",
        "image_models": (),
        "image_api_key": SecretStr(""),
        "gateways": {"mine": GatewayKey(api_key=SecretStr(KEY))},
    }
    async with open_stage(tmp_path, gateway, **changes) as stage:
        first, _ = await stage.paint()
        used, (data,) = await stage.use(first)
        _, (again,) = await stage.reroll(used)
        assert data.startswith(DATA)
        assert again == data
        assert stage.cdn.requests == []


@pytest.mark.parametrize(
    ("picture", "is_served"), [(encoded("PNG"), True), (turned("JPEG", 6), False)]
)
async def test_a_picture_of_any_message_is_looked_up_unless_it_was_converted(
    stage: Stage, picture: bytes, is_served: bool
) -> None:
    """*Use as reference*: the address serves what was posted, not what was made of it."""
    posted = stage.fake.messages.new(CHANNEL)
    posted.files, posted.contents = {"image.png": len(picture)}, {"image.png": picture}
    channel = stage.client.get_partial_messageable(CHANNEL)
    async with Downloader((), clock=Clock()) as downloader:
        message = await channel.fetch_message(posted.id)
        uploads = MessagePictures(stage.client, downloader).of(message)
    # As another process would read it, if this one died before it fetched the picture.
    urls = Attachments(uploads).urls
    assert urls is not None
    written = msgspec.json.decode(addresses_to_text(urls), type=AttachmentUrls)
    attached = attachments_at(written, partial(read_from_cdn, stage.client))
    job, (at_once,) = await stage.paint(attached=attached)
    assert at_once.startswith("http") == is_served
    stage.fake.now_ms += TWO_DAYS_MS
    _, (later,) = await stage.reroll(job)
    assert stage.cdn.works(later) if is_served else later.startswith(DATA)
    assert later != at_once or not is_served
