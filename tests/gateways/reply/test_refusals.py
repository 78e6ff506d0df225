import time

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.reply.refusals import reason_of_words

DECLINED = [
    "非常抱歉，生成的图片可能违反了我们的内容政策。如果你认为此判断有误，请重试或修改提示语。",
    "非常抱歉，该提示可能违反了我们的内容政策。",
    "我不能生成裸露、色情或情色内容的图片。",
    "抱歉，我无法生成包含色情的图像",
    "由于防护限制，这张图片没有生成",
    "不能按原要求生成，我可以换一种风格",
    "很抱歉，我无法为您生成这张图片",
    "This image may violate our content policy.",
    "The generated image did not follow our content policy",
    "Sorry, I can’t help create that image.",
    "Sorry, I can't help create sexualised pictures of her",
    "I can’t assist with that request.",
    "I'm sorry, but I cannot help with this.",
    "I am not able to generate images of real people",
    "I'm unable to create that, as it depicts violence.",
    "It was rejected by the safety system.",
    '{"prompt": "a", "n": 1}\nI’m not able to generate this image because of our usage policies.',
]
NOT_DECLINED = [
    "A red fox sits on a hill.",
    "I can't generate images directly, as I am a text model.",
    "I wasn't able to generate the image because there's a rate limit in place. Please wait.",
    "Sorry, I am unable to create that right now because of a technical issue.",
    "Sorry!",
    "抱歉，请稍后再试",
    "",
]
WAITING = [
    "正在处理图片\n目前有很多人在创建图片，因此可能需要一点时间。图片准备好后我们会通知你。",
    "Processing your image",
    "Lots of people are creating images right now, so this might take a bit. We'll notify you.",
]


def _reason(words: str, *prompts: str) -> tuple[Kind, Billed] | None:
    message = {"content": words, "refusal": None}
    return reason_of_words({"choices": [{"finish_reason": "stop", "message": message}]}, prompts)


@pytest.mark.parametrize("words", DECLINED)
def test_words_that_decline(words: str) -> None:
    """People are told to change the prompt, not to try again for nothing."""
    assert _reason(words) == (Kind.MODERATION, Billed.MAYBE)


@pytest.mark.parametrize("words", NOT_DECLINED)
def test_words_that_do_not(words: str) -> None:
    """Nobody is told that a harmless prompt was declined."""
    assert _reason(words) == (Kind.NO_IMAGE, Billed.MAYBE)


@pytest.mark.parametrize("words", WAITING)
def test_words_that_ask_to_wait(words: str) -> None:
    """The picture may be made after the reply has ended: nobody knows."""
    assert _reason(words) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)


def test_what_is_quoted_of_the_prompt_says_nothing() -> None:
    """Relays repeat the whole prompt before the reason."""
    prompt = "a poster that explains the content policy of a museum"
    assert _reason(f'{{"prompt": "{prompt}"}} Failed.', prompt) == (Kind.NO_IMAGE, Billed.MAYBE)


@pytest.mark.parametrize("body", [{}, {"data": []}, {"choices": None}, {"output": "x"}])
def test_other_replies_are_no_messages(body: dict[str, object]) -> None:
    """Their own tables say what they mean."""
    assert reason_of_words(body, ()) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": [None, 3, {}, {"message": None}, {"message": {"content": [None, 3, {}]}}]},
        {"choices": [{"finish_reason": 7, "message": {"content": 3, "refusal": []}}]},
        {"output": [None, {"content": None}, {"content": [{"text": 3}]}]},
    ],
)
def test_odd_messages(odd: dict[str, object]) -> None:
    """Nothing is raised."""
    assert reason_of_words(odd, ()) == (Kind.NO_IMAGE, Billed.MAYBE)


@pytest.mark.parametrize("words", ["I can't " * 9_000, "无法生成" * 9_000, "违反" * 9_000])
def test_long_words_take_little_time(words: str) -> None:
    """They are read in the event loop."""
    began = time.thread_time()
    _reason(words)
    assert time.thread_time() - began < 0.5
