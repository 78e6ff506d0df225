"""The painter's endpoint: what OpenAI would answer, on loopback, with pictures."""

import asyncio
import base64
import io
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

from playground.painter.__main__ import main
from playground.painter.responses import CHAT_PAINTER, GRID_PAINTER, MASTER, MODEL
from playground.painter.server import make_app, painter

Client = TestClient[web.Request, web.Application]

GENERATE = "/v1/images/generations"
ORDER: dict[str, object] = {
    "prompt": "a lighthouse at dusk",
    "size": "256x256",
    "quality": "low",
    "seed": 1,
}


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Serve the painter with a fixed clock."""
    async with TestClient(TestServer(make_app(now=lambda: 1_700_000_000.9, capacity=2))) as opened:
        yield opened


async def order(client: Client, **changes: object) -> dict[str, object]:
    """Order a picture and return the reply; None drops a field."""
    fields = {name: value for name, value in (ORDER | changes).items() if value is not None}
    async with client.post(GENERATE, json=fields) as response:
        assert response.status == 200, await response.text()
        reply: dict[str, object] = await response.json()
        return reply


async def test_the_seed_is_reported_and_gives_the_same_picture(client: Client) -> None:
    """Also one that the painter chose: the bot shows it, and *Same seed* sends it."""
    first = cast("list[dict[str, object]]", (await order(client, seed=None, n=2))["data"])
    seeds = [datum["seed"] for datum in first]
    assert seeds[1] == cast("int", seeds[0]) + 1
    again = cast("list[dict[str, object]]", (await order(client, seed=seeds[0], n=2))["data"])
    assert again == first


async def test_a_negative_prompt_leaves_out(client: Client) -> None:
    """It is no error, whatever it says."""
    with_boat = await order(client, prompt="a boat")
    without = await order(client, prompt="a boat", negative_prompt="boat")
    assert with_boat["data"] != without["data"]


WRONG_FIELDS: list[tuple[str, object]] = [
    ("negative_prompt", 5),
    ("negative_prompt", []),
    ("negative_prompt", "x" * 1001),
    ("seed", "5"),
    ("seed", 1.5),
    ("seed", True),
    ("seed", 2**64),
    ("strength", 0.5),  # there is nothing to depart from
]


@pytest.mark.parametrize(("field", "value"), WRONG_FIELDS)
async def test_a_wrong_new_field_is_refused(client: Client, field: str, value: object) -> None:
    """The painter is strict, so that a wrong name or type shows in the playground."""
    error = await refused(client, 400, **{field: value})
    assert error["param"] == field


async def refused(client: Client, status: int, **changes: object) -> dict[str, object]:
    """Order something that is refused and return the error."""
    fields = {name: value for name, value in (ORDER | changes).items() if value is not None}
    async with client.post(GENERATE, json=fields) as response:
        assert response.status == status, await response.text()
        return error_in(await response.json())


def error_in(body: object) -> dict[str, object]:
    """Take the error out of a body, which must have exactly OpenAI's shape."""
    assert isinstance(body, dict)
    assert set(body) == {"error"}
    error: dict[str, object] = body["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


def data_of(reply: dict[str, object]) -> list[dict[str, str]]:
    """Take the pictures out of a reply."""
    data = reply["data"]
    assert isinstance(data, list)
    return data


def opened(data: dict[str, str]) -> Image.Image:
    """Decode a picture from its base64 form."""
    picture = Image.open(io.BytesIO(base64.b64decode(data["b64_json"], validate=True)))
    picture.load()
    return picture


async def test_the_painter_lists_its_models(client: Client) -> None:
    """A gateway check that asks for models finds them all."""
    async with client.get("/v1/models") as response:
        listed = await response.json()
    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == [MODEL, MASTER, CHAT_PAINTER, GRID_PAINTER]


async def test_a_picture_comes_as_base64_with_size_usage_and_caption(client: Client) -> None:
    """The reply has what OpenAI's has, and the picture is a real PNG of the size asked for."""
    reply = await order(client)
    assert set(reply) == {"created", "data", "size", "usage"}
    assert (reply["created"], reply["size"]) == (1_700_000_000, "256x256")
    (data,) = data_of(reply)
    assert opened(data).size == (256, 256)
    assert data["revised_prompt"].startswith("A lighthouse at dusk")
    assert reply["usage"] == {
        "input_tokens": 5,
        "output_tokens": 17,
        "total_tokens": 22,
        "input_tokens_details": {"text_tokens": 5, "image_tokens": 0},
    }


async def test_the_same_seed_gives_the_same_bytes(client: Client) -> None:
    """A seed is a promise."""
    first, again = [data_of(await order(client))[0]["b64_json"] for _ in range(2)]
    assert first == again


async def test_without_a_seed_every_picture_is_new(client: Client) -> None:
    """A re-roll must give something else."""
    first, again = [data_of(await order(client, seed=None))[0]["b64_json"] for _ in range(2)]
    assert first != again


async def test_several_pictures_of_one_order_differ(client: Client) -> None:
    """n=4 with one seed gives four pictures: of that seed and the three after it."""
    data = data_of(await order(client, n=4))
    assert len({picture["b64_json"] for picture in data}) == 4
    alone = data_of(await order(client, seed=3))[0]
    assert alone["b64_json"] == data[2]["b64_json"]


@pytest.mark.parametrize("size", [None, "auto"])
async def test_the_size_is_1024_square_unless_told(client: Client, size: str | None) -> None:
    """Auto and nothing at all mean the same."""
    reply = await order(client, size=size)
    assert reply["size"] == "1024x1024"
    assert opened(data_of(reply)[0]).size == (1024, 1024)


async def test_every_known_field_is_accepted(client: Client) -> None:
    """A full OpenAI request passes, with any model's name."""
    fields = {"model": "any-name", "n": 1, "response_format": "b64_json", "user": "somebody"}
    assert len(data_of(await order(client, **fields))) == 1


async def test_quality_decides_how_finely_and_for_how_many_tokens(client: Client) -> None:
    """What costs more shows more, of the same size; "auto" is in the middle."""
    replies = {word: await order(client, quality=word) for word in ("low", "medium", "high")}
    pictures = {word: data_of(reply)[0] for word, reply in replies.items()}
    assert {opened(picture).size for picture in pictures.values()} == {(256, 256)}
    assert len({picture["b64_json"] for picture in pictures.values()}) == 3
    assert pictures["medium"] == data_of(await order(client, quality="auto"))[0]
    tokens = [cast("dict[str, int]", r["usage"])["output_tokens"] for r in replies.values()]
    assert tokens == [17, 66, 260]


async def test_a_url_serves_the_picture(client: Client) -> None:
    """response_format=url gives an address on the same server, and the same bytes."""
    url = data_of(await order(client, response_format="url"))[0]["url"]
    assert url.startswith(str(client.make_url("/v1/files/")))
    async with client.get(url.removeprefix(str(client.make_url("")).rstrip("/"))) as response:
        assert response.content_type == "image/png"
        png = await response.read()
    inline = data_of(await order(client))[0]["b64_json"]
    assert png == base64.b64decode(inline)


async def test_only_the_latest_pictures_are_kept(client: Client) -> None:
    """Memory is bounded: with room for two, the first of three is gone."""
    seeds = (1, 2, 1, 3)  # asking for 1 again makes it the newer one
    urls = [data_of(await order(client, response_format="url", seed=s))[0]["url"] for s in seeds]
    statuses = []
    for url in dict.fromkeys(urls):
        async with client.get("/v1/files/" + url.rpartition("/")[2]) as response:
            statuses.append(response.status)
    assert statuses == [200, 404, 200]


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"prompt": None}, "missing_required_parameter", "prompt"),
        ({"prompt": ""}, "invalid_value", "prompt"),
        ({"prompt": " \n "}, "invalid_value", "prompt"),
        ({"prompt": 7}, "invalid_type", "prompt"),
        ({"prompt": "x" * 32_001}, "string_above_max_length", "prompt"),
        ({"prompt": "something Forbidden"}, "moderation_blocked", None),
        ({"n": 0}, "invalid_value", "n"),
        ({"n": 5}, "invalid_value", "n"),
        ({"n": "2"}, "invalid_type", "n"),
        ({"n": True}, "invalid_type", "n"),
        ({"size": "255x256"}, "invalid_value", "size"),
        ({"size": "256x2049"}, "invalid_value", "size"),
        ({"size": "1024"}, "invalid_value", "size"),
        ({"size": "1024X1024"}, "invalid_value", "size"),
        ({"size": "1024x1024\n"}, "invalid_value", "size"),
        ({"size": "٥١٢x٥١٢"}, "invalid_value", "size"),
        ({"size": "-512x512"}, "invalid_value", "size"),
        ({"size": "99999999999999999999x256"}, "invalid_value", "size"),
        ({"size": ""}, "invalid_value", "size"),
        ({"size": 1024}, "invalid_type", "size"),
        ({"response_format": "jpeg"}, "invalid_value", "response_format"),
        ({"response_format": []}, "invalid_value", "response_format"),
        ({"seed": 1.5}, "invalid_type", "seed"),
        ({"seed": False}, "invalid_type", "seed"),
        ({"seed": 2**63}, "invalid_value", "seed"),
        ({"stream": "true"}, "invalid_type", "stream"),
        ({"stream": True, "n": 2}, "invalid_value", "n"),
        ({"stream": True, "response_format": "url"}, "invalid_value", "response_format"),
        ({"partial_images": 4}, "invalid_value", "partial_images"),
        ({"partial_images": -1}, "invalid_value", "partial_images"),
        ({"partial_images": True}, "invalid_type", "partial_images"),
        ({"mask": "data:image/png;base64,"}, "unknown_parameter", "mask"),
        ({"model": 1}, "invalid_type", "model"),
        ({"user": []}, "invalid_type", "user"),
        ({"quality": "best"}, "invalid_value", "quality"),
        ({"quality": ["high"]}, "invalid_value", "quality"),
        ({"style": "vivid"}, "unknown_parameter", "style"),
    ],
)
async def test_wrong_orders_are_refused_with_the_field_named(
    client: Client, changes: dict[str, object], code: str, param: str | None
) -> None:
    """Whoever builds a request against the painter learns what is wrong with it."""
    error = await refused(client, 400, **changes)
    assert (error["code"], error["param"]) == (code, param)


