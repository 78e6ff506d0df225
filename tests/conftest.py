from collections.abc import AsyncIterator

import pytest

from tests.cogs.gateway import MoodyGateway, moody_gateway


@pytest.fixture
async def gateway() -> AsyncIterator[MoodyGateway]:
    async with moody_gateway() as moody:
        yield moody
