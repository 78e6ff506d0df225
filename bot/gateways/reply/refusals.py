"""Tell why a chat message or a response brought words instead of a picture."""

import re
from collections.abc import Iterator, Mapping, Sequence

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.reply.prompt_masking import without_prompts
from bot.gateways.reply.usage import find_usage

JsonObject = Mapping[str, object]

_MAX_WORDS = 10_000  # of the end of the text
_DECLINED_REASON = re.compile(
    r"\Acontent_filter|SAFETY|PROHIBITED_CONTENT|RECITATION|BLOCKLIST|SPII"
)
# Relays of ChatGPT end their reply so: the picture may be made, and paid for, later.
_WAITING = re.compile(
    r"正在处理图片|目前有很多人在创建图片|图片准备好后|processing (?:your )?image"
    r"|lots of people are creating images",
    re.IGNORECASE,
)
_NOT = r"(?:can(?:no|['’])t|can not|won['’]t|(?:not able|unable) to)"
_PAINT = r"(?:create|generate|make|draw|produce|edit|provide|depict)"
_DECLINED_WORDS = re.compile(
    # What a model says of its rules.
    r"(?:content|usage|safety) (?:policy|policies|guidelines)|safety system|防护限制"
    r"|内容(?:政策|规范)|违反.{0,12}(?:政策|规定|规范|准则|条款)"
    # What it will not do; that it cannot paint at all is something else.
    rf"|{_NOT} (?:\w+ ){{0,2}}(?:help|assist|comply|fulfil)"
    rf"|{_NOT} (?:\w+ ){{0,2}}{_PAINT} (?:\w+ ){{0,3}}"
    r"(?:that|this|it|such|content|of|with|depicting|showing|featuring|as described)\b"
    r"|sorry, but (?:this|that|your) (?:prompt|request|image)"
    r"|我?(?:不能|无法|没办法)(?:为您|为你|帮您|帮你|协助|按原要求|按照?您?的?要求)"
    r"|(?:不能|无法|不会)(?:生成|创建|绘制|提供).{0,30}(?:裸露|色情|情色|性|暴力|血腥|侵权|版权|此类|这类|该类)"
    r"|裸露、色情或情色内容|我不能生成",
    re.IGNORECASE | re.DOTALL,
)
_TEMPORARY = re.compile(r"rate.?limit|too many requests|technical (?:issue|problem|error)|频率限制")


def reason_of_words(body: JsonObject, prompts: Sequence[str]) -> tuple[Kind, Billed] | None:
    """Return why a message without a picture has none; None if it is no message.

    What the words quote of the ``prompts`` says nothing. Words were paid for by the token.
    """
    if not _is_message(body):
        return None
    words = without_prompts("\n".join(_words(body))[-_MAX_WORDS:], prompts)
    usage = find_usage(body)
    billed = Billed.MAYBE if words or (usage and usage.output_tokens) else Billed.NO
    if _WAITING.search(words):
        return Kind.TIMEOUT_UNKNOWN, Billed.MAYBE
    is_declined = any(map(_DECLINED_REASON.search, _reasons(body))) or any(_refusals(body))
    if is_declined or (_DECLINED_WORDS.search(words) and not _TEMPORARY.search(words)):
        return Kind.MODERATION, billed
    return Kind.NO_IMAGE, Billed.MAYBE


def _is_message(body: JsonObject) -> bool:
    return isinstance(body.get("choices"), list) or isinstance(body.get("output"), list)


def _reasons(body: JsonObject) -> Iterator[str]:
    """Yield why the model stopped, in the words of the interface and of its vendor."""
    details = body.get("incomplete_details")
    holders = [*objects_in(body.get("choices")), *objects_in([details])]
    for one in holders:
        for key in ("finish_reason", "native_finish_reason", "reason"):
            yield str(one.get(key) or "")


def _messages(body: JsonObject) -> Iterator[JsonObject]:
    for choice in objects_in(body.get("choices")):
        yield from objects_in([choice.get("message")])
    yield from objects_in(body.get("output"))


def _refusals(body: JsonObject) -> Iterator[object]:
    for message in _messages(body):
        yield message.get("refusal")
        for part in objects_in(message.get("content")):
            yield part.get("refusal")


def _words(body: JsonObject) -> Iterator[str]:
    for message in _messages(body):
        content = message.get("content")
        for part in content if isinstance(content, list) else [content]:
            text = part.get("text") or part.get("refusal") if isinstance(part, dict) else part
            yield from (one for one in (text, message.get("refusal")) if isinstance(one, str))


def objects_in(value: object) -> list[dict[str, object]]:
    """Return the objects of a list; none if it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
