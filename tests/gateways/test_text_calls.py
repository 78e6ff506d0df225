"""Tables of calls that give words: what they say, what is wrong with them, where words stand."""

import re

import pytest

from bot.core.errors.base import StartRefused
from bot.gateways.gateway import Gateway
from bot.gateways.gateway_config import parse_gateways
from bot.gateways.reply.text_places import MOST_TEXTS, texts_at
from tests.gateways.test_image_vendors import UNCOMMENTED

TABLE = """
[gateways.one]
base_url = "https://one.example"
models = ["dall-e-3"]
"""
DESCRIBE = """
[gateways.one.calls.describe]
path = "/describe"
body = { image = "{image:data}" }
text = "words"
"""
SHORTEN = """
[gateways.one.calls.shorten]
path = "/shorten"
body = { prompt = "{prompt}" }
text = "words"
"""
SEED = """
[gateways.one.calls.seed]
method = "GET"
path = "/task/{task}/seed"
gives = "value"
text = "result"
"""


def read(tables: str) -> Gateway:
    """Return the gateway of a table with these calls."""
    (gateway,) = parse_gateways(TABLE + tables, {})
    return gateway


def test_a_table_says_what_is_asked_and_where_the_words_stand() -> None:
    """With its own price and credits, or with those of the settings."""
    gateway = read(DESCRIBE + "price = 0.05\ncredits = 2\n" + SHORTEN + SEED)
    calls = gateway.text_calls
    assert gateway.calls == {}
    assert [(name, call.text, call.is_value) for name, call in calls.items()] == [
        ("describe", "words", False),
        ("shorten", "words", False),
        ("seed", "result", True),
    ]
    assert (calls["describe"].price, calls["describe"].credits) == (50_000, 2)
    assert (calls["shorten"].price, calls["shorten"].credits) == (None, None)
    assert calls["seed"].method == "GET"
    assert str(gateway.value_url(calls["seed"].request, "a/b", "m")) == (
        "https://one.example/task/a%2Fb/seed"
    )


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        (DESCRIBE.replace("{image:data}", "{prompt}"), r"describe\.body has no {image:…}"),
        (DESCRIBE.replace("{image:data}", "{mask:data}"), "which this request does not have"),
        (DESCRIBE.replace("{image:data}", "{image:file}"), "form = true"),
        (DESCRIBE + 'gives = "value"', r'describe\.gives must be "text"'),
        (DESCRIBE + 'method = "GET"', r'describe\.method must be "POST"'),
        (DESCRIBE + 'models = ["a*"]', r"describe\.models does nothing"),
        (DESCRIBE + 'price = "much"', r"describe\.price"),
        (DESCRIBE + "credits = -1", "credits"),
        (DESCRIBE + "colour = 1", "unknown key colour"),
        (DESCRIBE.replace('"words"', '"a..b"'), r"describe\.text must be keys"),
        (DESCRIBE.replace('text = "words"', ""), "text"),
        (DESCRIBE.replace('path = "/describe"', ""), r"describe\.path is missing"),
        (DESCRIBE.replace("/describe", "/describe/{model}"), r"describe\.path holds"),
        (DESCRIBE + 'task = "/tasks"', r"describe\.task must be a path"),
        (DESCRIBE + 'task = "/{model}/{task_id}"', r"describe\.task .* no {model}: no model"),
        (DESCRIBE + "images = [1, 1]", r"describe\.images does nothing here"),
        (SHORTEN + "sizes = { '1:1' = 'x' }", r"shorten\.sizes does nothing here"),
        (SHORTEN.replace("{prompt}", "short"), r"shorten\.body has no {prompt}"),
        (SHORTEN.replace("{prompt}", "{prompt} {n}"), r"body holds {n}, which this request"),
        (SEED.replace("{task}", "1"), r"seed\.path has no {task}"),
        (SEED.replace("{task}", "{task}/{n}"), r"seed\.path holds"),
        (SEED.replace('"value"', '"text"'), r'seed\.gives must be "value"'),
        (SEED + 'body = { id = "{task}" }', "cannot be sent with a GET"),
        (SEED + "price = 1", "a seed is free"),
        ("[[gateways.one.calls.describe]]\n" + DESCRIBE.split("]\n")[1], "must be a table"),
        ("[gateways.one.calls.wish]\n", "known are .*describe, shorten, seed"),
    ],
)
def test_what_is_wrong_is_refused_at_the_start_with_its_name(table: str, wrong: str) -> None:
    """Nobody finds out only when somebody asks."""
    with pytest.raises(StartRefused) as refused:
        read(table)
    assert re.search(wrong, str(refused.value)), str(refused.value)


def test_the_examples_tables_have_the_calls() -> None:
    """Midjourney's three, and Ideogram's description."""
    tables = {one.name: one for one in parse_gateways(UNCOMMENTED, {})}
    assert list(tables["midjourney"].text_calls) == ["describe", "shorten", "seed"]
    assert list(tables["ideogram"].text_calls) == ["describe"]
    speeds = tables["midjourney-speeds"]
    assert list(speeds.text_calls) == ["describe", "shorten", "seed"]


# --- where words stand --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "place", "found"),
    [
        ({"result": "636646138"}, "result", ("636646138",)),
        ({"result": 636646138}, "result", ("636646138",)),
        ({"result": True}, "result", ()),
        ({"result": None}, "result", ()),
        ({"result": "  "}, "result", ()),
        ({"result": ["a"]}, "result", ()),
        ({"properties": {"finalPrompt": " a fox\n"}}, "properties.finalPrompt", ("a fox",)),
        ({"properties": None}, "properties.finalPrompt", ()),
        ({"properties": "x"}, "properties.finalPrompt", ()),
        ({"d": [{"text": "a"}, {"text": ""}, {}, 5, {"text": "b"}]}, "d[].text", ("a", "b")),
        ({"d": {"text": "a"}}, "d[].text", ()),
        ({"d": ["a", "b"]}, "d[]", ("a", "b")),
        ({"d": [["a"], ["b"]]}, "d[].e", ()),
        ([{"result": "a"}], "result", ()),
        ("result", "result", ()),
        (None, "result", ()),
        ({"result": 10**5000}, "result", ()),
    ],
)
def test_words_are_found_where_the_table_says(
    body: object, place: str, found: tuple[str, ...]
) -> None:
    """And whatever else stands there is none."""
    assert texts_at(body, place) == found


def test_no_reply_fills_the_memory() -> None:
    """So many texts, so many characters of each."""
    many = {"d": [{"text": "x" * 50_000}] * 1_000}
    found = texts_at(many, "d[].text")
    assert len(found) == MOST_TEXTS
    assert {len(each) for each in found} == {16_000}
