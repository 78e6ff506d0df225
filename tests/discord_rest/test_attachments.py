"""Reading what somebody attached, while the line to Discord does not hold."""

import discord
import pytest

from bot.discord_ui.attachments import read_again, uploaded
from tests.discord_rest.post import Post
from tests.gateways.scripted_gateway import RawReply, http_reply, scripted_gateway

CUT = http_reply(200, b"half a picture", {"Content-Length": "9000"})


@pytest.mark.parametrize("says", [RawReply(), CUT, http_reply(404), http_reply(500)])
async def test_a_picture_that_does_not_arrive_is_gone(post: Post, says: RawReply) -> None:
    """The person hears that it has to be attached again, not that we have a defect."""
    async with post.process(), scripted_gateway(*[says] * 4) as cdn:
        url = f"{cdn.origin}/fox.png"
        with pytest.raises(OSError, match="cannot be fetched"):
            await read_again(post.client, url)
        raw = {"id": "1", "filename": "fox.png", "size": 9000, "url": url, "proxy_url": url}
        attachment = discord.Attachment(data=raw, state=post.client._connection)  # type: ignore[arg-type]  # JSON
        with pytest.raises(OSError, match="cannot be fetched"):
            await uploaded(attachment).read()
