"""Requests to the painter's tasks with buttons, as a proxy's clients send them."""

import asyncio
from typing import Any

from PIL import Image
from yarl import URL

from tests.playground.painter_client import Client, opened

TRIES = 2000


async def submit(client: Client, name: str, **fields: object) -> dict[str, Any]:
    """Send a submit and return its reply, which must have a status that clients expect."""
    async with client.post(f"/mj/submit/{name}", json=fields) as response:
        reply: dict[str, Any] = await response.json()
    assert response.status == (404 if reply["code"] == 3 else 200)
    return reply


async def started(client: Client, name: str, **fields: object) -> str:
    """Send a submit that is accepted and return the task's id."""
    reply = await submit(client, name, **fields)
    assert reply["code"] == 1, reply
    assert isinstance(reply["result"], str)
    return reply["result"]


async def fetched(client: Client, task_id: str) -> dict[str, Any]:
    """Look at a task."""
    async with client.get(f"/mj/task/{task_id}/fetch") as response:
        assert response.status == 200
        task: dict[str, Any] = await response.json()
    assert task["id"] == task_id
    return task


async def done(client: Client, task_id: str) -> dict[str, Any]:
    """Look until a task is over."""
    for _ in range(TRIES):
        task = await fetched(client, task_id)
        if task["status"] in {"SUCCESS", "FAILURE"}:
            return task
        await asyncio.sleep(0.005)
    raise AssertionError("it never ends")


async def painted(client: Client, name: str = "imagine", **fields: object) -> dict[str, Any]:
    """Send a submit and return the finished task."""
    task = await done(client, await started(client, name, **fields))
    assert (task["status"], task["progress"]) == ("SUCCESS", "100%"), task
    return task


async def picture_of(client: Client, task: dict[str, Any]) -> Image.Image:
    """Download the picture of a task."""
    async with client.get(URL(task["imageUrl"]).path) as response:
        assert response.content_type == "image/png"
        return opened(await response.read()).convert("RGB")


async def cells_of(client: Client, task: dict[str, Any]) -> list[Image.Image]:
    """Download the picture of a task and cut it into four, in reading order."""
    grid = await picture_of(client, task)
    wide, high = grid.width // 2, grid.height // 2
    places = [(0, 0), (wide, 0), (0, high), (wide, high)]
    return [grid.crop((x, y, x + wide, y + high)) for x, y in places]


def faces(task: dict[str, Any]) -> list[str]:
    """Return what stands on the buttons of a task."""
    return [button["label"] or button["emoji"] for button in task["buttons"]]


def custom_id(task: dict[str, Any], face: str) -> str:
    """Return the id of the button with this face."""
    return str(task["buttons"][faces(task).index(face)]["customId"])


async def press(client: Client, task: dict[str, Any], face: str) -> dict[str, Any]:
    """Press a button that asks nothing and return the finished task."""
    return await painted(client, "action", taskId=task["id"], customId=custom_id(task, face))
