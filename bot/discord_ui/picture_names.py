"""The names of pictures where they are posted: they say of which job each is, and its number."""

import re
from collections.abc import Iterable
from dataclasses import replace

from bot.core.models import ImageRequest, PictureFormat, Reference, ReferenceSource


def picture_name(job_id: str, number: int, format_: PictureFormat) -> str:
    """Return the file name of a job's ``number``-th picture where it is posted."""
    return f"easel-{job_id[-8:]}-{number}.{format_}"


def resampled_name(job_id: str, number: int, format_: PictureFormat) -> str:
    """Return the file name of a larger copy, which is no picture of the job."""
    return f"easel-{job_id[-8:]}-{number}-resampled-2x.{format_}"


def posted_reference(job_id: str, number: int, kept: Reference) -> Reference:
    """Return a job's ``number``-th kept picture with the place where it was posted."""
    name = picture_name(job_id, number, kept.format)
    return replace(kept, source=ReferenceSource(name, job_id=job_id))


def posted_numbers(job_id: str, file_names: Iterable[str]) -> list[int]:
    """Return which of a job's pictures a message shows, by the names of its files."""
    ours = re.compile(rf"easel-{re.escape(job_id[-8:])}-(?P<number>\d{{1,2}})\..+")
    return sorted(int(found["number"]) for each in file_names if (found := ours.fullmatch(each)))


def enlarged_number(request: ImageRequest) -> int | None:
    """Return the number of the picture that a request enlarges; None if it does something else."""
    if request.operation != "upscale" or not request.references:
        return None
    source = request.references[0].source
    if source is None or source.job_id is None:
        return None
    return next(iter(posted_numbers(source.job_id, [source.file])), None)
