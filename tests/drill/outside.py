"""What the drill's machine reaches: Discord and an image gateway, on loopback.

``python -m tests.drill.outside FOLDER`` listens as discord.com at port 443, with a certificate of
an authority of its own, ``FOLDER/authority.crt``, and as an image gateway, whose settings it writes
to ``FOLDER/settings``. It reads prompts, types each as Ada's /imagine, and says how that ended.
"""

import asyncio
import ssl
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import discord
import trustme
from yarl import URL

from playground.painter.responses import MODEL
from playground.painter.server import painter
from tests.discord_rest.events import CHANNEL, SERVER, command
from tests.discord_rest.fake import TOKEN, FakeDiscord, fake_discord, guild
from tests.discord_rest.gateway_socket import GatewaySocket, gateway_socket_of, server

PERMISSIONS = discord.Permissions.all().value
READY_S, PAINTED_S = 120, 60
CHUNK_BYTES = 1 << 16


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass  # either side may go at any time
    finally:
        writer.close()


async def _forward(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(_copy(reader, upstream_writer), _copy(upstream_reader, writer))


@asynccontextmanager
async def discord_com(fake: FakeDiscord, folder: Path) -> AsyncIterator[None]:
    """Serve the loopback Discord under its real name."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.crt")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("discord.com").configure_cert(context)
    upstream = URL(fake.base).port
    assert upstream is not None
    async with await asyncio.start_server(
        partial(_forward, upstream), "127.0.0.1", 443, ssl=context
    ):
        yield


async def type_imagine(fake: FakeDiscord, gateway: GatewaySocket, prompt: str) -> str:
    """Type the command as Ada, and return how it ended."""
    before = _files(fake)
    try:
        async with asyncio.timeout(READY_S):
            await gateway.identified.wait()
        interaction_id = discord.utils.time_snowflake(discord.utils.utcnow())
        token = fake.interactions.ask(CHANNEL, interaction_id)
        typed = command(interaction_id, token, "imagine", prompt=prompt)
        await gateway.tell("INTERACTION_CREATE", typed)
        async with asyncio.timeout(PAINTED_S):
            while _files(fake) == before:  # noqa: ASYNC110 - nobody tells when it is posted
                await asyncio.sleep(0.2)
    except TimeoutError:
        return f"nothing was posted; refused: {fake.refused}, rejected: {gateway.rejected}"
    return f"painted: {_files(fake) - before} picture"


@asynccontextmanager
async def running_clock(fake: FakeDiscord) -> AsyncIterator[None]:
    """Let Discord's clock go right."""

    async def tick() -> None:
        while True:
            fake.now_ms = time.time_ns() // 1_000_000
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(tick())
        yield
        ticking.cancel()


def _files(fake: FakeDiscord) -> int:
    return sum(len(message.files) for message in fake.messages.at(CHANNEL))


async def _main(folder: Path) -> None:
    servers = [server(SERVER, [CHANNEL], PERMISSIONS)]
    async with (
        fake_discord() as fake,
        running_clock(fake),
        gateway_socket_of(fake, servers) as gateway,
        discord_com(fake, folder),
        painter() as url,
    ):
        fake.guilds = [guild(SERVER, "Painters", PERMISSIONS)]
        (folder / "settings").write_text(
            f"DISCORD_TOKEN={TOKEN}\nIMAGE_API_URL={url}\nIMAGE_API_KEY=painters-key\nIMAGE_MODELS={MODEL}\n"
        )
        print("ready", flush=True)
        while prompt := (await asyncio.to_thread(sys.stdin.readline)).strip():
            print(await type_imagine(fake, gateway, prompt), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
