"""Make picture files of what a reply holds: download, inspect, store; each has its own fault."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from yarl import URL

from bot.core.errors.gateway import GatewayErrorKind
from bot.core.models import Picture
from bot.gateways.download import Downloader, DownloadFailed
from bot.gateways.reply.download_spool import DownloadSpool, SpoolFailed
from bot.gateways.reply.layout import Layout
from bot.gateways.reply.reader import ReplyPicture
from bot.images.conversion import GRID_PICTURES, split_grid
from bot.images.decoding import PictureTooLarge, PictureUnreadable, in_pixel_thread

log = structlog.get_logger()

_NO_PICTURE = (GatewayErrorKind.BAD_RESPONSE, "what arrived is no picture")


Fault = DownloadFailed | SpoolFailed
"""Why a picture is no file."""


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """The picture files of one reply.

    Of the units that are missing this bot lost ``lost_by_us``. ``kind`` and ``detail`` say why one
    is: what the gateway lost comes first.
    """

    pictures: tuple[Picture, ...]
    lost_by_us: int
    kind: GatewayErrorKind
    detail: str


@dataclass(frozen=True, slots=True)
class _Part:
    """One picture of a unit: its file, which may be no picture, or why there is none.

    ``cell`` is its place in its grid, from 1; 0 for a picture of none.
    """

    file: Path | Fault
    found: ReplyPicture
    unit: int
    cell: int = 0

    @property
    def name(self) -> str:
        """Return what the name of its file ends with."""
        return f"{self.unit}-{self.cell}" if self.cell else str(self.unit)


@dataclass(frozen=True, slots=True)
class PictureFetcher:
    """Makes the files of one reply's pictures in a spool.

    Each is asked for once, for at most ``timeout_s``, and not again after ``until_ms``.
    """

    gateway: str
    spool: DownloadSpool
    downloader: Downloader
    timeout_s: float
    until_ms: int

    async def fetch(self, found: Sequence[ReplyPicture], layout: Layout) -> PictureFiles:
        """Return the files; one picture that is lost takes no other with it."""
        parts: list[_Part] = []
        for place, one in enumerate(found):
            parts += await self._parts(place, one, layout)
        kept = await asyncio.to_thread(self._keep_all, parts)
        pictures = tuple(each for each in kept if isinstance(each, Picture))
        faults = [each for each in kept if isinstance(each, Fault)]
        for fault in faults:
            self._log(fault)
        ours = [each for each in faults if isinstance(each, SpoolFailed)]
        theirs = [each for each in faults if isinstance(each, DownloadFailed)]
        kind, detail = _NO_PICTURE
        if ours and len(ours) == len(parts):
            kind, detail = ours[-1].kind, ours[-1].detail
        elif theirs:
            kind, detail = GatewayErrorKind.DOWNLOAD_FAILED, str(theirs[-1])
        return PictureFiles(pictures, _lost_by_us(parts, kept), kind, detail)

    def _log(self, fault: Fault) -> None:
        if isinstance(fault, SpoolFailed):
            log.warning("gateway.picture_lost", gateway=self.gateway, detail=fault.detail)
        else:
            log.warning("gateway.download_failed", gateway=self.gateway, detail=str(fault))

    async def _parts(self, place: int, one: ReplyPicture, layout: Layout) -> list[_Part]:
        """Return the files of the ``place``-th picture of a reply: of a grid, those of its four."""
        file = await self._file(one)
        if layout == "cells":
            unit, cell = divmod(place, GRID_PICTURES)
            return [_Part(file, one, unit + 1, cell + 1)]
        if layout == "grid" and isinstance(file, Path):
            cells = await self._split(file)
            if cells:
                return [_Part(each, one, place + 1, cell) for cell, each in enumerate(cells, 1)]
        return [_Part(file, one, place + 1)]

    async def _split(self, file: Path) -> Sequence[Path]:
        """Return the four pictures of a grid; none where it is to be shown whole."""
        cells = [self.spool.new_part() for _ in range(GRID_PICTURES)]
        try:
            is_split = await in_pixel_thread(split_grid, file, cells)
        except (PictureTooLarge, PictureUnreadable, OSError) as error:
            log.info("gateway.grid_not_split", gateway=self.gateway, error=type(error).__name__)
            return ()
        return cells if is_split else ()

    async def _file(self, one: ReplyPicture) -> Path | Fault:
        """Return the file of a picture, which may be none, or why there is no file."""
        if isinstance(one.source, Path):
            return one.source
        try:
            return await self._downloaded(one.source)
        except (DownloadFailed, SpoolFailed) as failed:
            return failed

    def _keep_all(self, parts: Sequence[_Part]) -> Sequence[Picture | Fault | None]:
        """Store the pictures durably; it blocks, so one visit to a thread does it for all."""
        kept = [self._keep(part) for part in parts]
        try:
            self.spool.sync_names()
        except SpoolFailed as failed:
            return [failed if isinstance(one, Picture) else one for one in kept]
        return kept

    def _keep(self, part: _Part) -> Picture | Fault | None:
        if not isinstance(part.file, Path):
            return part.file
        try:
            kept = self.spool.keep(part.file, part.name, part.found.revised_prompt)
        except SpoolFailed as failed:
            return failed
        grid = part.unit if part.cell else 0
        return kept and replace(kept, seed=part.found.seed, grid=grid)

    async def _downloaded(self, url: URL) -> Path:
        """Download a picture; one that is whole counts, also where the line always breaks."""
        part = self.spool.new_part()
        try:
            await self.downloader.fetch(
                url,
                part,
                timeout_s=self.timeout_s,
                until_ms=self.until_ms,
                is_enough=self._is_whole,
            )
        except DownloadFailed as failed:
            if not await self._is_whole(part):
                raise
            log.warning("gateway.download_broke_off", gateway=self.gateway, detail=str(failed))
        return part

    async def _is_whole(self, part: Path) -> bool:
        return await asyncio.to_thread(lambda: part.exists() and self.spool.is_whole(part))


def _lost_by_us(parts: Sequence[_Part], kept: Sequence[Picture | Fault | None]) -> int:
    """Return of how many units nothing was kept because of this bot."""
    ends = list(zip((part.unit for part in parts), kept, strict=True))
    there = {unit for unit, end in ends if isinstance(end, Picture)}
    return len({unit for unit, end in ends if isinstance(end, SpoolFailed)} - there)
