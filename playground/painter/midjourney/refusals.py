"""Refusals of a submit: a code and words, as the documents of the proxies have them.

https://github.com/trueai-org/midjourney-proxy, SubmitController.cs
"""

from dataclasses import dataclass, field

from playground.painter.errors import Json


@dataclass(eq=False)
class SubmitRefusedError(Exception):
    """A submit that starts nothing; ``code`` is the proxy's own."""

    code: int
    description: str
    status: int = 200
    properties: Json = field(default_factory=dict)

    def body(self) -> Json:
        """Return the reply."""
        facts = {"code": self.code, "description": self.description}
        return {**facts, "result": None, "properties": self.properties}


def wrong_parameters(description: str) -> SubmitRefusedError:
    """Return the refusal of wrong parameters."""
    return SubmitRefusedError(4, description)


def empty_prompt() -> SubmitRefusedError:
    """Return the refusal of a submit without words."""
    return wrong_parameters("prompt不能为空")


def wrong_picture() -> SubmitRefusedError:
    """Return the refusal of a picture that is no data URI, or cannot be read."""
    return wrong_parameters("base64格式错误")


def unknown_action() -> SubmitRefusedError:
    """Return the refusal of a button that the task does not have."""
    return wrong_parameters("未知的 Action 类型")


def unfinished_task() -> SubmitRefusedError:
    """Return the refusal of a button whose task has no picture."""
    return wrong_parameters("关联任务状态错误")


def unknown_task() -> SubmitRefusedError:
    """Return the refusal of a task that is not there, or not any more."""
    return SubmitRefusedError(3, "关联任务不存在或已失效", status=404)


def declined(prompt: str, word: str) -> SubmitRefusedError:
    """Return the refusal of a forbidden word."""
    properties = {"promptEn": prompt, "bannedWord": word}
    return SubmitRefusedError(24, "可能包含敏感词", properties=properties)
