from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.discord_rest.delivery import Delivery
from tests.discord_rest.fake import NOW_MS, fake_discord


@pytest.fixture
async def delivery(tmp_path: Path) -> AsyncIterator[Delivery]:
    async with fake_discord() as fake:
        fake.now_ms = NOW_MS
        yield Delivery(fake, tmp_path)
