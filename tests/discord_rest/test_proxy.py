"""Discord is reached through the proxy of the environment."""

import discord
import pytest
from yarl import URL

from bot.cli.doctor.discord_account import NoAnswer, read_account
from bot.core.proxies import Proxies
from bot.discord_ui.sharded_bot import discord_proxy
from tests.discord_rest.fake import NOW_MS, TOKEN
from tests.gateways.replay_gateway import http_reply, replay_gateway

PROXY = "http://me:pass@proxy.example:3128"


def test_the_proxy_for_discord(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY may name Discord; by default it is https."""
    monkeypatch.setattr(discord.http.Route, "BASE", "https://discord.com/api/v10")
    assert discord_proxy(Proxies.parse(https=PROXY)) == PROXY
    assert discord_proxy(Proxies.parse(http=PROXY)) is None
    assert discord_proxy(Proxies.parse(both=PROXY, direct="discord.com")) is None


async def test_the_doctor_logs_in_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of a company wants a password, which Discord must not see."""
    refused = http_reply(401, {"code": 0, "message": "401: Unauthorized"})
    monkeypatch.setattr(discord.http.Route, "BASE", "http://discord.example/api/v10")
    async with replay_gateway(refused) as proxy:
        address = URL(proxy.origin).with_user("me").with_password("pass")
        proxies = Proxies.parse(http=str(address))
        answers = await read_account(TOKEN, lambda: NOW_MS, proxies=proxies)
    assert isinstance(answers.application, NoAnswer)
    assert answers.application.facts == "Discord refuses DISCORD_TOKEN (HTTP 401)"
    head = proxy.requests[0].decode()
    assert head.startswith("GET http://discord.example/api/v10/users/@me HTTP/1.1")
    assert "Proxy-Authorization: Basic bWU6cGFzcw==" in head
