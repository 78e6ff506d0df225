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
from bot.gateways.reply.reader import ReplyPicture

log = structlog.get_logger()

_NO_PICTURE = (GatewayErrorKind.BAD_RESPONSE, "what arrived is no picture")


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """The picture files of one reply.

    Of those that are missing this bot lost ``lost_by_us``. ``kind`` and ``detail`` say why one is:
    what the gateway lost comes first.
    """

    pictures: tuple[Picture, ...]
    lost_by_us: int
    kind: GatewayErrorKind
    detail: str


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

    async def fetch(self, found: Sequence[ReplyPicture]) -> PictureFiles:
        """Return the files; one picture that is lost takes no other with it."""
        pictures: list[Picture] = []
        ours: list[SpoolFailed] = []
        kind, detail = _NO_PICTURE
        parts = [await self._part(one) for one in found]
        for kept in await asyncio.to_thread(self._keep_all, found, parts):
            if isinstance(kept, DownloadFailed):
                kind, detail = GatewayErrorKind.DOWNLOAD_FAILED, str(kept)
                log.warning("gateway.download_failed", gateway=self.gateway, detail=detail)
            elif isinstance(kept, SpoolFailed):
                ours.append(kept)
                log.warning("gateway.picture_lost", gateway=self.gateway, detail=kept.detail)
            elif kept:
                pictures.append(kept)
        if ours and len(ours) == len(found):
            kind, detail = ours[-1].kind, ours[-1].detail
        return PictureFiles(tuple(pictures), len(ours), kind, detail)

    async def _part(self, one: ReplyPicture) -> Path | DownloadFailed | SpoolFailed:
        """Return the file of a picture, which may be none, or why there is no file."""
        if isinstance(one.source, Path):
            return one.source
        try:
            return await self._downloaded(one.source)
        except (DownloadFailed, SpoolFailed) as failed:
            return failed

    def _keep_all(
        self, found: Sequence[ReplyPicture], parts: Sequence[Path | DownloadFailed | SpoolFailed]
    ) -> Sequence[Picture | DownloadFailed | SpoolFailed | None]:
        """Store the pictures durably; it blocks, so one visit to a thread does it for all."""
        kept = [
            self._keep(part, number, one) if isinstance(part, Path) else part
            for number, (part, one) in enumerate(zip(parts, found, strict=True), start=1)
        ]
        try:
            self.spool.sync_names()
        except SpoolFailed as failed:
            return [failed if isinstance(one, Picture) else one for one in kept]
        return kept

    def _keep(self, part: Path, number: int, one: ReplyPicture) -> Picture | SpoolFailed | None:
        try:
            kept = self.spool.keep(part, number, one.revised_prompt)
            return kept and replace(kept, seed=one.seed)
        except SpoolFailed as failed:
            return failed

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