async def test_a_blocked_prompt_names_the_safety_system(client: Client) -> None:
    """People can see a refusal without a paid gateway."""
    error = await refused(client, 400, prompt="a forbidden picture")
    assert "safety system" in str(error["message"])


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"seed": ' + b"9" * 5000 + b"}"],
)
async def test_broken_json_is_refused(client: Client, body: bytes) -> None:
    """No body can break the server."""
    async with client.post(GENERATE, data=body) as response:
        assert response.status == 400
        assert error_in(await response.json())["type"] == "invalid_request_error"


async def test_a_lone_surrogate_is_painted(client: Client) -> None:
    """JSON can spell what UTF-8 cannot; it is no reason for a 500."""
    body = b'{"prompt": "a boat \\ud800", "size": "256x256"}'
    async with client.post(GENERATE, data=body) as response:
        assert response.status == 200


async def test_a_huge_body_is_refused() -> None:
    """Memory is bounded before anything is parsed."""
    async with TestClient(TestServer(make_app(max_bytes=1000))) as small:
        error = await refused(small, 413, prompt="x" * 2000)
    assert error["code"] == "request_too_large"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("POST", "/v1/images/variations", 404),
        ("GET", "/v1/images/edits", 405),
        ("POST", "/v1/images/tasks/1", 405),
        ("GET", "/v1/files/nothing.png", 404),
        ("GET", "/v1/files/..%2Fserver.py", 404),
        ("GET", GENERATE, 405),
        ("DELETE", "/v1/models", 405),
    ],
)
async def test_unknown_addresses_answer_in_openai_words(
    client: Client, method: str, path: str, status: int
) -> None:
    """A wrong base URL gives a readable error, not an HTML page."""
    async with client.request(method, path) as response:
        assert response.status == status
        assert error_in(await response.json())["type"] == "invalid_request_error"


