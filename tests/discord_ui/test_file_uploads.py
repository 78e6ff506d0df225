"""A file is uploaded whole, from where it stood, and a second time after a failure."""

import threading
from http import HTTPStatus
from io import BufferedReader, BytesIO
from pathlib import Path

import aiohttp
import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.http import handle_message_parameters

from bot.discord_ui.file_uploads import read_uploads_directly

CONTENT = bytes(range(256)) * 3000  # three pieces


async def _upload_twice(file: discord.File, origin: str) -> None:
    """Send the file as discord.py does when Discord fails at first."""
    with handle_message_parameters(file=file) as parameters:
        for tries in range(2):
            file.reset(seek=tries)
            form = aiohttp.FormData(quote_fields=False)
            for part in parameters.multipart or ():
                form.add_field(**part)
            async with aiohttp.ClientSession() as session, session.post(origin, data=form) as reply:
                assert reply.status == HTTPStatus.OK


@pytest.mark.parametrize("is_on_disk", [True, False])
async def test_an_open_file_is_sent_whole_and_again_without_a_thread(
    tmp_path: Path, is_on_disk: bool
) -> None:
    """Threads cost a third of what an upload takes; discord.py goes back to its start itself."""
    read_uploads_directly()
    path, arrived = tmp_path / "fox.png", list[bytes]()
    path.write_bytes(CONTENT)

    async def take(request: web.Request) -> web.Response:
        form = await request.post()
        field = form["files[0]"]
        assert isinstance(field, web.FileField)
        arrived.append(field.file.read())
        return web.Response()

    app = web.Application(client_max_size=1 << 24)
    app.router.add_post("/", take)
    async with TestServer(app) as server:
        origin, threads = str(server.make_url("/")), set(threading.enumerate())
        file = path if is_on_disk else BufferedReader(BytesIO(CONTENT))  # its size is not known
        await _upload_twice(discord.File(file, path.name), origin)
        assert not [one for one in threading.enumerate() if one not in threads]
    assert arrived == [CONTENT, CONTENT]
