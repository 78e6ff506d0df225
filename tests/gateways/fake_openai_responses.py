"""A strict fake of OpenAI's Responses as a vendor: its list of models, and how requests end."""

from dataclasses import dataclass, field
from typing import ClassVar

from aiohttp import web

from tests.gateways.fake_image_vendor import error_reply
from tests.gateways.fake_responses import FakeResponses, Json, call_item, message_item, response
from tests.gateways.fake_task_gateway import JsonReply
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.openai_rules import OpenAIRefusal, checked_generation

BLOCKED = {
    "message": "Your request was rejected by the safety system. safety_violations=[sexual].",
    "type": "image_generation_user_error",
    "code": "moderation_blocked",
}


@dataclass
class FakeOpenAIResponses(FakeResponses):
    """Checks what the tool is asked for as the images endpoint does; ``replies`` come first."""

    endings: ClassVar = {
        "declined": JsonReply({"error": BLOCKED}, 400),
        "declined in the item": JsonReply(response(call_item(None, error=BLOCKED))),
        "refused": JsonReply(response(message_item("I can’t help with that.", refusal=True))),
        "unpaid": error_reply(429, "You exceeded your current quota", code="insufficient_quota"),
        "busy": error_reply(429, "Rate limit reached", code="rate_limit_exceeded"),
        "broken": error_reply(500, "The server had an error", type="server_error"),
        "empty": JsonReply(response(message_item("What a lovely idea."))),
    }
    replies: list[web.Response] = field(default_factory=list)

    def app(self) -> web.Application:
        """Return the server."""
        app = super().app()
        app.router.add_get("/v1/models", self.list_models)
        return app

    async def list_models(self, request: web.Request) -> web.Response:
        """Send the list of models."""
        if not _has_key(request):
            return error_reply(
                401, "Incorrect API key provided.", code="invalid_api_key"
            ).response()
        return web.json_response({"object": "list", "data": [{"id": "gpt-image-2"}]})

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Check the tool's options, then go on."""
        body: Json = await request.json()
        wrong = _wrong_tool(body)
        if _has_key(request) and (self.replies or wrong):
            self.posts += 1
            return self.replies.pop(0) if self.replies else error_reply(400, wrong).response()
        return await super().respond(request)


def _has_key(request: web.Request) -> bool:
    return request.headers.get("Authorization") == f"Bearer {GATEWAY_KEY}"


def _wrong_tool(body: Json) -> str:
    """Return what is wrong with the options of the tool; nothing else is checked here."""
    tools = body.get("tools")
    tool = tools[0] if isinstance(tools, list) and tools else {}
    left_out = ("type", "action", "partial_images", "input_image_mask")
    options = {name: value for name, value in tool.items() if name not in left_out}
    try:
        checked_generation({"prompt": "a fox", **options})
    except OpenAIRefusal as refusal:
        return refusal.message
    return ""
