from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings.settings import Settings
from tests.cli.doctor.installation import Installation, open_installation


@pytest.fixture
async def installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Installation]:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    async with open_installation(tmp_path, monkeypatch) as opened:
        yield opened
