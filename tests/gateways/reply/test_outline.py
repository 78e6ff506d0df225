import json

import pytest

from bot.gateways.reply.outline import reply_outline


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"data": [{"url": "", "b64_json": None}]}, '{"data": [{"url": "", "b64_json": null}]}'),
        ({"status": "succeeded", "n": 1}, '{"status": "succeeded", "n": 1}'),
        ({"content": "I drew a fox"}, '{"content": "[12 characters]"}'),
        ({"content": "我画了一只狐狸"}, '{"content": "[7 characters]"}'),
        ({"a fox": 1}, '{"[5 characters]": 1}'),
        ([[[[[[[1]]]]]]], '[[[[[["…"]]]]]]'),
        (["x"] * 99, json.dumps(["x"] * 12)),
    ],
)
def test_the_shape_is_shown_without_the_words(body: object, shown: str) -> None:
    """The operator sees which shape is not understood; the words paraphrase somebody's prompt."""
    assert reply_outline(body, "") == shown


def test_a_text_is_shown_by_its_length_and_a_page_by_its_beginning() -> None:
    """A page says that base_url is wrong."""
    assert reply_outline(None, "Here is your fox!") == "[17 characters]"
    assert reply_outline(None, "<html><title>Login") == "<html><title>Login"
