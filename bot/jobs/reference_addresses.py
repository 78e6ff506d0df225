"""Look up fresh addresses for a job's references, where a model takes addresses.

Discord's addresses expire. A message that is fetched again has new ones. An address is sent only if
it serves exactly the bytes that are kept, as their hash tells: results may have been made smaller
to be posted, and what was converted to the normal form has no address at all. Where no message has
the file, or Discord does not answer in time, the picture itself is sent.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.core.models import CardAddress, Reference, ReferenceSource
from bot.database.database import Database
from bot.images.references import ReferenceLoader
from bot.jobs.courier import Courier
from bot.jobs.repository import job_details

log: structlog.stdlib.BoundLogger = structlog.get_logger()

LOOKUP_TIMEOUT_S = 5


@dataclass
class ReferenceAddresses:
    """Looks up the addresses of one job's references, once for all of its requests."""

    courier: Courier
    database: Database
    loader: ReferenceLoader
    now: Callable[[], int]
    timeout_s: float = LOOKUP_TIMEOUT_S
    _found: dict[str, Reference] = field(default_factory=dict)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def renew(self, references: Sequence[Reference]) -> tuple[Reference, ...]:
        """Return the references, each with a fresh address or with none; it raises nothing.

        It takes no longer than ``timeout_s``, however many there are.
        """
        async with self._one_at_a_time:
            return tuple(await asyncio.gather(*map(self._renewed, references)))

    async def _renewed(self, reference: Reference) -> Reference:
        now_ms, source = self.now(), reference.source
        if source is None or reference.fresh_url(now_ms):
            return reference
        found = self._found.get(reference.sha256)
        if found is None or not found.is_recent(now_ms):
            url = await self._look_up(reference, source)
            found = replace(reference, url=url, fetched_at=now_ms)
            self._found[reference.sha256] = found
        return found

    async def _look_up(self, reference: Reference, source: ReferenceSource) -> str | None:
        try:
            async with asyncio.timeout(self.timeout_s):
                messages = await self._messages(source)
                upload = await self.courier.find_file(source.file, messages)
                if upload is not None and await self.loader.is_served(reference, upload):
                    return upload.url
            reason = "no message has it"
        except Exception as error:  # noqa: BLE001 - the picture itself can be sent instead
            reason = type(error).__name__  # its words may have an address
        log.info("reference.no_address", reason=reason)
        return None

    async def _messages(self, source: ReferenceSource) -> Sequence[CardAddress]:
        if source.job_id is None:
            return (CardAddress(source.channel_id, source.message_id, application_id=0),)
        return await self.database.read(job_details.messages, source.job_id)
