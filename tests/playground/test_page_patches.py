"""The page shows quotes and galleries as Discord does."""

from typing import Any

from playground.page_patches import patch_page

Json = dict[str, Any]
BREAK: Json = {"type": "break"}
NAMES = {"user": {"Ada": 7}, "role": {"keeper": 8, "@everyone": 9}, "channel": {"gallery": 10}}


def text(words: str) -> Json:
    return {"type": "text", "content": words}


def quote(*tokens: Json) -> Json:
    """Return what SimCord makes of a quote and the lines after it: one run of text each."""
    runs = [{"type": "inline", "children": [token]} for token in tokens]
    paragraph = {"type": "paragraph", "tag": "p", "children": runs}
    return {"type": "blockquote", "tag": "blockquote", "children": [paragraph]}


def patched(*embeds: Json) -> list[Json]:
    page = patch_page({"messages": {"1": {"embeds": [dict(embed) for embed in embeds]}}}, NAMES)
    found: list[Json] = page["messages"]["1"]["embeds"]
    return found


def told(block: Json) -> str:
    """Return a block as it reads."""
    inner = "".join(told(child) for child in block.get("children", ()))
    shown = {"break": "\n", "text": str(block.get("content"))}.get(block["type"], inner)
    return f"<{block['type']}>{shown}" if block["type"] in {"blockquote", "subtext"} else shown


def test_a_quote_ends_with_its_line() -> None:
    """A sentence after the prompt is ours, and must not look like the person's words."""
    tokens = [text("a fox"), BREAK, text("It was declined"), BREAK, text("twice")]
    words = "> a fox\nIt was declined\ntwice"
    embed = {"description": words, "description_tokens": [quote(*tokens)]}
    (card,) = patched(embed)
    assert [told(block) for block in card["description_tokens"]] == [
        "<blockquote>a fox",
        "It was declined\ntwice",
    ]


def test_a_small_line_after_a_quote_is_small() -> None:
    """``-#`` is Discord's mark, and nothing that anybody wants to read."""
    stamp = {"type": "timestamp", "unix": "1"}
    tokens = [text("a"), BREAK, text("b"), BREAK, text("-# Started "), BREAK, text("c")]
    embed = {"description": "> a\n> b\n-# Started \n> c", "description_tokens": [quote(*tokens)]}
    (card,) = patched(embed)
    assert [told(block) for block in card["description_tokens"]] == [
        "<blockquote>a\nb",
        "<subtext>Started ",
        "<blockquote>c",
    ]
    tokens = [text("a"), BREAK, text("-# Started "), stamp]
    embed = {"description": "> a\n-# Started <t:1:R>", "description_tokens": [quote(*tokens)]}
    (card,) = patched(embed)
    assert card["description_tokens"][1]["children"] == [text("Started "), stamp]


def test_what_is_not_understood_stays() -> None:
    """Another version of SimCord shows its own way, rather than nothing."""
    for tokens in ([], [text("a")], [quote(text("a"))], None):
        embed = {"description": "> a\nb", "description_tokens": tokens}
        assert patched(embed) == [embed]
    assert patch_page({"messages": {}}, {}) == {"messages": {}}
    assert patch_page({}, {}) == {}


def test_embeds_of_one_url_are_one_card() -> None:
    """Three pictures stand in a grid, with the words above and the facts below."""
    first = {"url": "u", "color": 1, "description": "a", "footer": {"text": "f"}, "image": "1"}
    more = [{"url": "u", "color": 1, "image": number} for number in "23"]
    assert [(e["type"], e.get("image")) for e in patched(first, *more)] == [
        ("gallery-top", None),
        ("gallery-left", "1"),
        ("gallery-right", "2"),
        ("gallery-wide", "3"),
        ("gallery-end", None),
    ]
    top, *_, end = patched(first, *more)
    assert (top["description"], top.get("footer")) == ("a", None)
    assert end["footer"] == {"text": "f"}


def test_other_embeds_stay_apart() -> None:
    """One picture, or cards without an address, are no gallery."""
    single = {"url": "u", "image": "1"}
    assert patched(single) == [single]
    apart = [{"description": "a"}, {"description": "b"}]
    assert patched(*apart) == apart


def paragraph(*tokens: Json) -> Json:
    """Return what SimCord makes of a paragraph."""
    children = [{"type": "inline", "children": list(tokens)}]
    return {"type": "paragraph", "tag": "p", "children": children}


def test_a_small_line_of_its_own_is_small() -> None:
    """After a blank line SimCord takes the mark for words."""
    code = {"type": "code", "content": "/quota set"}
    blocks = [paragraph(text("a")), paragraph(text("-# Use "), code)]
    (card,) = patched({"description": "a\n\n-# Use", "description_tokens": blocks})
    first, second = card["description_tokens"]
    assert first == blocks[0]
    assert second == {"type": "subtext", "children": [text("Use "), code]}
    lines = [paragraph(text("Declined"), BREAK, text("-# Not repeated"))]
    (card,) = patched({"description": "Declined\n-# Not repeated", "description_tokens": lines})
    assert list(map(told, card["description_tokens"])) == ["Declined", "<subtext>Not repeated"]
    blocks = [paragraph(text("-# a"), BREAK, text("b")), paragraph(text("#- c"))]
    (card,) = patched({"description": "", "description_tokens": blocks})
    assert list(map(told, card["description_tokens"])) == ["<subtext>a", "b", "#- c"]


def test_mentions_have_names_in_an_embed() -> None:
    """An admin wants to read who changed something where, not a number of nineteen digits."""
    words = "by <@7>, <@!7> and <@1>, <@&8>, <@&9>, in <#10>, not <#2>: </quota set:3>!"
    tokens = [{"type": "subtext", "children": [text(words)]}]
    field = {"name": "f", "value_tokens": [paragraph(text("<#10>"), BREAK, text("-# in <#10>"))]}
    (card,) = patched({"description": "", "description_tokens": tokens, "fields": [field]})
    (block,) = card["description_tokens"]
    assert "".join(str(part.get("label", part.get("content"))) for part in block["children"]) == (
        "by @Ada, @Ada and @unknown, @keeper, @everyone, in #gallery, not #unknown: /quota set!"
    )
    assert {part["type"] for part in block["children"]} == {"text", "mention", "command"}
    first, second = card["fields"][0]["value_tokens"]
    assert first["children"][0]["children"] == [{"type": "mention", "label": "#gallery"}]
    assert second["type"] == "subtext"
