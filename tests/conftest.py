"""What all tests share: chance that repeats itself, folders in memory, plain logs, workers."""

import os
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from tests.cogs.scripted_gateway import ScriptedGateway, scripted_gateway

MEMORY = Path("/dev/shm")  # noqa: S108 - only a root: pytest makes a folder of its own below it
ENOUGH_BYTES = 1 << 30

hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Let ``-p no:xdist`` run the tests in one process, whatever pyproject.toml asks of xdist."""
    if not pluginmanager.hasplugin("xdist"):
        parser.addoption("--numprocesses", help="ignored without xdist")
        parser.addoption("--dist", help="ignored without xdist")


def pytest_configure() -> None:
    """Keep the folders of tests in memory, where there is room: a disk makes fsync slow."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.fixture(autouse=True)
def _same_start() -> None:
    """Give each test the same chance, and logs without colours and drawn tracebacks."""
    random.seed(0)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ]
    )


@pytest.fixture
async def gateway() -> AsyncIterator[ScriptedGateway]:
    async with scripted_gateway() as gateway:
        yield gateway
