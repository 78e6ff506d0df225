"""midjourney-proxy behind a gateway: numbers for answers, tasks with buttons."""

import asyncio
import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web
from PIL import Image

from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import PICTURE_PATH, FakeVendor, is_data_uri, is_text
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.sample_pictures import picture_bytes

TASK_ID = "1320098173412546"
OPTIONAL = {"base64Array", "botType", "notifyHook", "state", "accountFilter"}


def submit_reply(
    code: int, description: str, result: object = None, **properties: object
) -> JsonReply:
    """Return the reply to a request; its status is always 200."""
    fields = {"code": code, "description": description, "result": result}
    return JsonReply({**fields, "properties": properties})


OK = submit_reply(1, "提交成功", TASK_ID)
INTEGER = submit_reply(1, "提交成功", int(TASK_ID))
QUEUED = submit_reply(22, "排队中,前面还有1个任务", TASK_ID, numberOfQueues="1")
CONFIRM = submit_reply(21, "Waiting for window confirm", TASK_ID)
FULL = submit_reply(23, "队列已满,请稍后尝试")
BANNED = submit_reply(24, "可能包含敏感词", bannedWord="blood", promptEn="blood")
NO_ACCOUNT = submit_reply(3, "无可用的账号实例")
INVALID = submit_reply(4, "prompt不能为空")
NO_PICTURE = submit_reply(4, "base64格式错误")
WRONG_COUNT = submit_reply(4, "base64List参数错误")
NO_FACE = submit_reply(4, "人脸图片不能为空")
SAME_FACES = submit_reply(4, "人脸图片和目标图片不能相同")
FAILURE_AT_ONCE = submit_reply(9, "系统异常")
NEW_API_QUOTA = JsonReply(
    {"description": "quota_not_enough", "type": "upstream_error", "code": 4}, 400
)
NEW_API_BUSY = JsonReply(
    {"description": "当前分组负载已饱和,请稍后再试", "type": "upstream_error", "code": 30}, 429
)


def button_json(label: str, action: str) -> JsonBody:
    """Return a button under a finished task."""
    custom_id = f"MJ::JOB::{action}::1::6c6b4b6e-0000-4000-8000-000000000000"
    return {"customId": custom_id, "emoji": "", "label": label, "type": 2, "style": 2}


def midjourney_task(status: str, progress: str, **more: object) -> JsonReply:
    """Return a task as its fetch shows it."""
    names = {"id": TASK_ID, "action": "IMAGINE", "customId": None, "botType": "MID_JOURNEY"}
    words = {"prompt": "a fox", "promptEn": "a fox", "description": "Submit success", "state": ""}
    times = {"submitTime": 1_700_000_000_000, "startTime": None, "finishTime": None}
    rest: JsonBody = {
        "imageUrl": "",
        "failReason": None,
        "buttons": [],
        "properties": {"finalPrompt": "x"},
    }
    said = {"status": status, "progress": progress}
    return JsonReply({**names, **words, **times, **rest, **said, **more})


NOT_START = midjourney_task("NOT_START", "")
SUBMITTED = midjourney_task("SUBMITTED", "0%")
# The grid is to be seen already, and is not the picture.
IN_PROGRESS = midjourney_task("IN_PROGRESS", "43%", imageUrl="/files/preview.webp")
SUCCESS = midjourney_task(
    "SUCCESS",
    "100%",
    imageUrl=PICTURE_PATH,
    buttons=[button_json("U1", "upsample"), button_json("V1", "variation")],
)
MODAL = midjourney_task("MODAL", "0%")
FAILURE = midjourney_task("FAILURE", "0%", failReason="Internal error")
BANNED_LATE = midjourney_task("FAILURE", "", failReason="Banned prompt detected")
OUT_OF_CREDITS = midjourney_task("FAILURE", "", failReason="[Credits exhausted] Buy more hours")
NO_SUBSCRIPTION = midjourney_task(
    "FAILURE", "", failReason="Subscription required, subscribe first"
)
CANCEL = midjourney_task("CANCEL", "0%")
UNKNOWN = JsonReply("null")
SWAP_PATH = "/mj/insight-face/swap"
DIMENSIONS = ("PORTRAIT", "SQUARE", "LANDSCAPE")


