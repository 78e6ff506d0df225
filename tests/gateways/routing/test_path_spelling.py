"""A bare IMAGE_API_URL: the path is tried with and without its slash, and nothing is paid twice."""

import asyncio
from pathlib import Path

import pytest
import structlog
from aiohttp.test_utils import TestServer

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.gateway import Gateway
from bot.gateways.gateway_config import single_gateway
from bot.gateways.routing.path_spelling import found_paths
from tests.gateways.captured_requests import request_line
from tests.gateways.fake_classic import FakeClassic, FakeDddai, FakeUtoken
from tests.gateways.generation_harness import GATEWAY_KEY, run_generation
from tests.gateways.replay_gateway import RawReply, ReplayGateway, http_reply, replay_gateway
from tests.gateways.router_harness import open_router
from tests.gateways.sample_pictures import b64, picture_bytes

GOOD = http_reply(200, {"data": [{"b64_json": b64(picture_bytes())}]})
NO_PATH = http_reply(404, b"<html><title>404 Not Found</title></html>")
LACKING = [
    NO_PATH,
    http_reply(404, {"detail": "Not Found"}),
    http_reply(404, {"error": {"message": "Invalid URL (POST /v1/images/generations)"}}),
    http_reply(405, b"Method Not Allowed"),
    http_reply(301, headers={"Location": "/v1/images/generations/"}),
]
WITHOUT = "/v1/images/generations"
WITH = f"{WITHOUT}/"


def bare(origin: str, models: tuple[str, ...] = ("painter",)) -> Gateway:
    """Return the gateway of an operator who set a base URL only."""
    return single_gateway(url=origin, key=GATEWAY_KEY, models=models)


def paths(raw: ReplayGateway) -> list[str]:
    """Return the paths that were asked for."""
    return [request_line(request).split()[1] for request in raw.requests]


@pytest.mark.parametrize("lacking", LACKING)
async def test_the_other_spelling_is_tried_once_and_remembered(
    lacking: RawReply, tmp_path: Path
) -> None:
    """Nothing was made at a path that does not exist; the operator is told what was found."""
    with structlog.testing.capture_logs() as logs:
        async with (
            replay_gateway(lacking, GOOD, GOOD) as raw,
            open_router(tmp_path, bare(raw.origin), data_dir=tmp_path) as one,
        ):
            first, second = await one.generate(), await one.generate()
    assert (first.has_pictures, first.refusals) == (True, 1)
    assert (second.has_pictures, second.refusals) == (True, 0)
    assert paths(raw) == [WITHOUT, WITH, WITH]
    (found,) = [entry for entry in logs if entry["event"] == "gateway.path_found"]
    assert (found["path"], found["log_level"]) == (WITH, "warning")
    assert found_paths(tmp_path) == {raw.origin: WITH}


async def test_the_next_start_remembers_it(tmp_path: Path) -> None:
    """And looks again where it has become wrong."""
    async with replay_gateway(NO_PATH, GOOD, GOOD, NO_PATH, GOOD) as raw:
        for _ in range(3):
            async with open_router(tmp_path, bare(raw.origin), data_dir=tmp_path) as one:
                assert (await one.generate()).has_pictures
    assert paths(raw) == [WITHOUT, WITH, WITH, WITH, WITHOUT]
    assert found_paths(tmp_path) == {raw.origin: WITHOUT}


async def test_where_neither_exists_it_is_not_tried_for_ever(tmp_path: Path) -> None:
    """The address is wrong in another way, which the doctor can tell."""
    async with (
        replay_gateway(*[NO_PATH] * 3) as raw,
        open_router(tmp_path, bare(raw.origin), data_dir=tmp_path) as one,
    ):
        first, second = await one.generate(), await one.generate()
    assert (first.failed.kind, first.failed.billed) == (Kind.MODEL_UNAVAILABLE, Billed.NO)
    assert second.failure
    assert paths(raw) == [WITHOUT, WITH, WITHOUT]
    assert found_paths(tmp_path) == {}


@pytest.mark.parametrize(
    "refusal",
    [
        http_reply(404, {"error": {"message": "The model `painter` does not exist"}}),
        http_reply(400, {"error": {"message": "no"}}),
        http_reply(303, headers={"Location": WITH}),
        http_reply(500, b"oops"),
        RawReply(then="reset"),
    ],
)
async def test_only_a_certain_lack_of_the_path_is_a_reason(
    refusal: RawReply, tmp_path: Path
) -> None:
    """Anything else may have been paid, or has nothing to do with the path."""
    async with (
        replay_gateway(refusal) as raw,
        open_router(tmp_path, bare(raw.origin)) as one,
    ):
        assert (await one.generate()).failure
    assert paths(raw) == [WITHOUT]


async def test_a_path_that_the_operator_wrote_is_never_changed(tmp_path: Path) -> None:
    """What is written is what is sent."""
    async with (
        replay_gateway(NO_PATH) as raw,
        open_router(tmp_path, bare(raw.origin + WITH)) as one,
    ):
        assert (await one.generate()).failure
    assert paths(raw) == [WITH]


async def test_requests_at_the_same_time_find_it_together(tmp_path: Path) -> None:
    """Each is refused once at most, and painted once."""
    async with (
        replay_gateway(NO_PATH, NO_PATH, GOOD, GOOD) as raw,
        open_router(tmp_path, bare(raw.origin)) as one,
    ):
        done = await asyncio.gather(one.generate(), one.generate())
    assert [one.has_pictures for one in done] == [True, True]
    assert sorted(paths(raw)) == [WITHOUT, WITHOUT, WITH, WITH]


@pytest.mark.parametrize("vendor", [FakeUtoken(), FakeDddai()])
async def test_two_vendors_work_by_their_base_url_alone(
    vendor: FakeClassic, tmp_path: Path
) -> None:
    """Their documents show the slash in an example only."""
    async with TestServer(vendor.app()) as server:
        gateway = bare(str(server.make_url("")), ("gpt-image-1",))
        result = await run_generation(gateway, tmp_path)
    assert result.pictures
    assert vendor.paid == 1


async def test_a_file_that_was_cut_off_counts_for_nothing(tmp_path: Path) -> None:
    """A start must not fail for it."""
    (tmp_path / "gateway-paths.json").write_text('{"http')
    assert found_paths(tmp_path) == {}
