"""What answers requests for words: the chat model first, else the gateways' own calls."""

from dataclasses import replace

from bot.core.clock import Clock
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway_config import parse_gateways
from bot.gateways.routing.router import Router
from bot.gateways.text_call_client import TextCallClient
from bot.jobs.text_sources import TextTerms
from bot.settings.text_sources import text_sources
from tests.settings.settings_of import settings_of

TABLE = """
[gateways.one]
base_url = "https://one.example"
models = ["dall-e-3"]

[gateways.one.calls]
describe = { path = "/d", body = { image = "{image:data}" }, text = "words", price = 0.05 }
shorten = { path = "/s", body = { prompt = "{prompt}" }, text = "words", credits = 3 }
"""
GATEWAYS = parse_gateways(TABLE, {})
BARE = tuple(replace(one, text_calls={}) for one in GATEWAYS)


async def test_the_chat_model_comes_before_the_calls() -> None:
    """It answers in the language of who asks; a gateway alone shortens."""
    for gateways, text_model, names in (
        (BARE, "", {}),
        (BARE, "seer", {"describe": "seer", "improve": "seer"}),
        (GATEWAYS, "", {"describe": "describe", "shorten": "shorten"}),
        (GATEWAYS, "seer", {"describe": "seer", "improve": "seer", "shorten": "shorten"}),
    ):
        settings = settings_of(text_model=text_model)
        async with Router(gateways, Catalogue.of(gateways), clock=Clock()) as router:
            sources = text_sources(settings, router, TextCallClient(router, Clock()))
            assert {kind: source.name for kind, source in sources.items()} == names


async def test_what_a_call_costs_is_read_anew() -> None:
    """Its own price and credits, else those of the settings; a reload changes them."""
    settings = settings_of(text_price="0.002", text_credits=1)
    async with Router(GATEWAYS, Catalogue.of(GATEWAYS), clock=Clock()) as router:
        sources = text_sources(settings, router, TextCallClient(router, Clock()))
        assert sources["describe"].terms == TextTerms(credits=1, price=50_000)
        assert sources["shorten"].terms == TextTerms(credits=3, price=2_000)
        dearer = parse_gateways(TABLE.replace("0.05", "0.07"), {})
        router.use(await router.open(dearer))
        assert sources["describe"].terms == TextTerms(credits=1, price=70_000)
        router.use(await router.open(BARE))
        assert sources["describe"].terms == TextTerms(credits=1, price=2_000)
