"""Patches of the page's data, for what SimCord's page (3.2) shows otherwise than Discord.

Discord ends a quote with its line, where CommonMark goes on quoting; it shows small print, and
the names of people, roles, channels and commands, anywhere in an embed; and it shows embeds that
share one URL as one card with a gallery, where the page stacks them. Data of another shape is left
as it is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Literal

from playground.typed_commands import Names

# SimCord's projection, as JSON: messages, embeds, blocks and tokens.
Json = dict[str, Any]
Labels = Mapping[str, str]
Line = tuple[Literal["quote", "small", "plain"], list[Json]]

_SMALL = "-# "
_MENTION = re.compile(r"(<@!?\d+>|<@&\d+>|<#\d+>|</[^:\n]{1,100}:\d+>)")
_BREAK: Json = {"type": "break"}


def patch_page(page: Json, names: Names) -> Json:
    """Return a page's data as Discord would show it."""
    labels = _labels(names)
    for message in page.get("messages", {}).values():
        for embed in message.get("embeds", ()):
            _end_quotes(embed)
            _name(embed, "description_tokens", labels)
            for field in embed.get("fields") or ():
                _name(field, "value_tokens", labels)
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


def _name(holder: Json, key: str, labels: Labels) -> None:
    if holder.get(key):
        small = chain.from_iterable(map(_small_print, holder[key]))
        holder[key] = [_named(block, labels) for block in small]


def _small_print(block: Json) -> Iterator[Json]:
    """Split a paragraph where lines of it are small print."""
    if block.get("type") == "paragraph":
        tokens = [token for run in block["children"] for token in run.get("children", ())]
        lines = [_read_small(line) for line in _lines(tokens)]
        if any(kind == "small" for kind, _ in lines):
            yield from _blocks(lines)
            return
    yield block


def _read_small(tokens: list[Json]) -> Line:
    begins = tokens and tokens[0].get("type") == "text"
    return _read(str(tokens[0].get("content")) if begins else "", tokens)


def _labels(names: Names) -> Labels:
    """Return how Discord shows each mention of somebody or something."""
    marks = {"user": "@", "role": "@&", "channel": "#"}
    return {
        f"<{mark}{id_}>": f"{mark[0]}{name.removeprefix('@')}"
        for kind, mark in marks.items()
        for name, id_ in names.get(kind, {}).items()
    }


def _named(token: Json, labels: Labels) -> Json:
    children = token.get("children")
    if not isinstance(children, list):
        return token
    parts = [part for child in children for part in _parts(child, labels)]
    return token | {"children": [_named(part, labels) for part in parts]}


def _parts(token: Json, labels: Labels) -> Iterator[Json]:
    """Split a text where something is mentioned."""
    words = str(token.get("content"))
    if token.get("type") != "text" or not _MENTION.search(words):
        yield token
        return
    for index, piece in enumerate(_MENTION.split(words)):
        if index % 2 == 1:
            yield _mention(piece, labels)
        elif piece:
            yield token | {"content": piece}


def _mention(written: str, labels: Labels) -> Json:
    if written.startswith("</"):
        return {"type": "command", "label": f"/{written[2:].partition(':')[0]}"}
    unknown = "#unknown" if written.startswith("<#") else "@unknown"
    return {"type": "mention", "label": labels.get(written.replace("<@!", "<@"), unknown)}


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
