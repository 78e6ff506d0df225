"""Strict fakes of Google's OpenAI form, xAI, Together, Ark, SiliconFlow, LocalAI and Vercel."""

from typing import ClassVar

from tests.gateways.fake_image_vendor import (
    Check,
    FakeImageVendor,
    error_reply,
    is_base64,
    is_object,
    is_picture,
    one_of,
    pixels,
    several,
    some,
    text,
    whole,
)
from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import PICTURE_PATH, is_number
from tests.gateways.sample_pictures import b64, picture_bytes

KOLORS = "Kwai-Kolors/Kolors"
KOLORS_SIZES = ("1024x1024", "960x1280", "768x1024", "720x1440", "720x1280")
QWEN_SIZES = ("1328x1328", "1664x928", "928x1664", "1472x1140", "1140x1472", "1584x1056")


# --- Google ---------------------------------------------------------------------------------------


def _google(status: int, name: str, message: str) -> JsonReply:
    return JsonReply([{"error": {"code": status, "message": message, "status": name}}], status)


class FakeGoogle(FakeImageVendor):
    """Google's OpenAI form: errors in a list, and 400 for a wrong key."""

    submit_path = "/v1beta/openai/images/generations"
    list_path = "/v1beta/openai/models"
    fields: ClassVar = {
        "model": one_of("gemini-3-pro-image-preview"),
        "prompt": text(),
        "n": whole(1, 4),
        "response_format": one_of("b64_json"),
    }
    listed = JsonReply({"data": [{"id": "models/gemini-3-pro-image-preview", "object": "model"}]})
    endings: ClassVar = {
        "unpaid": _google(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        "busy": _google(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted."),
        "broken": _google(500, "INTERNAL", "An internal error has occurred."),
        "empty": JsonReply({"created": 1, "data": []}),
    }

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return _google(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")

    def invalid(self, name: str) -> JsonReply:
        """Answer a wrong field."""
        if name == "model":
            return _google(404, "NOT_FOUND", "models/x is not found for API version v1main")
        return _google(400, "INVALID_ARGUMENT", f'Unknown name "{name}": Cannot find field.')

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Answer with base64."""
        return JsonReply({"created": 1, "data": several(body, {"b64_json": b64(picture_bytes())})})


# --- xAI ------------------------------------------------------------------------------------------

XAI_RATIOS = ("1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9")

XAI_IMAGE: dict[str, Check] = {"type": one_of("image_url"), "url": is_picture}


def _pictures(body: JsonBody) -> set[str]:
    return {"image", "images"} & body.keys()


class FakeXai(FakeImageVendor):
    """Sizes are ratios; a declined prompt is answered with no picture and no word."""

    submit_path = "/v1/images/generations"
    more_paths = ("/v1/images/edits",)
    list_path = "/v1/image-generation-models"
    fields: ClassVar = {
        "model": one_of("grok-imagine-image"),
        "prompt": text(1024),
        "n": whole(1, 10),
        "aspect_ratio": one_of(*XAI_RATIOS, "1:2", "2:1", "auto"),
        "resolution": one_of("1k", "2k"),
        "quality": one_of("low", "medium", "high"),
        "image": lambda value: is_object(XAI_IMAGE, value),
        "images": some(lambda value: is_object(XAI_IMAGE, value), 3),
        "response_format": one_of("url", "b64_json"),
    }
    listed = JsonReply({"models": [{"id": "grok-imagine-image", "object": "model"}]})
    endings: ClassVar = {
        "unpaid": JsonReply({"code": "x", "error": "no credits"}, 402),
        "busy": JsonReply({"code": "x", "error": "Too Many Requests"}, 429),
        "broken": JsonReply({"code": "x", "error": "internal"}, 500),
        "empty": JsonReply({"data": [], "usage": {"cost_in_usd_ticks": 0}}),
    }

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        message = "Incorrect API key provided: sk***. You can obtain one from https://console.x.ai."
        return JsonReply({"code": "Client specified an invalid argument", "error": message}, 400)

    def invalid(self, name: str) -> JsonReply:
        """Answer a wrong field."""
        message = f"Argument not supported: {name}"
        return JsonReply({"code": "Client specified an invalid argument", "error": message}, 400)

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Refuse pictures in a generation, too."""
        return super().error_for(body) or (self.invalid("image") if _pictures(body) else None)

    def error_at(self, path: str, body: JsonBody) -> JsonReply | None:
        """Refuse an edit without pictures, or with both kinds of them."""
        wrong = len(_pictures(body)) != 1
        return super().error_for(body) or (self.invalid("image") if wrong else None)

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Answer with base64 or with an address."""
        by_base64 = body.get("response_format") == "b64_json"
        source = {"b64_json": b64(picture_bytes("jpeg"))} if by_base64 else {"url": PICTURE_PATH}
        item = {"b64_json": None, "url": "", "mime_type": "image/jpeg", "revised_prompt": ""}
        data = several(body, {**item, **source})
        usage = {"cost_in_usd_ticks": 200_000_000}
        return JsonReply({"block_reason": None, "data": data, "usage": usage})


# --- Together -------------------------------------------------------------------------------------

TOGETHER_OWN: dict[str, set[str]] = {
    "black-forest-labs/FLUX.1-schnell": {"aspect_ratio", "negative_prompt"},
    "black-forest-labs/FLUX.1-kontext-pro": {"aspect_ratio", "negative_prompt", "image_url"},
    "black-forest-labs/FLUX.2-pro": {"width", "height", "reference_images"},
}
"""The fields that not all models have, by model."""


def eights(least: int, most: int) -> Check:
    """Return a check that a field is a multiple of 8 within these bounds."""
    return lambda value: is_number(value, least, most) and int(str(value)) % 8 == 0


class FakeTogether(FakeImageVendor):
    """``response_format`` is url or base64, and the picture is still in ``b64_json``."""

    submit_path = "/v1/images/generations"
    list_path = "/v1/models"
    fields: ClassVar = {
        "model": one_of(*TOGETHER_OWN),
        "prompt": text(),
        "n": whole(1, 4),
        "aspect_ratio": one_of("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3"),
        "width": eights(256, 2048),
        "height": eights(256, 2048),
        "seed": whole(0, 2**63),
        "negative_prompt": text(),
        "image_url": is_picture,
        "reference_images": some(is_picture, 8),
        "response_format": one_of("url", "base64"),
    }
    listed = JsonReply([{"id": name, "type": "image"} for name in TOGETHER_OWN])
    endings: ClassVar = {
        "unpaid": error_reply(402, "Credit limit exceeded", type="credit_limit"),
        "busy": error_reply(429, "Too many requests", type="rate_limit"),
        "broken": error_reply(500, "internal", type="server_error"),
        "empty": JsonReply({"id": "x", "object": "list", "data": []}),
    }

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return error_reply(401, "Invalid API key provided.", code="invalid_api_key")

    def invalid(self, name: str) -> JsonReply:
        """Answer a wrong field."""
        return error_reply(400, f"Invalid {name}", type="invalid_request_error", param=name)

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Refuse a field of another model, too."""
        if wrong := super().error_for(body):
            return wrong
        own = TOGETHER_OWN[str(body["model"])]
        others = {name for names in TOGETHER_OWN.values() for name in names} - own
        return next(map(self.invalid, sorted(others & body.keys())), None)

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Answer with base64 or with an address."""
        by_base64 = body.get("response_format") == "base64"
        item = {"b64_json": b64(picture_bytes("jpeg"))} if by_base64 else {"url": PICTURE_PATH}
        data = several(body, {"index": 0, **item})
        return JsonReply({"id": "x", "model": body["model"], "object": "list", "data": data})


# --- Volcengine Ark -------------------------------------------------------------------------------


def _ark(status: int, code: str, kind: str) -> JsonReply:
    return error_reply(status, f"{code}. Request ID: 1", code=code, param="", type=kind)


class FakeArk(FakeImageVendor):
    """Seedream 4.5: many pixels, no ``n``, references in the generation."""

    submit_path = "/api/v3/images/generations"
    fields: ClassVar = {
        "model": one_of("doubao-seedream-4-5-251128"),
        "prompt": text(),
        "size": pixels(3_686_400, 16_777_216),
        "image": lambda value: is_picture(value) or some(is_picture, 14)(value),
        "response_format": one_of("url", "b64_json"),
        "watermark": lambda value: value is False,
        "sequential_image_generation": one_of("disabled"),
    }
    endings: ClassVar = {
        "declined": _ark(400, "OutputImageSensitiveContentDetected", "BadRequest"),
        "declined by risk": _ark(400, "InputTextRiskDetection", "BadRequest"),
        "declined with 200": JsonReply(_ark(200, "InputTextSensitiveContentDetected", "x").body),
        "unpaid": _ark(403, "AccountOverdueError", "Forbidden"),
        "busy": _ark(429, "RateLimitExceeded.EndpointRPMExceeded", "TooManyRequests"),
        "broken": _ark(500, "InternalServiceError", "InternalServerError"),
        "empty": JsonReply({"model": "m", "created": 1, "data": []}),
    }

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return _ark(401, "AuthenticationError", "Unauthorized")

    def invalid(self, name: str) -> JsonReply:
        """Answer a wrong field."""
        if name == "model":
            return _ark(404, "InvalidEndpointOrModel.NotFound", "NotFound")
        return _ark(400, "InvalidParameter", "BadRequest")

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Answer with base64 or with an address, which is good for a day."""
        by_base64 = body.get("response_format") == "b64_json"
        source = {"b64_json": b64(picture_bytes("jpeg"))} if by_base64 else {"url": PICTURE_PATH}
        usage = {"generated_images": 1, "output_tokens": 16384, "total_tokens": 16384}
        data = [{**source, "size": body.get("size", "2048x2048")}]
        return JsonReply({"model": body["model"], "created": 1, "data": data, "usage": usage})


# --- SiliconFlow ----------------------------------------------------------------------------------


QWEN_EDIT = "Qwen/Qwen-Image-Edit-2509"


class FakeSiliconFlow(FakeImageVendor):
    """``image_size``, a list ``images``, and errors without a key ``error``.

    Only one model takes more than one picture, and it takes no size.
    """

    submit_path = "/v1/images/generations"
    list_path = "/v1/models"
    list_query: ClassVar = {"type": "image"}
    fields: ClassVar = {
        "model": one_of(KOLORS, "Qwen/Qwen-Image", QWEN_EDIT),
        "prompt": text(),
        "image": is_picture,
        "image2": is_picture,
        "image3": is_picture,
        "image_size": one_of(*KOLORS_SIZES, *QWEN_SIZES, "1056x1584"),
        "seed": whole(0, 9_999_999_999),
        "negative_prompt": text(),
    }
    listed = JsonReply(
        {"object": "list", "data": [{"id": KOLORS}, {"id": "Qwen/Qwen-Image"}, {"id": QWEN_EDIT}]}
    )
    endings: ClassVar = {
        "unpaid": JsonReply({"code": 1, "message": "balance is insufficient", "data": None}, 403),
        "busy": JsonReply({"message": "Request was rejected due to rate limiting"}, 429),
        "broken": JsonReply({"code": 50505, "message": "busy", "data": None}, 500),
        "empty": JsonReply({"images": [], "timings": {"inference": 1.2}, "seed": 1}),
    }

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return JsonReply({"code": 30014, "message": "Token is invalid.", "data": None}, 401)

    def invalid(self, name: str) -> JsonReply:
        """Answer a wrong field."""
        if name == "model":
            message = "Model does not exist. Please check it carefully."
            return JsonReply({"code": 20012, "message": message, "data": None}, 400)
        return JsonReply({"code": 20015, "message": f"{name} is invalid", "data": None}, 400)

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Refuse a size or a picture of another model, too."""
        model = str(body.get("model"))
        sizes = {KOLORS: KOLORS_SIZES, QWEN_EDIT: ()}.get(model, (*QWEN_SIZES, "1056x1584"))
        is_known = "image_size" not in body or body["image_size"] in sizes
        wrong = [] if is_known else ["image_size"]
        if model != QWEN_EDIT:
            wrong += [name for name in ("image2", "image3") if name in body]
        if "image3" in body and "image2" not in body:
            wrong.append("image3")
        return super().error_for(body) or (self.invalid(wrong[0]) if wrong else None)

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Answer with an address, which is good for an hour."""
        images = [{"url": PICTURE_PATH}]
        return JsonReply({"images": images, "timings": {"inference": 1.2}, "seed": 123})


# --- LocalAI --------------------------------------------------------------------------------------


class FakeLocalAI(FakeImageVendor):
    """Without a key; the picture's host is the one that the request named."""

    submit_path = "/v1/images/generations"
    list_path = "/v1/models"
    needs_key = False
    fields: ClassVar = {
        "model": one_of("stablediffusion"),
        "prompt": text(),
        "n": whole(1, 10),
        "size": one_of("512x512", "768x768", "1024x1024"),
        "negative_prompt": text(),
        "file": is_base64,
        "response_format": one_of("url", "b64_json"),
    }
    listed = JsonReply({"object": "list", "data": [{"id": "stablediffusion", "object": "model"}]})
    endings: ClassVar = {
        "broken": error_reply(500, "rpc error", code=500, type=""),
        "empty": JsonReply({"created": 1, "id": "x", "data": []}),
    }

    def invalid(self, name: str) -> JsonReply:
        """Answer a wrong field."""
        return error_reply(400, f"invalid value for '{name}'", code=400, type="")

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Answer with an address, as older versions do whatever the format is."""
        url = f"{self.origin}{PICTURE_PATH}"
        usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
        data = several(body, {"embedding": None, "index": 0, "url": url})
        return JsonReply({"created": 1, "id": "x", "data": data, "usage": usage})


# --- Vercel ---------------------------------------------------------------------------------------


class FakeVercelImages(FakeImageVendor):
    """Only what its samples send: model, prompt and n."""

    submit_path = "/v1/images/generations"
    list_path = "/v1/models"
    fields: ClassVar = {
        "model": one_of("google/imagen-4.0-generate-001"),
        "prompt": text(),
        "n": whole(1, 2),
    }
    listed = JsonReply({"object": "list", "data": [{"id": "google/imagen-4.0-generate-001"}]})
    endings: ClassVar = {
        "unpaid": error_reply(402, "Insufficient funds", type="insufficient_funds"),
        "busy": error_reply(429, "Rate limit exceeded", type="rate_limit_exceeded"),
        "broken": error_reply(500, "internal", type="internal_server_error"),
        "empty": JsonReply({"created": 1, "data": []}),
    }

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return error_reply(401, "Authentication failed", type="authentication_error")

    def invalid(self, name: str) -> JsonReply:
        """Answer a wrong field."""
        status = 404 if name == "model" else 400
        return error_reply(status, f"Invalid input: {name}", type="invalid_request_error")

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Answer with base64."""
        return JsonReply({"created": 1, "data": several(body, {"b64_json": b64(picture_bytes())})})
