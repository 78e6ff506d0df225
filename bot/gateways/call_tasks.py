"""Tasks of calls with a path of their own, which names them: any process can poll them."""

from dataclasses import replace
from typing import cast

from bot.gateways.calls import Call
from bot.gateways.gateway import Gateway
from bot.gateways.reply.error_classifier import GatewayResponse
from bot.gateways.reply.task_status import SubmittedTask, submitted_task


def submitted_task_of(
    call: Call | None,
    response: GatewayResponse,
    gateway: Gateway,
    model: str,
    *,
    has_pictures: bool,
    now_ms: int,
) -> SubmittedTask | None:
    """Return the task that was accepted for a call, None if the reply names no task."""
    if _asks_back(response.body, gateway):
        accepted = {**cast("dict[str, object]", response.body), "code": None}
        response = replace(response, body=accepted)
        task = submitted_task(response, gateway, has_pictures=False, now_ms=now_ms)
        return task and replace(task, asks_back=not _nested_status(accepted))
    own = call if call and call.task else None
    # With a path in the table, a path in the reply is not taken: the name is the id.
    paths = replace(gateway.paths, task=own.task) if own else gateway.paths
    task = submitted_task(
        response, replace(gateway, paths=paths), has_pictures=has_pictures, now_ms=now_ms
    )
    if task is None or own is None:
        return task
    return replace(task, name=gateway.task_path(own, task.name, model))


def _asks_back(body: object, gateway: Gateway) -> bool:
    return isinstance(body, dict) and str(body.get("code")) in gateway.actions.asks_back


def _nested_status(body: dict[str, object]) -> object:
    """Return the status of a task that exists already: the code of some proxies for that, too."""
    properties = body.get("properties")
    return properties.get("status") if isinstance(properties, dict) else None
