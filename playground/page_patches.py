"""Patches of the page's data, for what SimCord's page (3.2) shows otherwise than Discord.

Discord ends a quote with its line, where CommonMark goes on quoting; it shows small print, and
people's names, anywhere in an embed; and it shows embeds that share one URL as one card with a
gallery, where the page stacks them. Data of another shape is left as it is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal

# SimCord's projection, as JSON: messages, embeds, blocks and tokens.
Json = dict[str, Any]
Line = tuple[Literal["quote", "small", "plain"], list[Json]]

_SMALL = "-# "
_MENTION = re.compile(r"<@(\d+)>")
_BREAK: Json = {"type": "break"}


def patch_page(page: Json) -> Json:
    """Return a page's data as Discord would show it."""
    names = {str(person["id"]): str(person["name"]) for person in page.get("viewers", ())}
    for message in page.get("messages", {}).values():
        for embed in message.get("embeds", ()):
            _end_quotes(embed)
            if embed.get("description_tokens"):
                embed["description_tokens"] = [
                    _named(block, names) for block in map(_small_print, embed["description_tokens"])
                ]
        if message.get("embeds"):
            message["embeds"] = list(_galleries(message["embeds"]))
    return page


# --- quotes -----------------------------------------------------------------------------------


def _end_quotes(embed: Json) -> None:
    match embed.get("description_tokens"):
        case [{"type": "blockquote", "children": [{"type": "paragraph", "children": runs}]}] | [
            {"type": "paragraph", "children": runs}
        ]:
            tokens = [token for run in runs for token in run["children"]]
            words, lines = str(embed["description"]).split("\n"), _lines(tokens)
            if len(words) == len(lines):
                read = [_read(*pair) for pair in zip(words, lines, strict=True)]
                embed["description_tokens"] = list(_blocks(read))


def _lines(tokens: Sequence[Json]) -> list[list[Json]]:
    lines: list[list[Json]] = [[]]
    for token in tokens:
        if token == _BREAK:
            lines.append([])
        else:
            lines[-1].append(token)
    return lines


def _read(words: str, tokens: list[Json]) -> Line:
    if words.startswith("> "):
        return "quote", tokens
    if words.startswith(_SMALL) and tokens:
        first = tokens[0] | {"content": str(tokens[0].get("content")).removeprefix(_SMALL)}
        return "small", [first, *tokens[1:]]
    return "plain", tokens


def _blocks(lines: Sequence[Line]) -> Iterator[Json]:
    for kind, group in groupby(lines, itemgetter(0)):
        paragraphs = [tokens for _, tokens in group]
        if kind == "small":
            yield from ({"type": "subtext", "children": tokens} for tokens in paragraphs)
        elif kind == "quote":
            yield {"type": "blockquote", "tag": "blockquote", "children": [_paragraph(paragraphs)]}
        else:
            yield _paragraph(paragraphs)


def _paragraph(lines: Sequence[list[Json]]) -> Json:
    tokens = [token for line in lines for token in (*line, _BREAK)][:-1]
    return {"type": "paragraph", "tag": "p", "children": [{"type": "inline", "children": tokens}]}


# --- small print and names --------------------------------------------------------------------


def _small_print(block: Json) -> Json:
    """Return a paragraph of one small line as small print."""
    match block:
        case {"type": "paragraph", "children": [{"children": [{"type": "text"} as first, *rest]}]}:
            words = str(first.get("content"))
            if words.startswith(_SMALL) and _BREAK not in rest:
                first = first | {"content": words.removeprefix(_SMALL)}
                return {"type": "subtext", "children": [first, *rest]}
    return block


def _named(token: Json, names: Mapping[str, str]) -> Json:
    children = token.get("children")
    if not isinstance(children, list):
        return token
    parts = [part for child in children for part in _parts(child, names)]
    return token | {"children": [_named(part, names) for part in parts]}


def _parts(token: Json, names: Mapping[str, str]) -> Iterator[Json]:
    """Split a text where somebody is mentioned."""
    words = str(token.get("content"))
    if token.get("type") != "text" or not _MENTION.search(words):
        yield token
        return
    for index, piece in enumerate(_MENTION.split(words)):
        if index % 2 == 1:
            yield {"type": "mention", "label": f"@{names.get(piece, piece)}"}
        elif piece:
            yield token | {"content": piece}


# --- galleries --------------------------------------------------------------------------------


def _galleries(embeds: Sequence[Json]) -> Iterator[Json]:
    for url, group in groupby(embeds, lambda embed: embed.get("url")):
        together = list(group)
        pictures = [embed["image"] for embed in together if embed.get("image")]
        if url and len(together) > 1 and len(pictures) == len(together):
            yield from _retention(together[0], pictures)
        else:
            yield from together


def _retention(card: Json, pictures: Sequence[Json]) -> Iterator[Json]:
    """Split one card into text, cells and facts; easel.css arranges them."""
    foot = {name: card[name] for name in ("footer", "footer_tokens") if name in card}
    rest = {name: card[name] for name in card if name != "image" and name not in foot}
    colour = {"color": card.get("color"), "url": card["url"]}
    yield rest | {"type": "gallery-top"}
    for number, picture in enumerate(pictures):
        is_last_of_odd = number == len(pictures) - 1 and number % 2 == 0
        side = "wide" if is_last_of_odd else ("left", "right")[number % 2]
        yield colour | {"type": f"gallery-{side}", "image": picture}
    yield colour | foot | {"type": "gallery-end"}
