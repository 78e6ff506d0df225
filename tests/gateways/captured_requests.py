"""Parse the requests that a replay gateway received, with the standard library."""

import json
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from bot.gateways.model_abilities import ModelAbilities
from tests.gateways.generation_harness import GenerationResult, run_generation
from tests.gateways.replay_gateway import RawReply, ReplayGateway, http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

ONE_PICTURE = http_reply(200, {"data": [{"b64_json": b64(picture_bytes())}]})


async def capture_request(
    folder: Path,
    known: ModelAbilities,
    *,
    answers: tuple[RawReply, ...] = (ONE_PICTURE,),
    **asked: object,
) -> tuple[ReplayGateway, GenerationResult]:
    """Run a request with these replies; names that begin with ``at_`` are gateway settings."""
    table = {key[3:]: asked.pop(key) for key in list(asked) if key.startswith("at_")}
    async with replay_gateway(*answers) as raw:
        result = await run_generation(raw.gateway(**table), folder / "job", known=known, **asked)  # type: ignore[arg-type]  # passed on
    return raw, result


def request_head(request: bytes) -> Message:
    """Parse the headers; the Content-Length must be right."""
    lines, _, body = request.partition(b"\r\n\r\n")
    head = message_from_bytes(lines.partition(b"\r\n")[2])
    assert head["Content-Length"] == str(len(body))
    assert head["Transfer-Encoding"] is None
    return head


def request_json(request: bytes) -> dict[str, object]:
    """Parse a JSON body."""
    assert request_head(request)["Content-Type"] == "application/json"
    return dict(json.loads(request.partition(b"\r\n\r\n")[2]))


def request_form(request: bytes) -> list[tuple[str, str | None, str, bytes]]:
    """Parse a form: name, file name, type and bytes of each part."""
    kind = request_head(request)["Content-Type"]
    body = request.partition(b"\r\n\r\n")[2]
    whole = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    parts = []
    for part in whole.get_payload():
        assert isinstance(part, Message)
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        name = part.get_param("name", header="Content-Disposition")
        parts.append((str(name), part.get_filename(), part.get_content_type(), data))
    return parts


def request_line(request: bytes) -> str:
    """Return the request line."""
    return request.partition(b"\r\n")[0].decode()
