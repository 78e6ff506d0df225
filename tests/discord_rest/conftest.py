from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.discord_rest.fake import NOW_MS, fake_discord
from tests.discord_rest.post import Post


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with fake_discord() as fake:
        fake.now_ms = NOW_MS
        yield Post(fake, tmp_path)
