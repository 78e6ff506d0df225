"""Check the place of the pictures, where CONTENT_STORE_URL names one."""

from collections.abc import AsyncIterator

from bot.cli.doctor.finding import Finding, fine, wrong
from bot.core.errors.base import StartRefused
from bot.core.errors.jobs import PictureStorageAway
from bot.images.storage_places import open_storage
from bot.settings.settings import Settings

_AWAY_FIX = "Check AWS_ENDPOINT_URL and the network; meanwhile pictures are posted, but not kept."


async def check_pictures(settings: Settings) -> AsyncIterator[Finding]:
    """Write and delete a small file there."""
    url = settings.content_store_url
    if not url:
        return
    try:
        await open_storage(url, settings.data_dir, settings.s3_values).check()
    except StartRefused as refused:
        yield wrong("pictures", "cannot be kept", str(refused))
    except PictureStorageAway:
        yield wrong("pictures", f"{url} does not answer", _AWAY_FIX)
    else:
        yield fine("pictures", f"{url} can be read and written")
