"""The routes by which requests to Discord are counted."""

import pytest
from discord.http import Route
from yarl import URL

from bot.discord_ui.request_counts import route_of

ID = "1234567890123456789"
TOKEN = "aW50ZXJhY3Rpb246abc-def_0"


@pytest.mark.parametrize(
    ("path", "route"),
    [
        (f"channels/{ID}/messages", "/channels/{id}/messages"),
        (f"channels/{ID}/messages/{ID}", "/channels/{id}/messages/{id}"),
        (
            f"channels/{ID}/messages/{ID}/reactions/%F0%9F%94%84/@me",
            "/channels/{id}/messages/{id}/reactions/{emoji}/@me",
        ),
        (
            f"channels/{ID}/messages/{ID}/reactions/cat:{ID}/@me",
            "/channels/{id}/messages/{id}/reactions/{emoji}/@me",
        ),
        (f"interactions/{ID}/{TOKEN}/callback", "/interactions/{id}/{token}/callback"),
        (f"interactions/{ID}/callback/callback", "/interactions/{id}/{token}/callback"),
        (f"webhooks/{ID}/{TOKEN}", "/webhooks/{id}/{token}"),
        (
            f"webhooks/{ID}/{TOKEN}/messages/@original?wait=true",
            "/webhooks/{id}/{token}/messages/@original",
        ),
        (f"applications/{ID}/guilds/{ID}/commands", "/applications/{id}/guilds/{id}/commands"),
        ("oauth2/applications/@me", "/oauth2/applications/@me"),
        ("gateway/bot", "/gateway/bot"),
        ("users/@me/channels", "/users/@me/channels"),
    ],
)
def test_a_route_tells_no_server_person_or_token_apart(path: str, route: str) -> None:
    """Each of them would be a series of its own, and a token in a metric a secret in a log."""
    assert route_of("POST", URL(f"{Route.BASE}/{path}", encoded=True)) == f"POST {route}"


@pytest.mark.parametrize(
    ("address", "route"),
    [
        ("wss://gateway.discord.gg/?v=10", "gateway"),
        (f"https://cdn.discordapp.com/attachments/{ID}/{ID}/a.png?ex=1", "cdn"),
    ],
)
def test_what_is_no_api_has_one_route(address: str, route: str) -> None:
    """Addresses of files hold names that people chose."""
    assert route_of("GET", URL(address)) == route
