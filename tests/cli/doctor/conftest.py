from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.cli.doctor.clinic import Clinic, open_clinic


@pytest.fixture
async def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clinic]:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    async with open_clinic(tmp_path, monkeypatch) as opened:
        yield opened
