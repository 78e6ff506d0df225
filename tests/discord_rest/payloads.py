"""Read what creates or edits a message at the loopback Discord, and refuse what Discord refuses."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from aiohttp import content_disposition_filename, parse_content_disposition, web
from aiohttp.helpers import parse_mimetype

Json = dict[str, object]


class Refused(Exception):
    """An error of Discord (topics/opcodes-and-status-codes)."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass
class Wanted:
    """A request to create or edit a message."""

    payload: Json
    files: dict[str, int]
    contents: dict[str, bytes] = field(default_factory=dict)


async def read_wanted(request: web.Request) -> Wanted:
    """Read the JSON of a request, and its files."""
    if request.content_type == "application/json":
        return Wanted(await request.json(), {})
    payload: Json = {}
    sizes: dict[str, tuple[str, int]] = {}
    contents: dict[str, bytes] = {}
    for name, filename, data in await _parts_of(request):
        if name == "payload_json":
            payload = json.loads(data)
        else:
            sizes[name] = (filename, len(data))
            contents[filename] = data
    return Wanted(payload, _listed(payload, sizes), contents)


async def _parts_of(request: web.Request) -> list[tuple[str, str, bytes]]:
    """Return the names, file names and contents of a form (RFC 7578).

    aiohttp's reader warns of itself where a delimiter lies across two chunks.
    """
    boundary = parse_mimetype(request.headers["Content-Type"]).parameters["boundary"]
    # Each delimiter begins with the end of a line; before the first one there is none.
    first, *parts, last = (b"\r\n" + await request.read()).split(b"\r\n--" + boundary.encode())
    if first or last.strip() != b"--":
        raise Refused(400, 50109, "The request body is no whole form")
    return [_named(part) for part in parts]


def _named(part: bytes) -> tuple[str, str, bytes]:
    head, _, data = part.partition(b"\r\n\r\n")
    lines = (line.partition(":") for line in head.decode().split("\r\n"))
    headers = {name.lower(): value.strip() for name, _, value in lines}
    _, given = parse_content_disposition(headers["content-disposition"])
    name = content_disposition_filename(given, "name")
    return str(name), str(content_disposition_filename(given)), data


def _listed(payload: Json, sizes: dict[str, tuple[str, int]]) -> dict[str, int]:
    """Match files[n] with the attachments that the payload lists (reference, Uploading Files)."""
    listed = cast("list[Json]", payload.get("attachments", []))
    names = {f"files[{each['id']}]": each for each in listed}
    if names.keys() != sizes.keys():
        raise Refused(400, 50035, "attachments and files differ")
    if any(len(str(each.get("description", ""))) > 1024 for each in listed):
        raise Refused(400, 50035, "an alt text is too long")
    return dict(sizes.values())


def check(wanted: Wanted) -> None:
    """Refuse what Discord refuses."""
    embeds = cast("list[Json]", wanted.payload.get("embeds", []))
    if len(str(wanted.payload.get("content") or "")) > 2000:
        raise Refused(400, 50035, "content is too long")
    if len(wanted.files) > 10 or len(embeds) > 10:
        raise Refused(400, 50035, "more than ten")
    if any(len(str(embed.get("description", ""))) > 4096 for embed in embeds):
        raise Refused(400, 50035, "a description is too long")
    if sum(map(_length, embeds)) > 6000:
        raise Refused(400, 50035, "the embeds are too long")
    shown = set(map(str, media_of(embeds)))
    if shown - {f"attachment://{name}" for name in wanted.files}:
        raise Refused(400, 50035, "an embed shows a file that is not there")


def _length(embed: Json) -> int:
    """Count what the limit over all embeds counts (resources/message, Embed Limits)."""
    parts = (embed.get("author", {}), embed.get("footer", {}))
    names = (str(cast("Json", part).get(key, "")) for part in parts for key in ("name", "text"))
    return len(str(embed.get("description", ""))) + sum(map(len, names))


def media_of(embeds: Iterable[Json]) -> list[object]:
    """Return the addresses of the pictures that embeds show."""
    shown = (embed[key] for embed in embeds for key in ("image", "thumbnail") if key in embed)
    return [cast("Json", media)["url"] for media in shown]
