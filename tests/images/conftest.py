"""The content store of a test: its files are the only ones in ``tmp_path``."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.images.content_store import ContentStore
from tests.images.kept_files import open_store


@pytest.fixture
async def content_store(tmp_path: Path) -> AsyncIterator[ContentStore]:
    async with open_store(tmp_path) as content_store:
        yield content_store
