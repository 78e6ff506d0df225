"""Read the token usage of a JSON reply."""

from math import isfinite

from bot.core.models import TokenUsage

_MAX_DEPTH = 8
_MAX_NUMBER = 2**63 - 1


def find_usage(body: object, depth: int = 0) -> TokenUsage | None:
    """Return the tokens that a reply counts; None if it has none."""
    if not isinstance(body, dict) or depth > _MAX_DEPTH:
        return None
    tools = body.get("tool_usage")  # what a picture took beside the model that called for it
    picture = tools.get("image_gen") if isinstance(tools, dict) else None
    counts = [one for one in (body.get("usage"), picture) if isinstance(one, dict)]
    given = sum(_count(one, "input_tokens") or _count(one, "prompt_tokens") for one in counts)
    made = sum(_count(one, "output_tokens") or _count(one, "completion_tokens") for one in counts)
    if given or made:
        return TokenUsage(min(given, _MAX_NUMBER), min(made, _MAX_NUMBER))
    inner = (find_usage(body.get(key), depth + 1) for key in ("data", "result", "response"))
    return next(filter(None, inner), None)


def _count(usage: dict[str, object], key: str) -> int:
    value = usage.get(key)
    if not isinstance(value, int | float):
        return 0
    if isinstance(value, float) and not isfinite(value):
        return 0
    return min(max(0, round(value)), _MAX_NUMBER)
