"""Tasks of calls with a path of their own, which names them: any process can poll them."""

from dataclasses import replace
from typing import cast
from urllib.parse import unquote

from bot.gateways.calls import Call
from bot.gateways.gateway import Gateway
from bot.gateways.reply.error_classifier import GatewayResponse
from bot.gateways.reply.task_status import SubmittedTask, submitted_task

_ANY_ID = "0-any-id-0"  # in no path of a table


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
    is_question = _asks_back(response.body, gateway)
    if is_question:
        body = {**cast("dict[str, object]", response.body), "code": None}
        response = replace(response, body=body)
    own = call if call and call.task else None
    # With a path in the table, a path in the reply is not taken: the name is the id.
    paths = replace(gateway.paths, task=own.task) if own else gateway.paths
    task = submitted_task(
        response,
        replace(gateway, paths=paths),
        has_pictures=has_pictures and not is_question,
        now_ms=now_ms,
    )
    if task is None:
        return None
    return replace(
        task,
        name=gateway.task_path(own, task.name, model) if own else task.name,
        asks_back=is_question and not _nested_status(response.body),
        prompt=gateway.actions.proposed_prompt(response.body),
    )


def task_id_of(name: str, call: Call | None, gateway: Gateway, model: str) -> str:
    """Return the id of a task, which its own path holds, where it is named by that."""
    if call is None or not call.task:
        return name
    before, _, after = gateway.task_path(call, _ANY_ID, model).partition(_ANY_ID)
    if not (name.startswith(before) and name.endswith(after)):
        return name  # the table had another path when the task was accepted
    return unquote(name.removeprefix(before).removesuffix(after))


def _asks_back(body: object, gateway: Gateway) -> bool:
    return isinstance(body, dict) and str(body.get("code")) in gateway.actions.asks_back


def _nested_status(body: object) -> object:
    """Return the status of a task that exists already: the code of some proxies for that, too."""
    properties = body.get("properties") if isinstance(body, dict) else None
    return properties.get("status") if isinstance(properties, dict) else None
