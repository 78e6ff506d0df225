"""The painter's tasks with buttons: what a Midjourney proxy takes, answers and refuses."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from playground.art.composer import can_draw
from tests.playground.midjourney_client import (
    cells_of,
    custom_id,
    done,
    faces,
    fetched,
    painted,
    picture_of,
    press,
    started,
    submit,
)
from tests.playground.painter_client import Client, data_uri, encoded, plain, serving, stencil
from tests.playground.test_painter_tasks import ManualClock

FOX = "a fox in the snow --seed 5"
OF_GRID = ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4"]
OF_ONE = [
    *("Upscale (Subtle)", "Upscale (Creative)", "Vary (Subtle)", "Vary (Strong)", "Vary (Region)"),
    *("Zoom Out 2x", "Zoom Out 1.5x", "Custom Zoom", "⬅️", "➡️", "⬆️", "⬇️"),
]
NOT_THERE, WRONG, DECLINED, WAITS = 3, 4, 24, 21


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Serve the painter."""
    async with serving(capacity=64) as opened:
        yield opened


async def test_a_prompt_becomes_four_pictures_in_one(client: Client) -> None:
    """With nine buttons, whose ids are those of Midjourney."""
    task = await painted(client, prompt="a fox --ar 3:2 --v 7", botType="MID_JOURNEY")
    grid = await picture_of(client, task)
    assert grid.width % 4 == grid.height % 2 == 0
    assert grid.width / grid.height == pytest.approx(1.5, abs=0.01)
    assert faces(task) == OF_GRID
    assert custom_id(task, "U2").startswith("MJ::JOB::upsample::2::")
    assert custom_id(task, "V4").startswith("MJ::JOB::variation::4::")
    assert (task["action"], task["failReason"]) == ("IMAGINE", None)
    assert task["properties"] == {"finalPrompt": "a fox --ar 3:2 --v 7"}


async def test_a_seed_gives_the_same_four_again(client: Client) -> None:
    """And it can be asked for."""
    one, other = [await painted(client, prompt=FOX) for _ in range(2)]
    assert await cells_of(client, one) == await cells_of(client, other)
    async with client.get(f"/mj/task/{one['id']}/image-seed") as response:
        assert await response.json() == {"code": 1, "description": "成功", "result": "5"}


async def test_references_are_shown(client: Client) -> None:
    """In the picture, in their colours."""
    uris = [data_uri(plain("crimson"))]
    with_it = await painted(client, prompt=FOX, base64Array=uris)
    without = await painted(client, prompt=FOX)
    assert await cells_of(client, with_it) != await cells_of(client, without)


async def test_a_task_tells_how_far_it_is() -> None:
    """As a percentage, which is never 100 before it is done."""
    clock = ManualClock()
    async with serving(now=clock, latency_s=1000) as client:
        task_id = await started(client, "imagine", prompt="a fox")
        seen = []
        for spent_s in (0, 430, 2000):
            clock.now_s = 1_700_000_000.0 + spent_s
            task = await fetched(client, task_id)
            seen.append((task["status"], task["progress"], task["imageUrl"], task["buttons"]))
    assert seen == [("IN_PROGRESS", f"{percent}%", "", []) for percent in (0, 43, 99)]


async def test_a_failure_by_chance_is_the_tasks(client: Client) -> None:
    """The submit was accepted."""
    async with serving(fail_rate=1) as failing:
        task = await done(failing, await started(failing, "imagine", prompt="a fox"))
    assert (task["status"], task["buttons"]) == ("FAILURE", [])
    assert "failed on purpose" in task["failReason"]


async def test_a_blend_has_something_of_each_picture(client: Client) -> None:
    """Two plain colours are both there; the dimensions are words."""
    uris = [data_uri(plain(colour)) for colour in ("red", "blue")]
    task = await painted(client, "blend", base64Array=uris, dimensions="PORTRAIT")
    for cell in await cells_of(client, task):
        assert cell.height / cell.width == pytest.approx(1.5, abs=0.01)
        red, _, blue = (sum(band.histogram()[200:]) for band in cell.split())
        assert min(red, blue) > 1000


async def test_a_description_is_four_prompts(client: Client) -> None:
    """Each behind its number; the picture of the task is the one that was sent."""
    task = await painted(client, "describe", base64=data_uri(plain("navy")))
    lines = task["properties"]["finalPrompt"].split("\n\n")
    assert [line.partition(" ")[0] for line in lines] == ["1️⃣", "2️⃣", "3️⃣", "4️⃣"]
    assert all(line.endswith(" --ar 1:1") and can_draw(line) for line in lines)
    assert (await picture_of(client, task)).getpixel((5, 5)) == (0, 0, 128)


