"""One sentence for everything that a gateway can answer."""

from pathlib import Path

import pytest

from bot.cli.doctor.finding import Sign
from bot.cli.doctor.gateway_findings import Names, describe_probe, describe_text_model
from bot.gateways.gateway import Gateway
from bot.gateways.probe import ProbeOutcome, ProbeResult
from tests.cli.doctor.installation import Installation, of
from tests.gateways.replay_gateway import RawReply, http_reply

NAMES = Names("IMAGE_API_URL", "IMAGE_API_KEY", "IMAGE_MODELS", "IMAGE_API_URL")
HTML = http_reply(200, b"<html></html>", {"Content-Type": "text/html"})


def moved(status: int) -> RawReply:
    return http_reply(status, b"", {"Location": "/v1/models/"})


@pytest.mark.parametrize(
    ("says", "sign", "facts", "fix"),
    [
        (HTML, "✗", "HTML instead of JSON (HTTP 200): is /v1 missing?", "IMAGE_API_URL"),
        (moved(301), "✗", "with a trailing slash (HTTP 301)", "Add the trailing slash"),
        (moved(307), "!", "with a trailing slash (HTTP 307)", "Add the trailing slash"),
        (
            http_reply(302, b"", {"Location": "/login"}),
            "✗",
            "redirects elsewhere (HTTP 302",
            "forward",
        ),
        (
            http_reply(401, {"error": "no"}),
            "✗",
            "refuses the key (HTTP 401), in its words: no",
            "_KEY",
        ),
        (http_reply(404), "!", "offers no list of models (HTTP 404)", "Many gateways have none"),
        (http_reply(402, {"error": "x"}), "✗", "no money left (HTTP 402)", "Top up"),
        (
            http_reply(500, b"oops"),
            "✗",
            "internal error (HTTP 500), in its words: oops",
            "Try again",
        ),
    ],
)
async def test_what_a_gateway_answers_becomes_a_line_and_a_mend(
    installation: Installation, says: RawReply, sign: str, facts: str, fix: str
) -> None:
    """Each of these is a question in somebody's issue tracker."""
    installation.gateway.answers[:] = [says]
    found = of(await installation.examined(), "gateway default")
    assert found.sign.value == sign
    assert facts in found.facts
    assert fix in found.fix


FINE = (ProbeOutcome.LISTED, ProbeOutcome.NONE_EXPECTED)


@pytest.mark.parametrize("verdict", [one for one in ProbeOutcome if one not in FINE])
def test_every_verdict_has_a_whole_sentence(verdict: ProbeOutcome) -> None:
    """A hole in the sentence would be the operator's first impression."""
    found = describe_probe(ProbeResult(gateway="default", outcome=verdict, status=418), NAMES)
    assert found.sign is not Sign.FINE
    assert found.fix.endswith(".")
    assert "IMAGE_" in found.fix or verdict is ProbeOutcome.BUSY
    assert not set("{}") & set(found.facts + found.fix)


async def test_a_model_that_is_not_listed_is_named_with_what_is_like_it(
    installation: Installation,
) -> None:
    """A typing error, most of the time; the gateway may still know it under that name."""
    findings = await installation.examined(IMAGE_MODELS="paintr,painter,zzz")
    found = of(findings, "gateway default")
    assert (found.sign, found.facts) == (Sign.WARNING, "does not list paintr, zzz")
    assert found.fix == (
        "Check the spelling in IMAGE_MODELS (it lists painter), and what your key may use."
    )
    found = of(await installation.examined(IMAGE_MODELS="zzz"), "gateway default")
    assert found.fix == "Check the spelling in IMAGE_MODELS, and what your key may use."


