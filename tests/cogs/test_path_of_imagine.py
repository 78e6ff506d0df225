"""How much code one ``/imagine`` runs through, as a report: its figures limit nothing.

``pytest -n 0 -s tests/cogs/test_path_of_imagine.py`` prints the files and functions.
"""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType

from tests.cogs.discord_world import WorldBuilder

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "bot", ROOT / "cogs")


class CalledFunctions:
    """The functions that ran in any thread while ``recording``."""

    def __init__(self) -> None:
        self.recording = False
        self._called: set[CodeType] = set()

    def note(self, frame: FrameType, event: str, _: object) -> None:
        """Take note of a call, as the interpreter tells of it."""
        if self.recording and event == "call":
            self._called.add(frame.f_code)

    def by_file(self) -> Counter[str]:
        """Return how many functions of each file of bot/ and cogs/ ran; no comprehensions."""
        files: Counter[str] = Counter()
        for code in self._called:
            path = Path(code.co_filename)
            is_function = code.co_name == "<lambda>" or not code.co_name.startswith("<")
            if is_function and any(path.is_relative_to(package) for package in PACKAGES):
                files[str(path.relative_to(ROOT))] += 1
        return files


@contextmanager
def called_functions() -> Iterator[CalledFunctions]:
    """Watch this thread, and those that start meanwhile, such as the database's."""
    called = CalledFunctions()
    threading.setprofile(called.note)
    sys.setprofile(called.note)
    try:
        yield called
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


async def test_the_path_of_one_imagine_is_reported(
    build: WorldBuilder, record_property: Callable[[str, object], None]
) -> None:
    """Whoever changes the path of a job sees how long it is."""
    with called_functions() as called:
        async with build.world() as world:
            called.recording = True
            await world.imagine(world.ada, "a lighthouse at dusk")
            await world.wait_for_jobs()
            called.recording = False
            assert world.rows("SELECT state FROM jobs") == [("done",)]
    files = called.by_file()
    record_property("files", len(files))
    record_property("functions", files.total())
    for path, count in sorted(files.items()):
        print(f"{count:4} {path}")  # noqa: T201 - the report
    print(f"{files.total()} functions in {len(files)} files")  # noqa: T201
    assert files["cogs/imagine.py"]
    assert files["bot/jobs/service.py"]
    assert files["bot/quota/ledger.py"]
