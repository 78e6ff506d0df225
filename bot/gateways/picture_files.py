"""Make picture files of what a reply holds: download, inspect, store; each has its own fault."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
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
        for number, one in enumerate(found, start=1):
            try:
                picture = await self._picture(one, number)
                pictures += [picture] if picture else []
            except DownloadFailed as failed:
                kind, detail = GatewayErrorKind.DOWNLOAD_FAILED, str(failed)
                log.warning("gateway.download_failed", gateway=self.gateway, detail=detail)
            except SpoolFailed as failed:
                ours.append(failed)
                log.warning("gateway.picture_lost", gateway=self.gateway, detail=failed.detail)
        if ours and len(ours) == len(found):
            kind, detail = ours[-1].kind, ours[-1].detail
        return PictureFiles(tuple(pictures), len(ours), kind, detail)

    async def _picture(self, one: ReplyPicture, number: int) -> Picture | None:
        part = one.source
        if isinstance(part, URL):
            part = await self._downloaded(part)
        return await asyncio.to_thread(self.spool.keep, part, number, one.revised_prompt)

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
