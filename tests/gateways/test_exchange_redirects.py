"""Redirects of the paid request: which are followed, and what the others end with."""

from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from tests.gateways.generation_harness import (
    make_model,
    run_generation,
)
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

PAINTER = make_model("painter", timeout_s=5)
GOOD = http_reply(200, {"data": [{"b64_json": b64(picture_bytes())}]})


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("absolute", [True, False])
async def test_a_slash_redirect_is_followed_with_the_body(
    status: int, absolute: bool, tmp_path: Path
) -> None:
    """Both gin and FastAPI answer a missing or extra slash so."""

    def redirect(origin: str) -> RawReply:
        target = "/v1/images/generations/"
        return http_reply(status, headers={"Location": origin + target if absolute else target})

    async with replay_gateway(redirect, GOOD) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert len(result.pictures) == 1
    first, second = raw.requests
    assert second.startswith(b"POST /v1/images/generations/ ")
    assert first.split(b"\r\n\r\n")[1] == second.split(b"\r\n\r\n")[1]


SLASH = "/v1/images/generations/"
BAD_REDIRECTS: list[tuple[int, str]] = [
    (301, SLASH),
    (302, SLASH),
    (303, SLASH),
    (308, "https://other.example" + SLASH),
    (307, "http://[broken"),
    (307, "mailto:nobody"),
    (307, ""),
]


@pytest.mark.parametrize(("status", "location"), BAD_REDIRECTS)
async def test_any_other_redirect_is_explained(status: int, location: str, tmp_path: Path) -> None:
    """Following it would lose the body or send the key to another host."""
    async with replay_gateway(http_reply(status, headers={"Location": location}), GOOD) as raw:
        failed = (await run_generation(raw.gateway(), tmp_path, known=PAINTER)).failed
    assert raw.posts == 1
    assert (failed.kind, failed.http_status) == (Kind.BAD_RESPONSE, status)
    assert failed.billed is (Billed.MAYBE if status == 303 else Billed.NO)
    assert "trailing slash" in failed.detail


async def test_a_redirect_loop_ends(tmp_path: Path) -> None:
    """One hop is a slash; two are a mistake."""
    there = http_reply(307, headers={"Location": SLASH})
    back = http_reply(307, headers={"Location": "/v1/images/generations"})
    async with replay_gateway(there, back, GOOD) as raw:
        failed = (await run_generation(raw.gateway(), tmp_path, known=PAINTER)).failed
    assert (raw.posts, failed.kind) == (2, Kind.BAD_RESPONSE)
