"""The terminal's courier: what is in the folder, and what is not."""

from pathlib import Path

import pytest

from bot.cli.imagine import TerminalCourier
from bot.core.errors.jobs import NotDelivered
from bot.core.i18n.texts import Texts
from bot.core.models import OPERATOR, ImageRequest, Job, Picture
from bot.jobs.courier import JobResult

JOB = Job("j", ImageRequest("a fox", "m", "auto", 3), OPERATOR, 3, 0)


def result(folder: Path, *, whole: bool) -> JobResult:
    """Return three pictures, of which the disk has lost the second one, or all."""
    paths = [folder / f"slot-{number}.png" for number in range(3)]
    if whole:
        paths[0].write_bytes(b"1")
        paths[2].write_bytes(b"3")
    return JobResult(tuple(Picture(path, "png", 8, 8, 1) for path in paths), 3, 1, 3, None, None)


async def test_a_picture_that_cannot_be_written_does_not_take_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two of three are files: they are printed, counted and paid for."""
    courier = TerminalCourier(out=tmp_path, texts=Texts(), now=lambda: 0, usual_s=1)
    report = await courier.deliver(JOB, result(tmp_path, whole=True))
    assert report.posted == {1, 3}
    printed = capsys.readouterr()
    assert [Path(line).name for line in printed.out.splitlines()] == [
        "easel-j-1.png",
        "easel-j-3.png",
    ]
    assert "2 pictures in" in printed.err
    assert "slot-1.png" in printed.err


async def test_where_no_picture_can_be_written_nothing_is_delivered(tmp_path: Path) -> None:
    """The job must not end as done."""
    courier = TerminalCourier(out=tmp_path, texts=Texts(), now=lambda: 0, usual_s=1)
    with pytest.raises(NotDelivered):
        await courier.deliver(JOB, result(tmp_path, whole=False))
