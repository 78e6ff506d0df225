"""A strict fake of Azure OpenAI: OpenAI's requests at a resource of one's own."""

from typing import ClassVar

from aiohttp import web

from tests.gateways.fake_image_vendor import error_reply
from tests.gateways.fake_openai import FakeOpenAI
from tests.gateways.fake_task_gateway import JsonReply
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.openai_rules import OpenAIFields, OpenAIRefusal

CONTENT_FILTER = {
    "error": {
        "code": "contentFilter",
        "message": "Your task failed as a result of our safety system.",
    }
}


class FakeAzure(FakeOpenAI):
    """Its deployment has the name of its model; it needs ``api-version`` and knows no WebP."""

    endings: ClassVar = {
        "declined": JsonReply({"created": 1, **CONTENT_FILTER}, 400),
        "declined with 200": JsonReply({"created": 1, **CONTENT_FILTER}),
        "unpaid": error_reply(429, "You exceeded your current quota", code="insufficient_quota"),
        "busy": error_reply(429, "Requests have exceeded the call rate limit", code="429"),
        "broken": error_reply(500, "The server had an error", code="InternalServerError"),
        "empty": JsonReply({"created": 1, "data": []}),
    }

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application(client_max_size=256 << 20)
        app.router.add_post("/openai/v1/images/generations", self.generate)
        app.router.add_post("/openai/v1/images/edits", self.edit)
        return app

    def has_key(self, request: web.Request) -> bool:
        """Tell whether the request holds the key in Azure's header, and only there."""
        assert dict(request.query) == {"api-version": "preview"}
        assert "Authorization" not in request.headers
        return request.headers.get("api-key") == GATEWAY_KEY

    def check(self, body: OpenAIFields) -> None:
        """Refuse what the document of the preview does not name."""
        if body.get("output_format") == "webp":
            raise OpenAIRefusal(400, "invalid_value", "Invalid value: 'webp'.", "output_format")
        for name in ("moderation", "safety_identifier", "response_format"):
            if name in body:
                raise OpenAIRefusal(400, "unknown_parameter", f"Unknown parameter: '{name}'.", name)
        for file in self.uploads[-1] if self.uploads else ():
            if file.kind == "image/webp":
                raise OpenAIRefusal(400, "invalid_value", "Invalid image.", "image")