def blend_error(body: JsonBody) -> JsonReply | None:
    """Check a blend: two to five pictures, and one of three dimensions."""
    pictures = body.get("base64Array")
    right = body.keys() <= OPTIONAL | {"dimensions"} and isinstance(pictures, list)
    if not (right and body.get("dimensions", "SQUARE") in DIMENSIONS):
        return INVALID
    assert isinstance(pictures, list)
    if not 2 <= len(pictures) <= 5:
        return WRONG_COUNT
    return None if all(map(is_data_uri, pictures)) else NO_PICTURE


def swap_error(body: JsonBody) -> JsonReply | None:
    """Check a face swap: two different pictures."""
    if body.keys() != {"sourceBase64", "targetBase64"}:
        return NO_FACE
    if not all(map(is_data_uri, body.values())):
        return NO_PICTURE
    return SAME_FACES if body["sourceBase64"] == body["targetBase64"] else None


OTHER_SPEEDS = ("relax", "turbo")


class FakeMidjourney(FakeVendor):
    """Strict about the bodies of ``/imagine``, ``/blend`` and the swap of faces."""

    submit_path = "/mj/submit/imagine"
    more_paths: ClassVar[Sequence[str]] = ("/mj/submit/blend", SWAP_PATH)
    task_path = "/mj/task/{task_id}/fetch"
    task_id = TASK_ID

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key, as new-api does."""
        error = {"message": "无效的令牌", "type": "new_api_error", "code": ""}
        return JsonReply({"error": error}, 401)

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Check every field."""
        if not (body.keys() <= OPTIONAL | {"prompt"} and is_text(body.get("prompt"), 4000)):
            return INVALID
        pictures = body.get("base64Array", [])
        return (
            None if isinstance(pictures, list) and all(map(is_data_uri, pictures)) else NO_PICTURE
        )

    def error_at(self, path: str, body: JsonBody) -> JsonReply | None:
        """Check every field of a blend or a swap."""
        return swap_error(body) if path == SWAP_PATH else blend_error(body)

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Take the order."""
        return OK

    def default_task_replies(self) -> Sequence[JsonReply]:
        """Return the replies to polls of a task that succeeds."""
        return NOT_START, SUBMITTED, IN_PROGRESS, SUCCESS


class FakeSpeeds(FakeMidjourney):
    """The same below the prefixes of three speeds; a task is known at its own alone."""

    submit_path = "/mj-fast/mj/submit/imagine"
    more_paths = (
        "/mj-fast/mj/submit/blend",
        *(
            f"/mj-{speed}/mj/submit/{name}"
            for speed in OTHER_SPEEDS
            for name in ("imagine", "blend")
        ),
    )
    task_path = "/mj-fast/mj/task/{task_id}/fetch"
    more_task_paths = tuple(f"/mj-{speed}/mj/task/{{task_id}}/fetch" for speed in OTHER_SPEEDS)

    def error_at(self, path: str, body: JsonBody) -> JsonReply | None:
        """Check every field of a picture at another speed, or of a blend."""
        return self.error_for(body) if path.endswith("/imagine") else blend_error(body)

    async def poll(self, request: web.Request) -> web.Response:
        """Know the task at the prefix where it was ordered."""
        ordered = next(path for path in reversed(self.paths) if "/submit/" in path)
        if ordered.partition("/mj/")[0] == request.path.partition("/mj/")[0]:
            return await super().poll(request)
        return NO_TASK.response()


def mask_of(modal: JsonBody) -> Image.Image:
    """Return the mask that was sent with a prompt."""
    head, _, data = str(modal["maskBase64"]).partition(",")
    assert head == "data:image/png;base64"
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    image.load()
    return image


# --- tasks with buttons -----------------------------------------------------------------------

UUID = "6c6b4b6e-0000-4000-8000-000000000000"
OF_GRID = {
    **{f"U{n}": f"MJ::JOB::upsample::{n}::{UUID}" for n in (1, 2, 3, 4)},
    "🔄": f"MJ::JOB::reroll::0::{UUID}::SOLO",
    **{f"V{n}": f"MJ::JOB::variation::{n}::{UUID}" for n in (1, 2, 3, 4)},
    "❤️": f"MJ::BOOKMARK::{UUID}",
}
OF_ONE = {
    "Upscale (Subtle)": f"MJ::JOB::upsample_v7_2x_subtle::1::{UUID}::SOLO",
    "Custom Zoom": f"MJ::CustomZoom::{UUID}",
    "🖌️": f"MJ::Inpaint::1::{UUID}::SOLO",
    "⬅️": f"MJ::JOB::pan_left::1::{UUID}::SOLO",
    "Animate": f"MJ::JOB::animate_high::1::{UUID}::SOLO",
}
UNKNOWN_PARENT = submit_reply(3, "关联任务不存在或已失效")
UNFINISHED_PARENT = submit_reply(4, "关联任务状态错误")
UNKNOWN_ACTION = submit_reply(4, "未知的 Action 类型")
EMPTY_PROMPT = submit_reply(4, "prompt不能为空")
NO_TASK = JsonReply({"description": "task_no_found", "type": "upstream_error", "code": 4}, 400)
OWN_WORDS = " --v 7"  # the proxy adds them to what was typed


@dataclass
class FakeTask:
    """A task of the fake: ``left`` polls say that it works, then it has succeeded."""

    id: str
    prompt: str
    is_grid: bool
    status: str = "IN_PROGRESS"
    left: int = 2
    prefix: str = ""
    is_region: bool = False

    @property
    def buttons(self) -> dict[str, str]:
        """Return the ids of its buttons by their words."""
        return OF_GRID if self.is_grid else OF_ONE

    def json(self) -> JsonReply:
        """Return it as a fetch shows it."""
        done = self.status == "SUCCESS"
        buttons = [
            {
                "customId": custom_id,
                "emoji": "" if label.isascii() else label,
                "label": label if label.isascii() else "",
                "type": 2,
                "style": 2,
            }
            for label, custom_id in self.buttons.items()
        ]
        return midjourney_task(
            self.status,
            "100%" if done else "10%",
            id=self.id,
            imageUrl=f"/files/{'grid' if self.is_grid else 'one'}.png" if done else "",
            buttons=buttons if done else [],
            properties={"finalPrompt": f"{self.prompt}{OWN_WORDS}"},
        )


class FakeButtons:
    """A strict proxy whose tasks have buttons; every accepted order that paints is paid.

    ``asks`` are parts of ids after which it waits for a prompt: a reply with code 21, or with code
    1 where it is ``silent``, as behind new-api. A second modal is accepted and paid like the first.
    What has a prefix is known there alone.
    """

    def __init__(
        self,
        *,
        asks: Sequence[str] = ("CustomZoom",),
        silent: bool = False,
        prefixes: Sequence[str] = ("",),
    ) -> None:
        self.url = ""
        self.prefixes = prefixes
        self.paths: list[str] = []  # of all requests and polls
        self.asks = asks
        self.silent = silent
        self.tasks: dict[str, FakeTask] = {}
        self.refusals: list[JsonReply] = []
        self.lost = 0  # so many replies to a modal never come
        self.orders: list[tuple[str, JsonBody]] = []
        self.paid = 0
        self.polls = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.poll_gate = asyncio.Event()  # until then no poll is answered
        self.poll_gate.set()
        self.asks_again = False  # in its reply to a prompt, which it takes all the same

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application()
        for prefix in self.prefixes:
            for name in ("imagine", "blend", "action", "modal"):
                app.router.add_post(f"{prefix}/mj/submit/{name}", self._submit)
            app.router.add_get(f"{prefix}/mj/task/{{id}}/fetch", self._fetch)
        app.router.add_post(SWAP_PATH, self._submit)
        app.router.add_get("/files/{name}", self._file)
        return app

    def sent(self, name: str) -> list[JsonBody]:
        """Return the bodies of one kind of order."""
        return [body for each, body in self.orders if each == name]

    def check_key(self, request: web.Request) -> None:
        """Fail where a request has not the gateway's key."""
        assert request.headers["Authorization"] == f"Bearer {GATEWAY_KEY}"

    async def _submit(self, request: web.Request) -> web.Response:
        self.check_key(request)
        name, body = request.path.rpartition("/")[2], await request.json()
        self.orders.append((name, body))
        self.paths.append(request.path)
        prefix = request.path.partition("/mj/")[0]
        if self.refusals:
            return self.refusals.pop(0).response()
        if name == "imagine":
            return self._started(body["prompt"], prefix, is_grid=True).response()
        if name in ("blend", "swap"):
            wrong = blend_error(body) if name == "blend" else swap_error(body)
            return (wrong or self._started("", prefix, is_grid=name == "blend")).response()
        parent = self.tasks.get(str(body["taskId"]))
        if parent is None or parent.prefix != prefix:
            return UNKNOWN_PARENT.response()
        if name == "action":
            return self._action(body, parent).response()
        reply = self._modal(body, parent)
        if self.lost:
            self.lost -= 1
            assert request.transport is not None
            request.transport.abort()
        return reply.response()

    def _started(
        self, prompt: str, prefix: str, *, is_grid: bool, waits: bool = False, region: bool = False
    ) -> JsonReply:
        number = f"{1000 + len(self.tasks)}"
        task = FakeTask(number, prompt, is_grid, prefix=prefix, is_region=region)
        self.tasks[task.id] = task
        self.paid += not waits
        if not waits:
            return submit_reply(1, "提交成功", task.id)
        task.status, code = "MODAL", 1 if self.silent else 21
        proposal = {"finalPrompt": f"{prompt}{OWN_WORDS}", "remix": True}
        return submit_reply(code, "Waiting for window confirm", task.id, **proposal)

    def _action(self, body: JsonBody, parent: FakeTask) -> JsonReply:
        assert body.keys() == {"taskId", "customId"}
        custom_id = str(body["customId"])
        if parent.status != "SUCCESS":
            return UNFINISHED_PARENT
        if custom_id not in parent.buttons.values() or "BOOKMARK" in custom_id:
            return UNKNOWN_ACTION
        region = "Inpaint" in custom_id
        waits = region or any(part in custom_id for part in self.asks)
        return self._started(
            parent.prompt,
            parent.prefix,
            is_grid="upsample" not in custom_id,
            waits=waits,
            region=region,
        )

    def _modal(self, body: JsonBody, task: FakeTask) -> JsonReply:
        """Take the prompt, and with it the mask of a region, which no other task may have."""
        assert body.keys() == {"taskId", "prompt", *(["maskBase64"] if task.is_region else [])}
        if not is_text(body["prompt"], 4000):
            return EMPTY_PROMPT
        if task.is_region and not is_data_uri(body["maskBase64"]):
            return NO_PICTURE
        task.prompt = str(body["prompt"])
        self.paid += 1
        task.left = 3  # its state stays for a while
        if self.asks_again:
            return submit_reply(21, "Waiting for window confirm", task.id)
        return submit_reply(1, "提交成功", task.id)

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        self.polls += 1
        self.paths.append(request.path)
        await self.poll_gate.wait()
        task = self.tasks.get(request.match_info["id"])
        if task is None or task.prefix != request.path.partition("/mj/")[0]:
            return NO_TASK.response()
        is_waiting = task.status == "MODAL" and task.id not in {
            str(body["taskId"]) for body in self.sent("modal")
        }
        if self.gate.is_set() and not is_waiting:
            task.left -= 1
            if task.left <= 0:
                task.status = "SUCCESS"
        return task.json().response()

    async def _file(self, request: web.Request) -> web.Response:
        size = 64 if request.match_info["name"] == "grid.png" else 32
        return web.Response(body=picture_bytes(width=size, height=size), content_type="image/png")
