"""The settings of the chat model: what is wrong with them stops a start, with the fix."""

from pathlib import Path

import pytest

from bot.core.errors.base import StartRefused
from bot.gateways.gateway import Gateway
from bot.gateways.gateway_config import parse_gateways, single_gateway
from bot.settings.gateway_settings import check_prices, check_text_model, setup_problems
from bot.settings.settings import load_settings
from bot.settings.value_types import parse_budget, parse_json_object
from tests.settings.settings_of import settings_of

GATEWAYS: tuple[Gateway, ...] = (
    single_gateway(url="https://one.example/v1", key="k", models=("dall-e-3",)),
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go where an operator's ``.env`` is."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_they_are_read_as_the_example_has_them(folder: Path) -> None:
    """Money as millionths, the fields as JSON, and empty values as the defaults."""
    (folder / ".env").write_text(
        "TEXT_MODEL=seer\nTEXT_GATEWAY=one\nTEXT_PRICE=0.002\nTEXT_CREDITS=2\n"
        'TEXT_REQUESTS_PER_MINUTE=5\nTEXT_BODY={"max_completion_tokens": 900}\n'
    )
    found = load_settings()
    assert (found.text_model, found.text_gateway) == ("seer", "one")
    assert (found.text_price, found.text_credits) == (2_000, 2)
    assert found.text_requests_per_minute == 5
    assert found.text_body == {"max_completion_tokens": 900}
    (folder / ".env").write_text("TEXT_MODEL=\nTEXT_GATEWAY=\nTEXT_PRICE=\nTEXT_BODY=\n")
    found = load_settings()
    assert (found.text_model, found.text_price, found.text_body) == ("", None, {})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("TEXT_PRICE=cheap", "TEXT_PRICE is wrong"),
        ("TEXT_PRICE=-1", "TEXT_PRICE is wrong"),
        ("TEXT_CREDITS=-1", "TEXT_CREDITS is wrong"),
        ("TEXT_CREDITS=many", "TEXT_CREDITS is wrong"),
        ("TEXT_REQUESTS_PER_MINUTE=0", "TEXT_REQUESTS_PER_MINUTE is wrong"),
        ("TEXT_BODY=[1]", "TEXT_BODY is wrong (it is no JSON object)"),
        ("TEXT_BODY=max_tokens", "TEXT_BODY is wrong (it is no JSON object)"),
        ('TEXT_BODY={"stream": true}', "the bot itself writes the field stream"),
        ('TEXT_BODY={"model": "x"}', "the bot itself writes the field model"),
    ],
)
def test_a_wrong_value_names_its_variable(folder: Path, line: str, reason: str) -> None:
    """Before a person meets it."""
    (folder / ".env").write_text(f"{line}\n")
    with pytest.raises(StartRefused) as refused:
        load_settings()
    assert reason in str(refused.value)


def test_fields_are_a_json_object() -> None:
    """An empty text is an empty one."""
    assert parse_json_object(' {"temperature": 0.5} ') == {"temperature": 0.5}
    assert parse_json_object("") == {}
    with pytest.raises(ValueError, match="no JSON object"):
        parse_json_object("5")


def test_a_gateway_that_does_not_exist_is_refused_with_those_that_do() -> None:
    """At a start and at a reload."""
    with pytest.raises(StartRefused, match=r"TEXT_GATEWAY is two, .* default"):
        check_text_model(settings_of(text_model="seer", text_gateway="two"), GATEWAYS)
    check_text_model(settings_of(text_model="seer", text_gateway="default"), GATEWAYS)
    check_text_model(settings_of(text_model="", text_gateway="two"), GATEWAYS)


def test_a_budget_needs_the_price() -> None:
    """As of every model; a free one is 0."""
    budget = parse_budget("5/day")
    with pytest.raises(StartRefused, match="OPERATOR_BUDGET needs TEXT_PRICE"):
        check_text_model(settings_of(text_model="seer", operator_budget=budget), GATEWAYS)
    priced = settings_of(text_model="seer", operator_budget=budget, text_price=0)
    check_text_model(priced, GATEWAYS)
    check_text_model(settings_of(operator_budget=budget), GATEWAYS)


def test_a_budget_needs_the_price_of_each_call_for_words() -> None:
    """Its own, or that of the settings; a seed is free."""
    call = """
[gateways.one]
base_url = "https://one.example"
models = ["dall-e-3"]
abilities = { "dall-e-3" = { price = 1 } }
[gateways.one.calls.seed]
path = "/seed/{task}"
gives = "value"
text = "seed"
[gateways.one.calls.shorten]
path = "/shorten"
body = { prompt = "{prompt}" }
text = "words"
"""
    budget = parse_budget("5/day")
    gateways = parse_gateways(call, {})
    with pytest.raises(
        StartRefused, match=r"price of calls\.shorten of the gateway one"
    ) as refused:
        check_prices(settings_of(operator_budget=budget), gateways)
    assert "seed" not in str(refused.value)
    check_prices(settings_of(), gateways)
    check_prices(settings_of(operator_budget=budget, text_price=0), gateways)
    priced = parse_gateways(f"{call}price = 0", {})
    check_prices(settings_of(operator_budget=budget), priced)


def test_the_doctor_and_the_start_tell_it_with_everything_else() -> None:
    """One start says all that is wrong."""
    settings = settings_of(
        discord_token="x",
        image_api_url="https://one.example/v1",
        image_api_key="k",
        image_models="dall-e-3",
        text_model="seer",
        text_gateway="two",
    )
    assert any("TEXT_GATEWAY is two" in problem for problem in setup_problems(settings))
