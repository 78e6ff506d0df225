"""How the pictures of a reply become durable files."""

import errno
import os
import stat
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind
from bot.core.models import Billed
from tests.gateways.generation_harness import make_model, run_generation
from tests.gateways.replay_gateway import http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

PAINTER = make_model("painter")
THREE = http_reply(200, {"data": [{"b64_json": b64(picture_bytes(width=8 + n))} for n in range(3)]})


async def test_each_picture_is_synced_and_then_the_names_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power failure, what was received is whole; each sync waits for the disk."""
    synced: list[str] = []

    def fsync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        named = len(list(tmp_path.glob("*.png")))
        synced.append(f"folder with {named}" if is_folder else f"file after {named}")

    monkeypatch.setattr(os, "fsync", fsync)
    async with replay_gateway(THREE) as raw:
        result = await run_generation(raw.gateway(), tmp_path, n=3, known=PAINTER)
    assert [picture.width for picture in result.pictures] == [8, 9, 10]
    assert synced == ["file after 0", "file after 1", "file after 2", "folder with 3"]


async def test_names_that_the_disk_does_not_keep_are_pictures_lost_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway made them: nobody is told that it did not."""

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    async with replay_gateway(THREE) as raw:
        failed = (await run_generation(raw.gateway(), tmp_path, n=3, known=PAINTER)).failed
    assert (failed.kind, failed.billed) == (GatewayErrorKind.DISK_FULL, Billed.YES)
    assert failed.lost_by_us == 3
