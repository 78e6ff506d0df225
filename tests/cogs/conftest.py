from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cogs.gateway import MoodyGateway
from tests.cogs.world import Build, World


@pytest.fixture
async def build(tmp_path: Path, gateway: MoodyGateway) -> Build:
    return Build(tmp_path / "data", gateway)


@pytest.fixture
async def world(build: Build) -> AsyncIterator[World]:
    async with build.world() as world:
        yield world
