"""What people read while they type, at its longest."""

import pytest

from bot.core.i18n.texts import Texts
from bot.discord_ui.autocomplete import Autocomplete
from bot.gateways.catalogue import Catalogue
from bot.jobs.pricing import Pricing, ServerCostCache
from tests.gateways.generation_harness import make_model

LONG = "m" * 150


def suggestions(credits: int) -> Autocomplete:
    """Return those of one model whose names are too long for Discord."""
    words = tuple(f"{index} " + "q" * 150 for index in range(30))
    dear = make_model(LONG, label="L" * 150, credits=credits, qualities=words)
    catalogue = Catalogue([LONG], {LONG: dear})
    costs = Pricing(catalogue, ServerCostCache({}))
    return Autocomplete(catalogue=catalogue, costs=costs, texts=Texts(), now=lambda: 0)


@pytest.mark.parametrize("credits", [0, 1, 10**9])
def test_the_longest_choice_still_says_its_cost(credits: int) -> None:
    """Discord refuses all choices when one has more than 100 characters, or one of 26."""
    offered = suggestions(credits)
    models = offered.models("", server_id=1, locale="en")
    qualities = offered.qualities("", model=None, server_id=1, locale="en")
    assert (len(models), len(qualities)) == (1, 25)
    cost = {0: "0 credits", 1: "1 credit", 10**9: "1,000,000,000 credits"}[credits]
    for choice in (*models, *qualities):
        assert len(choice.name) <= 100
        assert len(str(choice.value)) <= 100
        assert choice.name.endswith(f" · {cost}")
