"""Who calls, and in which channel."""

import pytest

from bot.discord_ui.caller import requester_of
from tests.discord_rest.delivery import Delivery, asked
from tests.discord_rest.events import CHANNEL, Payload

THREAD, CATEGORY = 901, 902
A_THREAD: Payload = {
    "id": str(THREAD),
    "type": 11,
    "name": "night",
    "parent_id": str(CHANNEL),
    "owner_id": "1",
    "message_count": 0,
    "member_count": 1,
    "thread_metadata": {
        "archived": False,
        "auto_archive_duration": 60,
        "archive_timestamp": "2026-01-01T00:00:00+00:00",
        "locked": False,
    },
}
A_CHANNEL: Payload = {
    "id": str(CHANNEL),
    "type": 0,
    "name": "gallery",
    "position": 0,
    "parent_id": str(CATEGORY),
}


@pytest.mark.parametrize(
    ("place", "ids"), [(A_CHANNEL, (CHANNEL, CATEGORY)), (A_THREAD, (CHANNEL, THREAD))]
)
async def test_the_channel_comes_before_the_thread_and_the_category(
    delivery: Delivery, place: Payload, ids: tuple[int, ...]
) -> None:
    """What counts by channel can use the first id, in threads as well."""

    def there(typed: Payload) -> Payload:
        return typed | {"channel": place, "channel_id": place["id"]}

    async with delivery.process():
        interaction = asked(delivery, "imagine", change=there)
    assert requester_of(interaction).channel_ids == ids
