"""The routes below /mj: submits that start tasks, and their fetch."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar
from uuid import uuid4

from aiohttp import web
from PIL import Image
from yarl import URL

from playground.painter.errors import Json
from playground.painter.midjourney import submits
from playground.painter.midjourney.buttons import Button, buttons_of_grid, buttons_of_single
from playground.painter.midjourney.prompts import FlaggedPrompt
from playground.painter.midjourney.recipes import Recipe, as_file, new_recipes, painted, pressed
from playground.painter.midjourney.refusals import (
    SubmitRefusedError,
    unfinished_task,
    unknown_action,
    wrong_picture,
)
from playground.painter.midjourney.tasks import Task, TaskRegistry
from playground.painter.midjourney.texts import description_of, shortened
from playground.painter.rendering import PictureStore
from playground.painter.worker import CHAT_TIME_FACTOR, PaintWorker

T = TypeVar("T")
Submit = Callable[[bytes], Awaitable[Json]]

_CAPACITY = 200  # tasks: those without pictures of people are small
_NO_WORDS = FlaggedPrompt()
_ACTIONS = {
    "pick": "UPSCALE",
    "enlarge": "UPSCALE",
    "variation": "VARIATION",
    "vary": "VARIATION",
    "again": "REROLL",
    "zoom": "ZOOM",
    "pan": "PAN",
    "region": "INPAINT",
}


class MidjourneyRoutes:
    """The handlers; ``latency_s`` is how long a task takes, ``now`` the time in seconds."""

    def __init__(
        self,
        worker: PaintWorker,
        pictures: PictureStore,
        *,
        latency_s: float,
        now: Callable[[], float],
    ) -> None:
        self._worker, self._pictures, self._latency_s = worker, pictures, latency_s
        self._tasks = TaskRegistry(capacity=_CAPACITY, typical_s=latency_s, now=now)
        self._submits: dict[str, Submit] = {
            "imagine": self._imagine,
            "blend": self._blend,
            "describe": self._describe,
            "shorten": self._shorten,
            "action": self._press,
            "modal": self._answer,
        }

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        for name, submit in self._submits.items():
            router.add_post(f"/mj/submit/{name}", partial(_submitted, submit))
        router.add_get("/mj/task/{id}/fetch", self._fetch)
        router.add_get("/mj/task/{id}/image-seed", self._seed)

    async def close(self) -> None:
        """Cancel what is under way."""
        await self._tasks.close()

    # --- submits ------------------------------------------------------------------------------

    async def _imagine(self, body: bytes) -> Json:
        asked = await self._worker.run(submits.read_imagine, body)
        task = self._tasks.add("IMAGINE", asked.written)
        return self._started(task, new_recipes(asked.prompt, asked.references))

    async def _blend(self, body: bytes) -> Json:
        asked = await self._worker.run(submits.read_blend, body)
        task = self._tasks.add("BLEND", "")
        return self._started(task, new_recipes(asked.prompt, asked.references))

    async def _describe(self, body: bytes) -> Json:
        picture = await self._worker.run(submits.read_describe, body)
        task = self._tasks.add("DESCRIBE", "")
        self._tasks.start(task, partial(self._describe_picture, task, picture))
        return _accepted(task)

    async def _shorten(self, body: bytes) -> Json:
        words = submits.read_shorten(body)
        task = self._tasks.add("SHORTEN", words)
        self._tasks.start(task, partial(self._shorten_words, task, words))
        return _accepted(task)

    async def _press(self, body: bytes) -> Json:
        press = submits.read_press(body)
        parent = self._tasks.find(press.task_id)
        if parent.status != "SUCCESS":
            raise unfinished_task()
        button = parent.button(press.custom_id)
        if button is None:
            raise unknown_action()
        action = _ACTIONS[button.kind]
        if button.asks:
            task = self._tasks.add(action, parent.prompt, waiting=button, parent=parent)
            task.final_prompt = parent.prompt
            return _reply(21, "Waiting for window confirm", task)
        task = self._tasks.add(action, parent.prompt)
        return self._started(task, pressed(button, parent.recipes, _NO_WORDS, None), button)

    async def _answer(self, body: bytes) -> Json:
        answer = await self._worker.run(submits.read_answer, body)
        task = self._tasks.find(answer.task_id)
        button, parent = task.waiting, task.parent
        if button is None:
            raise unfinished_task()
        if parent is None:
            return _accepted(task)  # a second answer is accepted, and changes nothing
        if button.kind == "region" and answer.mask is None:
            raise wrong_picture()
        task.prompt, task.parent = answer.written or parent.prompt, None
        recipes = pressed(button, parent.recipes, answer.prompt, answer.mask)
        return self._started(task, recipes, button)

    # --- work ---------------------------------------------------------------------------------

    def _started(
        self, task: Task, recipes: tuple[Recipe, ...], button: Button | None = None
    ) -> Json:
        is_enlarged = button is not None and button.kind == "enlarge"
        self._tasks.start(task, partial(self._paint, task, recipes, is_enlarged=is_enlarged))
        return _accepted(task)

    async def _paint(self, task: Task, recipes: tuple[Recipe, ...], *, is_enlarged: bool) -> None:
        await self._worker.pause(after_s=self._latency_s)
        pictures = [await self._worker.run(painted, recipe) for recipe in recipes]
        file = await self._worker.run(as_file, pictures, recipes[0].seed)
        name = str(uuid4())
        single = partial(buttons_of_single, name, is_enlarged=is_enlarged)
        task.buttons = tuple(single() if len(recipes) == 1 else buttons_of_grid(name))
        task.recipes, task.picture = recipes, self._pictures.add(file)
        task.final_prompt = task.prompt

    async def _describe_picture(self, task: Task, picture: Image.Image) -> None:
        await self._worker.pause(after_s=self._latency_s * CHAT_TIME_FACTOR)
        task.final_prompt = await self._worker.run(description_of, picture)
        # As the proxies do: the picture of such a task is the one that was sent.
        file = await self._worker.run(as_file, [picture.convert("RGB")], 0)
        task.picture = self._pictures.add(file)

    async def _shorten_words(self, task: Task, words: str) -> None:
        await self._worker.pause(after_s=self._latency_s * CHAT_TIME_FACTOR)
        task.final_prompt = shortened(words)

    # --- tasks --------------------------------------------------------------------------------

    async def _fetch(self, request: web.Request) -> web.Response:
        task = self._found(request)
        if isinstance(task, web.Response):
            return task
        files: URL = request.url.origin() / "v1" / "files"
        shown = task.json(lambda name: files / name, percent=self._tasks.percent(task))
        return web.json_response(shown)

    async def _seed(self, request: web.Request) -> web.Response:
        task = self._found(request)
        if isinstance(task, web.Response):
            return task
        if task.status != "SUCCESS" or not task.recipes:
            return web.json_response(unfinished_task().body())
        return web.json_response(
            {"code": 1, "description": "成功", "result": str(task.recipes[0].seed)}
        )

    def _found(self, request: web.Request) -> Task | web.Response:
        try:
            return self._tasks.find(request.match_info["id"])
        except SubmitRefusedError as refused:
            return web.json_response(refused.body(), status=refused.status)


async def _submitted(submit: Submit, request: web.Request) -> web.Response:
    try:
        return web.json_response(await submit(await request.read()))
    except SubmitRefusedError as refused:
        return web.json_response(refused.body(), status=refused.status)


def _accepted(task: Task) -> Json:
    return _reply(1, "提交成功", task)


def _reply(code: int, description: str, task: Task) -> Json:
    properties = {"finalPrompt": task.final_prompt} if task.waiting else {}
    facts = {"code": code, "description": description, "result": task.id}
    return {**facts, "properties": properties}
