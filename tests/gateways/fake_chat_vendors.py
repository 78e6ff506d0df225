"""Strict fakes of the systems that the example paints with through chat completions."""

from typing import ClassVar

from tests.gateways.fake_image_vendor import (
    Check,
    FakeImageVendor,
    error_reply,
    is_object,
    is_picture_part,
    one_of,
)
from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import PICTURE_PATH, is_text
from tests.gateways.sample_pictures import b64, picture_bytes

GEMINI = "google/gemini-3.1-flash-image-preview"
RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
REFUSAL = "I can’t help create that image, as it may violate our content policy."


def are_messages(value: object) -> bool:
    """Tell whether a value is one message of a person: text, or text with pictures behind it."""
    if not (isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict)):
        return False
    (message,) = value
    if message.keys() != {"role", "content"} or message["role"] != "user":
        return False
    content = message["content"]
    return is_text(content, 32_000) or _are_parts(content)


def _are_parts(value: object) -> bool:
    if not isinstance(value, list) or len(value) < 2:
        return False
    first, *pictures = value
    text: dict[str, Check] = {"type": one_of("text"), "text": lambda one: is_text(one, 32_000)}
    return is_object(text, first) and all(map(is_picture_part, pictures))


def text_of(body: JsonBody) -> str:
    """Return the text of the message."""
    messages = body["messages"]
    assert isinstance(messages, list)
    content = messages[0]["content"]
    return str(content if isinstance(content, str) else content[0]["text"])