async def test_every_gateway_of_a_file_is_asked_and_named_as_written(
    installation: Installation,
) -> None:
    """Two gateways, two keys: the sentence names the right one."""
    no = http_reply(401, {"error": "no"})
    installation.gateway.answers[:] = [no, no]
    table = f'base_url = "{installation.gateway.origin}"\nmodels = ["painter"]\n'
    file = Path("gateways.toml")
    file.write_text(f"[gateways.one]\n{table}[gateways.my-two]\n{table}")
    findings = await installation.examined(
        IMAGE_API_URL="", GATEWAYS_FILE=str(file), GATEWAYS__MY_TWO__API_KEY="k"
    )
    assert of(findings, "gateway one").fix.endswith("GATEWAYS__ONE__API_KEY.")
    assert of(findings, "gateway my-two").fix.endswith("GATEWAYS__MY_TWO__API_KEY.")


async def test_a_list_that_no_table_promises_is_no_fault(installation: Installation) -> None:
    """Azure lists no deployments: a warning at every start would hide real ones."""
    installation.gateway.answers[:] = [http_reply(404, {"error": {"message": "no resource"}})]
    file = Path("gateways.toml")
    file.write_text(
        f'[gateways.one]\nbase_url = "{installation.gateway.origin}"\nmodels = ["painter"]\n'
        'paths = { models = "none" }\n'
    )
    found = of(
        await installation.examined(IMAGE_API_URL="", GATEWAYS_FILE=str(file)), "gateway one"
    )
    assert (found.sign, found.fix) == (Sign.FINE, "")
    assert "by its table it has no list of models" in found.facts


def test_the_file_and_the_variables_have_their_own_names() -> None:
    """A fix must name something that the operator has."""
    gateway = Gateway(name="x", base_url="https://h.example", models=("painter",))
    assert Names.of(gateway, in_file=True).path == "paths.generate of [gateways.x]"
    assert "the whole address" in Names.of(gateway, in_file=False).path


async def test_a_gateway_that_is_not_there_does_not_stop_the_others(
    installation: Installation,
) -> None:
    """Nothing that is wrong hides what comes after it."""
    installation.set(IMAGE_API_URL="http://127.0.0.1:1")
    findings = await installation.examined()
    assert of(findings, "gateway default").facts == (
        "cannot be reached: nothing accepts the connection"
    )
    assert of(findings, "database").sign is Sign.FINE


async def test_a_budget_without_prices_is_told_before_the_bot_refuses_to_start(
    installation: Installation,
) -> None:
    """The gateway is fine; what is missing is a number that only the operator knows."""
    findings = await installation.examined(OPERATOR_BUDGET="50/month")
    assert of(findings, "gateway default").sign is Sign.FINE
    budget = of(findings, "budget")
    assert budget.sign is Sign.WRONG
    assert '[gateways.default.abilities."painter"]' in budget.fix


@pytest.mark.parametrize(
    ("model", "gateway", "facts"),
    [
        ("seer", "", "the gateway one lists seer"),
        ("sear", "one", "the gateway one does not list sear"),
        ("seer", "two", None),
        ("seer", "three", None),
        ("", "", None),
    ],
)
def test_the_chat_model_is_looked_for_where_its_gateway_lists_anything(
    model: str, gateway: str, facts: str | None
) -> None:
    """A typing error would be told to the first person who describes a picture."""
    probes = [
        ProbeResult(gateway="one", outcome=ProbeOutcome.LISTED, status=200, models=("seer", "x")),
        ProbeResult(gateway="two", outcome=ProbeOutcome.NO_LIST, status=404),
    ]
    found = list(describe_text_model(model, gateway, probes))
    assert [each.facts for each in found] == ([] if facts is None else [facts])
    assert all("it lists seer" in each.fix for each in found if each.sign is Sign.WARNING)


async def test_a_chat_model_that_stops_the_start_is_told_with_the_fix(
    installation: Installation,
) -> None:
    """The doctor says what the start would refuse."""
    findings = await installation.examined(TEXT_MODEL="seer", TEXT_GATEWAY="two")
    found = of(findings, "chat model")
    assert found.sign is Sign.WRONG
    assert "TEXT_GATEWAY is two" in found.fix