async def test_the_fail_rate_decides_how_often_it_fails() -> None:
    """With seeded luck, the same orders fail each time, and the others are painted."""
    rng, same = Random(7), Random(7)
    async with TestClient(TestServer(make_app(fail_rate=0.5, rng=rng))) as shaky:
        statuses = []
        for _ in range(6):
            async with shaky.post(GENERATE, json=ORDER) as response:
                statuses.append(response.status)
    assert statuses == [500 if same.random() < 0.5 else 200 for _ in range(6)]
    assert set(statuses) == {200, 500}


async def test_a_failure_has_an_openai_body() -> None:
    """People can watch failover and retries without breaking a real gateway."""
    async with TestClient(TestServer(make_app(fail_rate=1.0))) as broken:
        error = await refused(broken, 500)
        assert (error["type"], error["code"]) == ("server_error", "server_error")
        assert (await refused(broken, 400, n=9))["code"] == "invalid_value", (
            "never paid, never lost"
        )


async def test_latency_is_waited_before_the_answer() -> None:
    """The bot's progress can be watched; ten milliseconds are enough to prove it."""
    async with TestClient(TestServer(make_app(latency_s=0.02, fail_rate=1.0))) as slow:
        began = time.perf_counter()
        await refused(slow, 500)
    assert time.perf_counter() - began >= 0.01


async def test_the_loop_stays_free_while_it_paints(client: Client) -> None:
    """Painting happens in a thread: the bot in the same loop keeps its heartbeat."""
    painting = asyncio.create_task(order(client, size="1536x1024"))
    async with client.get("/v1/models") as response:
        assert response.status == 200
        assert not painting.done()
    assert await painting


async def test_the_painter_can_be_embedded() -> None:
    """The playground runs it beside the bot and hands its address to the settings."""
    async with painter() as url, aiohttp.ClientSession() as session:
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/v1")
        async with session.post(f"{url}/images/generations", json=ORDER) as response:
            assert response.status == 200
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"{url}/models")


def test_a_port_in_use_is_one_sentence_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    """Starting it twice does not show a traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert str(port) in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "argv",
    [
        ["--port", "70000"],
        ["--port", "x"],
        ["--latency", "-1"],
        ["--fail-rate", "2"],
        ["--fail-rate", "nan"],
    ],
)
def test_wrong_options_are_refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped option ends with exit code 2 and a hint."""
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert argv[0] in capsys.readouterr().err


def test_ctrl_c_ends_it_without_a_traceback() -> None:
    """Somebody who tries the painter in a terminal leaves it cleanly."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "playground.painter", "--port", "0"]
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert "http://127.0.0.1:" in running.stdout.readline()
        running.send_signal(signal.SIGINT)
        try:
            _, said = running.communicate(timeout=30)
        finally:
            running.kill()
    assert running.returncode == 0
    assert "Traceback" not in said
