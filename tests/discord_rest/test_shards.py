"""A process with a part of the bot's shards, on the loopback Discord."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import discord
import pytest
from discord.http import Route

from bot.core.errors.base import StartRefused
from bot.core.proxies import NO_PROXIES
from bot.core.sharding import ALONE, Cluster
from bot.discord_ui.caller import has_shard_of, server_of
from bot.discord_ui.identify_turns import IdentifyTurns, Wanted
from bot.discord_ui.sharded_bot import DiscordConnection, ShardedBot, use_api
from tests.cli.live_bot import until
from tests.discord_rest.fake import TOKEN, Answer, FakeDiscord, fake_discord
from tests.discord_rest.gateway_socket import GatewaySocket, gateway_socket_of, server

SHARDS = 4
# One server of each shard (events/gateway, Sharding).
SERVERS = [server(shard << 22, [1000 + shard], 0) for shard in range(SHARDS)]


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with fake_discord() as fake:
        fake.shards = fake.max_concurrency = SHARDS
        yield fake


@pytest.fixture
async def gateway(fake: FakeDiscord) -> AsyncIterator[GatewaySocket]:
    async with gateway_socket_of(fake, SERVERS) as gateway:
        yield gateway


async def at_once(wanted: Wanted) -> float:
    """Reserve a turn where nobody else wants one."""
    return wanted.earliest_s


@asynccontextmanager
async def running(cluster: Cluster, is_ready: Callable[[], bool]) -> AsyncIterator[ShardedBot]:
    """Let the bot of a cluster run until the test is done with it."""
    connection = DiscordConnection(cluster, turns=IdentifyTurns(at_once))
    intents = discord.Intents(guilds=True)
    async with ShardedBot(connection, None, command_prefix="!", intents=intents) as bot:
        running = asyncio.create_task(bot.start(TOKEN))
        await until(is_ready)
        yield bot
        await bot.close()
        with suppress(asyncio.CancelledError):
            await running


async def test_a_process_has_its_own_shards_only(fake: FakeDiscord, gateway: GatewaySocket) -> None:
    """A shard of two processes answers twice, and one that is not here is no outage here."""
    async with running(Cluster(1, 2, SHARDS), lambda: len(gateway.lines) == 2) as bot:
        assert sorted(gateway.lines) == [2, 3]
        assert {guild.id >> 22 for guild in bot.guilds} <= {2, 3}
        assert [has_shard_of(bot, shard << 22) for shard in range(SHARDS)] == [
            False,
            False,
            True,
            True,
        ]
        latencies = bot.shard_latencies()
        assert list(latencies) == [2, 3]
        assert None not in latencies.values()
    assert (fake.refused, gateway.rejected, gateway.too_early) == ([], [], [])


async def test_shards_of_different_buckets_identify_together(
    fake: FakeDiscord, gateway: GatewaySocket
) -> None:
    """discord.py would wait five seconds between two of a large bot that need not wait."""
    async with running(Cluster(0, 1, SHARDS), gateway.identified.is_set):
        moments = [one.at_s for one in gateway.identifies]
    assert len(moments) == SHARDS
    assert max(moments) - min(moments) < 4
    assert (fake.refused, gateway.rejected, gateway.too_early) == ([], [], [])


async def test_the_loopback_discord_refuses_two_of_a_bucket_within_five_seconds(
    fake: FakeDiscord, gateway: GatewaySocket
) -> None:
    """The control: otherwise it would prove nothing that nobody was refused."""
    fake.max_concurrency = 1
    async with running(Cluster(0, 2, SHARDS), lambda: bool(gateway.too_early)):
        pass
    assert [one.shard for one in gateway.too_early][:1] == [(1, SHARDS)]


async def test_a_server_of_another_process_is_asked_for(
    fake: FakeDiscord, gateway: GatewaySocket
) -> None:
    """Direct messages come to the first shard only, also about jobs of servers elsewhere."""
    there = {**SERVERS[3], "name": "Elsewhere"}
    fake.instead[f"/guilds/{3 << 22}"] = Answer(200, there)
    fake.instead[f"/guilds/{7 << 22}"] = Answer(404, {"message": "Unknown Guild", "code": 10004})
    async with running(Cluster(0, 2, SHARDS), lambda: len(gateway.lines) == 2) as bot:
        await until(lambda: len(bot.guilds) == 2)
        names = [await server_of(bot, shard << 22) for shard in (1, 3, 7)]
    assert [server and server.name for server in names] == ["Painters", "Elsewhere", None]
    assert [path for path in fake.asked if path.startswith("/guilds/")] == [
        f"/guilds/{3 << 22}",
        f"/guilds/{7 << 22}",
    ]


@pytest.mark.parametrize("left", [0, 1])
async def test_a_start_beyond_what_discord_allows_today_is_one_sentence(
    fake: FakeDiscord, gateway: GatewaySocket, left: int
) -> None:
    """Discord would reset the token, and nobody could start the bot any more."""
    fake.session_starts = left
    intents = discord.Intents(guilds=True)
    connection = DiscordConnection(Cluster(0, 2, SHARDS))
    async with ShardedBot(connection, None, command_prefix="!", intents=intents) as bot:
        with pytest.raises(StartRefused, match=f"start {left} more shards before 20.* has 2: "):
            await bot.start(TOKEN)
    assert gateway.identifies == []


PROXY = "http://127.0.0.1:9/api/v10"


@pytest.mark.parametrize(
    ("cluster", "base", "waits", "has_budget"),
    [
        (ALONE, "", False, False),
        (ALONE, PROXY, False, False),
        (Cluster(1, 3, 3), "", True, True),
        (Cluster(1, 3, 3), PROXY, True, False),
    ],
)
def test_a_process_keeps_to_its_part_of_the_requests_only_beside_others_without_a_proxy(
    monkeypatch: pytest.MonkeyPatch, cluster: Cluster, base: str, waits: bool, has_budget: bool
) -> None:
    """One that is alone may use the whole limit, and a shared proxy knows all requests."""
    monkeypatch.setattr(Route, "BASE", "https://discord.com/api/v10")
    use_api(base)
    connection = DiscordConnection.of(
        cluster, proxies=NO_PROXIES, reserve=at_once, has_base=bool(base)
    )
    assert (connection.turns is not None) == waits
    assert (connection.budget is not None) == has_budget
    assert base in {"", Route.BASE}
    callback = Route("POST", "/interactions/{id}/callback", id=1)
    assert callback.url == f"{Route.BASE}/interactions/1/callback"