async def test_a_prompt_is_shortened(client: Client) -> None:
    """What counts stays longest; the last one is the shortest."""
    task = await painted(client, "shorten", prompt="a very small red fox in the snow")
    tokens, _, prompts = task["properties"]["finalPrompt"].partition("\n\n## Shortened prompts\n")
    assert "**fox**" in tokens
    assert "~~very~~" in tokens
    lines = [line.partition(" ")[2] for line in prompts.split("\n\n")]
    assert lines == ["small red fox snow", "small fox snow", "fox snow", "fox"]
    assert task["imageUrl"] == ""


# --- refusals -------------------------------------------------------------------------------------

URI = data_uri(plain())
REFUSED: list[tuple[str, dict[str, object], int, str]] = [
    ("imagine", {}, WRONG, "prompt不能为空"),
    ("imagine", {"prompt": ""}, WRONG, "prompt不能为空"),
    ("imagine", {"prompt": "--ar 1:1"}, WRONG, "prompt不能为空"),
    ("imagine", {"prompt": 5}, WRONG, "prompt"),
    ("imagine", {"prompt": "a fox --ar wide"}, WRONG, "Invalid parameter: --ar wide"),
    ("imagine", {"prompt": "a fox --ar 9:1"}, WRONG, "Invalid parameter: --ar 9:1"),
    ("imagine", {"prompt": "a fox --fast --blur 3"}, WRONG, "Invalid parameter: --blur 3"),
    ("imagine", {"prompt": "a forbidden fox"}, DECLINED, "可能包含敏感词"),
    ("imagine", {"prompt": "a fox", "size": "1:1"}, WRONG, "size"),
    ("imagine", {"prompt": "a fox", "botType": "DALL_E"}, WRONG, "botType"),
    ("imagine", {"prompt": "a fox", "base64Array": URI}, WRONG, "base64Array"),
    ("imagine", {"prompt": "a fox", "base64Array": ["iVBORw0"]}, WRONG, "base64格式错误"),
    ("imagine", {"prompt": "a fox", "base64Array": ["https://x.org/y"]}, WRONG, "base64格式错误"),
    ("imagine", {"prompt": "a fox", "base64Array": [URI] * 6}, WRONG, "base64Array"),
    ("blend", {"base64Array": [URI]}, WRONG, "base64Array"),
    ("blend", {"base64Array": [URI] * 6}, WRONG, "base64Array"),
    ("blend", {"base64Array": [URI] * 2, "dimensions": "1:1"}, WRONG, "dimensions"),
    ("blend", {"base64Array": [URI] * 2, "prompt": "a fox"}, WRONG, "prompt"),
    ("describe", {}, WRONG, "base64格式错误"),
    ("describe", {"base64": [URI]}, WRONG, "base64格式错误"),
    ("shorten", {"prompt": " "}, WRONG, "prompt不能为空"),
    ("action", {"taskId": "1", "customId": "MJ::JOB::upsample::1::x"}, NOT_THERE, "关联任务不存在"),
    ("action", {"taskId": 1, "customId": "MJ::JOB::upsample::1::x"}, WRONG, "taskId"),
    ("modal", {"taskId": "1", "prompt": "a fox"}, NOT_THERE, "关联任务不存在"),
    ("modal", {"prompt": "a fox"}, WRONG, "taskId"),
]


@pytest.mark.parametrize(("name", "fields", "code", "words"), REFUSED)
async def test_a_wrong_submit_is_refused(
    client: Client, name: str, fields: dict[str, object], code: int, words: str
) -> None:
    """With the code that the documents of the proxies say, so that a wrong table shows."""
    reply = await submit(client, name, **fields)
    assert (reply["code"], reply["result"]) == (code, None)
    assert words in reply["description"]


async def test_broken_json_is_refused(client: Client) -> None:
    """Also JSON that is no object."""
    for body in (b"{", b"[]"):
        async with client.post("/mj/submit/imagine", data=body) as response:
            assert (await response.json())["code"] == WRONG


