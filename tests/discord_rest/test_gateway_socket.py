"""The gateway socket as discord.py's own clients use it, and what it refuses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import discord
import pytest
from discord import Interaction, app_commands
from discord.gateway import DiscordWebSocket
from yarl import URL

from tests.discord_rest import gateway_socket
from tests.discord_rest.events import CHANNEL, SERVER, command
from tests.discord_rest.fake import TOKEN, FakeDiscord, fake_discord
from tests.discord_rest.gateway_socket import GatewaySocket, gateway_socket_of, server

PERMISSIONS = discord.Permissions(send_messages=True).value
SOON_S = 10


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with fake_discord() as fake:
        yield fake


@pytest.fixture
async def gateway_of_discord(
    fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[GatewaySocket]:
    async with gateway_socket_of(fake, [server(SERVER, [CHANNEL], PERMISSIONS)]) as gateway:
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", URL(fake.gateway_url))
        yield gateway


@asynccontextmanager
async def connected(client: discord.Client, gateway: GatewaySocket) -> AsyncIterator[None]:
    """Let a client run until the test is done with it."""
    async with client:
        running = asyncio.create_task(client.start(TOKEN))
        async with asyncio.timeout(SOON_S):
            await gateway.identified.wait()
        yield
        await client.close()
        with suppress(asyncio.CancelledError):
            await running


@pytest.mark.parametrize("kind", [discord.Client, discord.AutoShardedClient])
async def test_a_bot_that_defers_is_told_a_command_and_answers(
    fake: FakeDiscord, gateway_of_discord: GatewaySocket, kind: type[discord.Client]
) -> None:
    """The deferred answer becomes a message by its edit, as the benchmark's reference does."""
    client = kind(intents=discord.Intents(guilds=True))
    done = asyncio.Event()

    @app_commands.command(description="Draw")
    async def imagine(interaction: Interaction, prompt: str) -> None:
        await interaction.response.defer()
        assert fake.interactions.asked[interaction.token].message is None
        await interaction.edit_original_response(content=f"{interaction.guild}: {prompt}")
        done.set()

    tree = app_commands.CommandTree(client)
    tree.add_command(imagine)
    async with connected(client, gateway_of_discord):
        token = fake.interactions.ask(CHANNEL, 9)
        typed = command(9, token, "imagine", prompt="a fox")
        await gateway_of_discord.tell("INTERACTION_CREATE", typed)
        async with asyncio.timeout(SOON_S):
            await done.wait()
    (message,) = fake.messages.at(CHANNEL)
    assert message.content == "Painters: a fox"
    assert (fake.refused, gateway_of_discord.rejected) == ([], [])


IDENTIFIED = {"token": TOKEN, "intents": 1, "properties": {}}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"op": 2, "d": {**IDENTIFIED, "token": "other"}}, gateway_socket.WRONG_TOKEN),
        ({"op": 2, "d": {**IDENTIFIED, "shard": [1, 2]}}, gateway_socket.INVALID_SHARD),
        ({"op": 2, "d": {**IDENTIFIED, "intents": None}}, gateway_socket.INVALID_INTENTS),
        ({"op": 2, "d": {**IDENTIFIED, "intents": 2}}, gateway_socket.DISALLOWED_INTENTS),
        ({"op": 3, "d": {}}, gateway_socket.NOT_AUTHENTICATED),
        ({"op": 2}, gateway_socket.DECODE_ERROR),
    ],
)
async def test_what_discord_would_close_is_closed(
    gateway_of_discord: GatewaySocket, sent: dict[str, object], code: int
) -> None:
    """A client that works here works there."""
    url = f"{gateway_of_discord.fake.gateway_url}/?v=10&encoding=json"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as line:
        assert (await line.receive_json())["op"] == gateway_socket.HELLO
        await line.send_json({"op": 1, "d": None})
        assert (await line.receive_json())["op"] == gateway_socket.HEARTBEAT_ACK
        await line.send_json(sent)
        await line.receive()
        assert line.close_code == code
    assert gateway_of_discord.rejected == [code]


async def test_a_lost_session_is_begun_anew(gateway_of_discord: GatewaySocket) -> None:
    """It keeps no events; a bot identifies again and goes on."""
    url = f"{gateway_of_discord.fake.gateway_url}/?v=10&encoding=json"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as line:
        await line.receive_json()
        await line.send_json({"op": 6, "d": {"token": TOKEN, "session_id": "x", "seq": 1}})
        assert await line.receive_json() == {
            "op": gateway_socket.INVALID_SESSION,
            "d": False,
            "s": None,
            "t": None,
        }
        await line.send_json({"op": 2, "d": IDENTIFIED})
        assert (await line.receive_json())["t"] == "READY"
        assert (await line.receive_json())["t"] == "GUILD_CREATE"


async def test_without_a_gateway_discord_names_none(fake: FakeDiscord) -> None:
    """Most tests need none; a bot that looks for one must not wait for it."""
    async with discord.AutoShardedClient(intents=discord.Intents.none()) as client:
        await client.login(TOKEN)
        with pytest.raises(discord.GatewayNotFound):
            await client.http.get_bot_gateway()
