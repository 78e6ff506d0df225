"""The request builder: references, lineage and moderation of what is submitted."""

from dataclasses import replace

import pytest

from bot.core.models import ImageOptions, Job, Reference, Requester
from bot.discord_ui.caller import CallerContext
from bot.images.references import Attachments, ReferenceLost, ReferenceTooLarge, Upload
from bot.preferences.preset_lookup import PresetLookup
from cogs.request_builder import RequestBuilder
from tests.cogs.discord_world import DiscordWorld
from tests.cogs.test_references import PNG, sent
from tests.cogs.test_reroll_reaction import rerollable_card
from tests.images.kept_files import keep_bytes
from tests.images.test_content_store import picture_bytes
from tests.jobs.service_harness import RecordingCourier

OTHER = picture_bytes("png", size=(8, 8))


@pytest.fixture
def request_builder(world: DiscordWorld) -> RequestBuilder:
    """Return a request builder over the bot's services."""
    return request_builder_of(world)


def request_builder_of(world: DiscordWorld) -> RequestBuilder:
    """Return a request builder over the bot's services."""
    services, preference_store = world.bot.services, world.bot.preference_store
    return RequestBuilder(
        job_service=services.job_service,
        catalogue=services.catalogue,
        preference_store=preference_store,
        presets=PresetLookup(
            preference_store=preference_store,
            styles=world.bot.styles,
            texts=world.bot.client.texts,
        ),
        age_restriction=services.age_restriction,
    )


def caller(world: DiscordWorld, *channels: int) -> CallerContext:
    """Return Ben as a button knows him."""
    where = channels or (world.channel.id,)
    who = Requester(world.ben.id, world.guild.id, "Ben", channel_ids=where)
    return CallerContext(who, "en", "en", may_manage=False)


async def kept(world: DiscordWorld, data: bytes) -> Reference:
    """Keep a picture as an earlier job did."""
    return await keep_bytes(world.bot.services.content_store, data, "png")


async def behind(world: DiscordWorld, message_id: int) -> Job | None:
    """Return the job that a message shows."""
    services = world.bot.services
    written = await services.database.read(services.repository.behind, message_id)
    return written.job if written else None


def upload(data: bytes, *, size: int | None = None) -> Upload:
    """Return a picture that somebody attached to a form."""

    async def read() -> bytes:
        return data

    return Upload(len(data) if size is None else size, read)


async def test_kept_references_come_before_new_ones(
    world: DiscordWorld, request_builder: RequestBuilder
) -> None:
    """An edit starts from the picture, and what is attached to the form is added."""
    parent = await rerollable_card(world)
    job = await behind(world, parent.id)
    assert job is not None
    edited = await request_builder.submit(
        ImageOptions(prompt="bluer", model="easel-painter"),
        caller(world),
        RecordingCourier(),
        attached=Attachments((upload(OTHER),)),
        references=(await kept(world, PNG),),
        parent=job.id,
    )
    await world.wait_for_jobs()
    assert sent(world) == [PNG, OTHER]
    assert world.rows(f"SELECT user_id, parent FROM jobs WHERE id = '{edited.id}'") == [
        (world.ben.id, job.id)
    ]


async def test_a_reference_is_counted_where_the_person_counts_it(
    world: DiscordWorld, request_builder: RequestBuilder
) -> None:
    """The first picture of the form is the second of the request."""
    options, who = ImageOptions(prompt="bluer", model="easel-painter"), caller(world)
    first = await kept(world, PNG)
    with pytest.raises(ReferenceTooLarge) as large:
        await request_builder.submit(
            options,
            who,
            RecordingCourier(),
            attached=Attachments((upload(PNG, size=10**9),)),
            references=(first,),
        )
    assert large.value.number == 2
    gone = replace(first, sha256="0" * 64)
    with pytest.raises(ReferenceLost) as lost:
        await request_builder.submit(options, who, RecordingCourier(), references=(first, gone))
    assert lost.value.number == 2
    assert world.credits() == 0


async def test_a_job_is_found_behind_its_message_with_what_it_was_asked(
    world: DiscordWorld, request_builder: RequestBuilder
) -> None:
    """Lineage and moderation are written with the job, and read after a restart."""
    await world.mia.slash(world.channel, "settings moderation", level="low")
    first = await rerollable_card(world, model="gpt-image-2")
    parent = await behind(world, first.id)
    assert parent is not None
    assert (parent.request.moderation, parent.parent) == ("low", None)
    courier = RecordingCourier()
    again = await request_builder.repeat(parent, caller(world), courier)
    await world.wait_for_jobs()
    await world.restart()
    found = await behind(world, first.id)
    assert found == parent
    assert again.parent == parent.id
    assert replace(again.request, moderation=None) == replace(parent.request, moderation=None)
    assert await behind(world, 12345) is None
