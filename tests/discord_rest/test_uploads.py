"""Reading what somebody attached, while the connection to Discord breaks."""

import discord
import pytest

from bot.discord_ui.uploads import read_from_cdn, upload_of
from tests.discord_rest.delivery import Delivery
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway

CUT = http_reply(200, b"half a picture", {"Content-Length": "9000"})


@pytest.mark.parametrize("says", [RawReply(), CUT, http_reply(404), http_reply(500)])
async def test_a_picture_that_does_not_arrive_is_gone(delivery: Delivery, says: RawReply) -> None:
    """The person hears that it has to be attached again, not that we have a defect."""
    async with delivery.process(), replay_gateway(*[says] * 4) as cdn:
        url = f"{cdn.origin}/fox.png"
        with pytest.raises(OSError, match="cannot be fetched"):
            await read_from_cdn(delivery.client, url)
        raw = {"id": "1", "filename": "fox.png", "size": 9000, "url": url, "proxy_url": url}
        attachment = discord.Attachment(data=raw, state=delivery.client._connection)  # type: ignore[arg-type]  # JSON
        with pytest.raises(OSError, match="cannot be fetched"):
            await upload_of(attachment).read()