async def test_an_unknown_task_is_404(client: Client) -> None:
    """For its fetch and its seed."""
    for path in ("fetch", "image-seed"):
        async with client.get(f"/mj/task/7/{path}") as response:
            assert response.status == 404
            assert (await response.json())["code"] == NOT_THERE


async def test_a_task_without_a_picture_has_no_buttons_and_no_seed() -> None:
    """While it is under way."""
    async with serving(latency_s=1000) as client:
        task_id = await started(client, "imagine", prompt="a fox")
        press_ = {"taskId": task_id, "customId": "MJ::JOB::upsample::1::x"}
        assert (await submit(client, "action", **press_))["description"] == "关联任务状态错误"
        async with client.get(f"/mj/task/{task_id}/image-seed") as response:
            assert (await response.json())["code"] == WRONG


async def test_only_a_tasks_own_buttons_can_be_pressed(client: Client) -> None:
    """Not those that another one offered, nor what nobody did."""
    one, other = [await painted(client, prompt=FOX) for _ in range(2)]
    for wrong in (custom_id(other, "U1"), custom_id(one, "U1").replace("::1::", "::5::")):
        reply = await submit(client, "action", taskId=one["id"], customId=wrong)
        assert (reply["code"], reply["description"]) == (WRONG, "未知的 Action 类型")


# --- asking back ----------------------------------------------------------------------------------


async def asked(client: Client, face: str) -> tuple[dict[str, Any], str]:
    """Press a button that asks back; returns the picture's task and the waiting one's id."""
    one = await press(client, await painted(client, prompt=FOX), "U2")
    assert faces(one) == OF_ONE
    reply = await submit(client, "action", taskId=one["id"], customId=custom_id(one, face))
    assert (reply["code"], reply["properties"]) == (WAITS, {"finalPrompt": one["prompt"]})
    assert (await fetched(client, reply["result"]))["status"] == "MODAL"
    return one, reply["result"]


async def test_a_custom_zoom_asks_for_the_prompt(client: Client) -> None:
    """The same task goes on; an empty prompt is the one of before; a second answer is nothing."""
    one, waiting = await asked(client, "Custom Zoom")
    assert await started(client, "modal", taskId=waiting, prompt="a fox in the snow --zoom 1.8")
    assert await started(client, "modal", taskId=waiting, prompt="a boat") == waiting
    task = await done(client, waiting)
    assert (task["status"], task["action"]) == ("SUCCESS", "ZOOM")
    assert (task["prompt"], faces(task)) == ("a fox in the snow --zoom 1.8", OF_GRID)
    again = await submit(client, "action", taskId=one["id"], customId=custom_id(one, "Custom Zoom"))
    await started(client, "modal", taskId=again["result"])
    assert (await done(client, again["result"]))["prompt"] == one["prompt"]


@pytest.mark.parametrize("zoom", ["0.5", "3", "far"])
async def test_a_zoom_that_is_none_is_refused(client: Client, zoom: str) -> None:
    """The task still waits for a right one."""
    _, waiting = await asked(client, "Custom Zoom")
    reply = await submit(client, "modal", taskId=waiting, prompt=f"a fox --zoom {zoom}")
    assert reply["description"] == f"Invalid parameter: --zoom {zoom}"
    assert (await fetched(client, waiting))["status"] == "MODAL"


async def test_a_region_wants_an_opaque_mask(client: Client) -> None:
    """White is painted anew, the rest stays."""
    one, waiting = await asked(client, "Vary (Region)")
    transparent = data_uri(stencil())
    for more in ({}, {"maskBase64": transparent}):
        fields = {"taskId": waiting, "prompt": "a boat", **more}
        assert (await submit(client, "modal", **fields))["code"] == WRONG
    before = await picture_of(client, one)
    mask = before.convert("L").point([0] * 256)
    mask.paste(255, (0, 0, mask.width // 2, mask.height))
    uri = data_uri(encoded(mask))
    await started(client, "modal", taskId=waiting, prompt="a boat", maskBase64=uri)
    for cell in await cells_of(client, await done(client, waiting)):
        left, right = (0, 0, 200, 640), (440, 0, 640, 640)
        assert cell.crop(right) == before.crop(right)
        assert cell.crop(left) != before.crop(left)


async def test_a_task_that_does_not_wait_takes_no_answer(client: Client) -> None:
    """It is no button's."""
    task = await painted(client, prompt=FOX)
    reply = await submit(client, "modal", taskId=task["id"], prompt="a boat")
    assert reply["description"] == "关联任务状态错误"
