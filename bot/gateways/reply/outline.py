"""Show what a reply without a picture looked like, without the words that it holds."""

import json
import re

_MAX_DEPTH = 6
_MAX_ENTRIES = 12  # of an object or list
_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml)\b", re.IGNORECASE)
_NAME = re.compile(r"[\w.:/@+-]{0,24}", re.ASCII)  # a status, code or id; sentences have spaces


def reply_outline(body: object, text: str) -> str:
    """Return JSON with the length of each text in its place; of a web page its beginning.

    Text that comes instead of a picture paraphrases the prompt, so it is not shown.
    """
    if body is not None:
        return json.dumps(_outline(body, 0), ensure_ascii=False, default=str)
    return text if _PAGE.match(text) else text_outline(text)


def text_outline(text: str) -> str:
    """Return a word as it is, such as a status or an id, and of anything longer its length."""
    return text if _NAME.fullmatch(text) else f"[{len(text)} characters]"


def _outline(node: object, depth: int) -> object:
    if isinstance(node, str):
        return text_outline(node)
    if isinstance(node, dict | list) and depth >= _MAX_DEPTH:
        return "…"
    if isinstance(node, list):
        return [_outline(entry, depth + 1) for entry in node[:_MAX_ENTRIES]]
    if isinstance(node, dict):
        entries = list(node.items())[:_MAX_ENTRIES]
        return {_outline(key, depth): _outline(value, depth + 1) for key, value in entries}
    return node