class FakeChatVendor(FakeImageVendor):
    """One message of a person; a subclass says where the picture is in the reply."""

    submit_path = "/v1/chat/completions"
    list_path = "/v1/models"
    required: ClassVar[tuple[str, ...]] = ("model", "messages")

    def message(self, body: JsonBody) -> JsonBody:
        """Return the message with the picture."""
        raise NotImplementedError

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Answer with the message, and what it cost."""
        return completion(str(body["model"]), self.message(body))


def completion(model: str, message: JsonBody, reason: str = "stop") -> JsonReply:
    """Return a reply of chat completions."""
    choice = {"index": 0, "finish_reason": reason, "message": {"role": "assistant", **message}}
    usage = {"prompt_tokens": 10, "completion_tokens": 1290, "total_tokens": 1300}
    head = {"id": "gen-1", "object": "chat.completion", "created": 1677652288, "model": model}
    return JsonReply({**head, "choices": [choice], "usage": usage})


def _in_images(kind: str = "png") -> JsonBody:
    url = f"data:image/{kind};base64,{b64(picture_bytes(kind, width=9))}"
    return {"images": [{"type": "image_url", "image_url": {"url": url}}]}


ONLY_TEXT = completion("m", {"content": "What a lovely idea."})
FILTERED = completion("m", {"content": ""}, "content_filter")


class FakeOpenRouterChat(FakeChatVendor):
    """It demands ``modalities``, and takes a ratio in ``image_config``."""

    submit_path = "/api/v1/chat/completions"
    list_path = "/api/v1/models"
    fields: ClassVar = {
        "model": one_of(GEMINI),
        "messages": are_messages,
        "modalities": lambda value: value in (["image", "text"], ["image"]),
        "image_config": lambda value: is_object({"aspect_ratio": one_of(*RATIOS)}, value),
    }
    required = ("model", "messages", "modalities")
    listed = JsonReply({"data": [{"id": GEMINI, "architecture": {"output_modalities": ["image"]}}]})
    list_query: ClassVar = {"output_modalities": "image"}
    endings: ClassVar = {
        "refused by filter": FILTERED,
        "declined by code": error_reply(
            403, "Your chosen model requires moderation.", code=403, metadata={"reasons": ["x"]}
        ),
        "unpaid": error_reply(402, "Insufficient credits", code=402),
        "busy": error_reply(429, "Rate limit exceeded", code=429),
        "broken": error_reply(502, "Provider returned error", code=502),
        "empty": ONLY_TEXT,
    }

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return error_reply(401, "No auth credentials found", code=401)

    def invalid(self, name: str) -> JsonReply:
        """Answer a wrong field."""
        return error_reply(400, f"{name}: Invalid input", code=400)

    def message(self, body: JsonBody) -> JsonBody:
        """Return the picture beside the text."""
        return {"content": "Here you are.", "refusal": None, **_in_images()}


class FakeVercelChat(FakeChatVendor):
    """It demands ``modalities`` and documents no size."""

    fields: ClassVar = {
        "model": one_of(GEMINI),
        "messages": are_messages,
        "modalities": lambda value: value in (["text", "image"], ["image"]),
    }
    required = ("model", "messages", "modalities")
    listed = JsonReply({"object": "list", "data": [{"id": GEMINI}]})
    endings: ClassVar = {
        "refused by filter": FILTERED,
        "unpaid": error_reply(402, "Insufficient funds", type="insufficient_funds"),
        "busy": error_reply(429, "Rate limit exceeded", type="rate_limit_exceeded"),
        "broken": error_reply(500, "internal", type="internal_server_error"),
        "empty": ONLY_TEXT,
    }

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return error_reply(401, "Authentication failed", type="authentication_error")

    def invalid(self, name: str) -> JsonReply:
        """Answer a wrong field."""
        return error_reply(400, f"Invalid input: {name}", type="invalid_request_error")

    def message(self, body: JsonBody) -> JsonBody:
        """Return the picture beside the text."""
        return {"content": "A sunset.", **_in_images()}


def _new_api(status: int, code: str, message: str) -> JsonReply:
    return error_reply(status, f"{message} (request id: 1)", type="new_api_error", code=code)


class FakeNewApi(FakeChatVendor):
    """new-api before Gemini: the picture is markdown in the text."""

    fields: ClassVar = {
        "model": one_of("gemini-3-pro-image-preview"),
        "messages": are_messages,
        "extra_body": lambda value: is_object(
            {
                "google": lambda google: is_object(
                    {
                        "image_config": lambda config: is_object(
                            {"aspect_ratio": one_of(*RATIOS)}, config
                        )
                    },
                    google,
                )
            },
            value,
        ),
    }
    listed = JsonReply({"data": [{"id": "gemini-3-pro-image-preview"}], "success": True})
    endings: ClassVar = {
        "refused by filter": FILTERED,
        "declined by code": _new_api(
            400, "prompt_blocked", "request blocked by Gemini API: SAFETY"
        ),
        "declined by words": _new_api(400, "sensitive_words_detected", "sensitive words detected"),
        "unpaid": _new_api(403, "insufficient_user_quota", "用户额度不足"),
        "busy": _new_api(429, "", "当前分组上游负载已饱和，请稍后再试"),
        "broken": _new_api(500, "empty_response", "empty response from Gemini API"),
        "empty": ONLY_TEXT,
    }

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return _new_api(401, "", "无效的令牌")

    def invalid(self, name: str) -> JsonReply:
        """Answer a wrong field."""
        if name == "model":
            return _new_api(503, "model_not_found", "当前分组 default 下对于模型 x 无可用渠道")
        return _new_api(400, "invalid_request", f"invalid {name}")

    def message(self, body: JsonBody) -> JsonBody:
        """Return a text with the whole picture in it."""
        picture = b64(picture_bytes(width=9))
        return {"content": f"Here is the fox:\n![image](data:image/png;base64,{picture})"}


class FakeGpt4o(FakeNewApi):
    """ChatGPT's website behind an API: a text with progress, a picture's address and a link."""

    models: ClassVar[tuple[str, ...]] = ("gpt-4o-image",)
    fields: ClassVar = {"model": one_of("gpt-4o-image"), "messages": are_messages}
    listed = JsonReply({"data": [{"id": "gpt-4o-image"}]})
    ratios: ClassVar = ("【1:1】", "【2:3】", "【3:2】")
    endings: ClassVar = {
        "refused": completion("m", {"content": REFUSAL}),
        "refused in Chinese": completion(
            "m", {"content": "非常抱歉，生成的图片可能违反了我们的内容政策。"}
        ),
        "unpaid": _new_api(403, "insufficient_user_quota", "用户额度不足"),
        "busy": _new_api(429, "", "当前分组上游负载已饱和，请稍后再试"),
        "broken": _new_api(500, "bad_response_status_code", "bad response status code 500"),
        "empty": ONLY_TEXT,
    }

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Refuse a ratio that is not at the end, and one that it does not know."""
        if wrong := super().error_for(body):
            return wrong
        text = text_of(body)
        is_wrong = "【" in text and not text.endswith(self.ratios)
        return self.invalid("prompt") if is_wrong else None

    def message(self, body: JsonBody) -> JsonBody:
        """Return the text; the link leads to the same picture."""
        lines = (
            '{"prompt": "A mastiff on a zebra crossing", "size": "1024x1024"}\n',
            "> 进度 **2%**\n",
            "> 进度 **67%**\n",
            f"![file_0000]({self.origin}{PICTURE_PATH})",
            f"[下载⏬]({self.origin}/files/download.png)",
        )
        return {"content": "\n".join(lines)}


class FakeGpt4All(FakeGpt4o):
    """gpt-4-all at Chat Bp; its reply is not documented, and may be that of gpt-4o-image."""

    fields: ClassVar = {"model": one_of("gpt-4-all"), "messages": are_messages}
    listed = JsonReply({"data": [{"id": "gpt-4-all"}]})
