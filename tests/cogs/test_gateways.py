"""Gateways that misbehave, as the people and the operator see it."""

from datetime import date

from pydantic import SecretStr

from bot.gateways.routing.operator_alerts import Retirement
from bot.settings.settings import GatewayKey
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.scripted_gateway import KEY, ErrorReply, StreamReply, TaskReply


def described(build: WorldBuilder, **keys: object) -> dict[str, object]:
    """Return settings that name the gateway in a file, with more keys than one URL can say."""
    file = build.folder.parent / "gateways.toml"
    lines = [
        "[gateways.moody]",
        f'base_url = "{build.gateway.url}"',
        'models = ["gpt-image-2"]',
        *(f"{name} = {value}" for name, value in keys.items()),
    ]
    file.write_text("\n".join(lines))
    key = GatewayKey(api_key=SecretStr(KEY))
    return {"gateways_file": file, "image_api_url": "", "gateways": {"moody": key}}


def direct_messages(world: DiscordWorld) -> list[str]:
    """Return what the bot wrote outside of the channel's commands."""
    return [
        str((request.json or {}).get("content"))
        for request in world.env.http_requests
        if request.method == "POST" and request.path.endswith("/messages")
    ]


async def test_a_refused_key_is_told_to_the_owner_once(world: DiscordWorld) -> None:
    """Only the operator can renew it; the people read a sentence without names."""
    world.gateway.replies.append(ErrorReply(401, "invalid_api_key"))
    for _ in range(2):
        await world.imagine(world.ada)
        await world.wait_for_jobs()
        assert "operator has to renew" in str(world.card.embeds[0].description)
    (notice,) = direct_messages(world)
    assert notice.startswith("The gateway default rejects its key")
    assert len(world.gateway.bodies) == 1
    assert world.credits() == 0


async def test_a_field_that_the_gateway_does_not_know_costs_nobody_a_picture(
    build: WorldBuilder,
) -> None:
    """Sent again without the field: the database has both attempts, the person one picture."""
    async with build.world(declared=True, **described(build)) as world:
        refusal = ErrorReply(400, "unknown_parameter", "Unknown parameter: 'user'.")
        world.gateway.replies.append(refusal)
        await world.imagine(world.ada)
        await world.wait_for_jobs()
        assert len(world.card.attachments) == 1
        assert ["user" in body for body in world.gateway.bodies] == [True, False]
        rows = "SELECT slot, number, state, billed FROM attempts ORDER BY number"
        assert world.rows(rows) == [(0, 1, "refused", "no"), (0, 2, "received", "yes")]
        assert world.credits() == 1


async def test_a_model_that_retires_is_told_to_the_owner(world: DiscordWorld) -> None:
    """A shop that closes next week should not be a surprise."""
    listener = world.bot.services.alerts.listener
    assert listener is not None
    await listener(Retirement("openai", "gpt-image-1.5", date(2026, 12, 1)))
    (notice,) = direct_messages(world)
    assert "will retire the model gpt-image-1.5 on 2026-12-01" in notice


async def test_an_owner_who_takes_no_messages_stops_nothing(world: DiscordWorld) -> None:
    """The log has it, too."""
    world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007)
    world.gateway.replies.append(ErrorReply(402, "insufficient_quota"))
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert direct_messages(world) == []
    assert "operator has to top it up" in str(world.card.embeds[0].description)


async def test_the_gateways_are_asked_for_their_models_daily(world: DiscordWorld) -> None:
    """What they offer changes without a restart of the bot."""
    await world.env.settle()
    asked = world.gateway.lists
    assert asked == 1
    await world.env.advance_time(24 * 3600 + 60)
    assert world.gateway.lists == 2


async def test_a_preview_is_shown_in_the_card_until_the_picture_is_there(
    build: WorldBuilder,
) -> None:
    """People watch their picture come into being."""
    async with build.world(declared=True, **described(build, stream='"sse"')) as world:
        world.gateway.replies.append(StreamReply())
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.until_asked()
        assert world.gateway.bodies[0]["stream"] is True
        await world.env.advance_time(3)
        (preview,) = world.card.attachments
        assert preview.filename == "preview.png"
        assert str(world.card.embeds[0].image.url) == "attachment://preview.png"
        assert "Painting for Ada" in world.title
        world.gateway.gate.set()
        await world.wait_for_jobs()
        (picture,) = world.card.attachments
        assert picture.filename.startswith("easel-")
        assert world.credits() == 1


async def test_a_tasks_progress_is_a_bar_in_the_card(build: WorldBuilder) -> None:
    """A slow model says how far it is."""
    tasks = described(build, **{"async": '{ mode = "query", query = { async = "true" } }'})
    async with build.world(declared=True, **tasks) as world:
        world.gateway.replies.append(TaskReply())
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        for _ in range(4):
            await world.env.advance_time(3)
        assert "▰▰▰▰▱▱▱▱▱▱ 40%" in str(world.card.embeds[0].description)
        world.gateway.gate.set()
        for _ in range(3):
            await world.env.advance_time(3)
        await world.wait_for_jobs()
        assert len(world.card.attachments) == 1
        assert len(world.gateway.bodies) == 1


async def test_a_task_is_polled_on_after_a_restart_and_its_card_shows_the_picture(
    build: WorldBuilder,
) -> None:
    """The card of before the restart is the card of the picture."""
    tasks = described(build, **{"async": '{ mode = "query", query = { async = "true" } }'})
    async with build.world(declared=True, **tasks) as world:
        world.gateway.replies.append(TaskReply())
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.env.advance_time(4)
        card = world.card.id
        assert world.rows("SELECT state FROM attempts") == [("task",)]
        world.gateway.gate.set()
        await world.restart()
        for _ in range(3):
            await world.env.advance_time(3)
        await world.wait_for_jobs()
        assert world.card.id == card
        assert len(world.card.attachments) == 1
        assert len(world.gateway.bodies) == 1
        assert world.credits() == 1
