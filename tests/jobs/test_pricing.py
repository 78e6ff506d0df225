"""What pictures cost people, in each server."""

import pytest

from bot.core.errors.options import UnknownModel
from bot.core.models import ImageRequest
from bot.gateways.catalogue import Catalogue
from bot.jobs.pricing import Pricing, ServerCostCache
from tests.gateways.generation_harness import make_model

HERE, ELSEWHERE = 1, 2
MODELS = {
    "plain": make_model("plain", credits=3),
    "dear": make_model("dear", qualities=None, credits={"default": 2, "high": 5}),
}


def costs(own: dict[tuple[int, str, str], int]) -> Pricing:
    return Pricing(Catalogue(MODELS, MODELS), ServerCostCache(own))


def test_admins_do_not_paint_past_the_operators_ceilings() -> None:
    """Those count credits, too: a picture for none would be one for ever."""
    own = {(HERE, "dear", ""): 3, (HERE, "plain", ""): 0}
    here = Pricing(Catalogue(MODELS, MODELS), ServerCostCache(own), has_ceilings=True)
    assert (here.min_credits_each("dear", "high"), costs({}).min_credits_each("dear", "high")) == (
        5,
        0,
    )
    assert [here.credits_each(HERE, "dear", quality) for quality in (None, "high")] == [3, 5]
    assert [each.credits_each(HERE, "plain", None) for each in (here, costs(own))] == [3, 0]


@pytest.mark.parametrize(
    ("name", "quality", "each"),
    [
        ("plain", None, 3),
        ("plain", "high", 3),
        ("dear", None, 2),
        ("dear", "low", 2),
        ("Dear", "high", 5),
    ],
)
def test_the_cost_is_per_picture(name: str, quality: str | None, each: int) -> None:
    """Dear models cost more credits, and so may their dear qualities."""
    usual = costs({})
    assert usual.credits_each(HERE, name, quality) == each
    assert usual.credits_of(ImageRequest("x", name, "auto", 4, quality=quality), HERE) == 4 * each


@pytest.mark.parametrize(
    ("name", "quality", "each"),
    [("plain", None, 7), ("DEAR", None, 2), ("dear", "high", 0), ("dear", "low", 2)],
)
def test_a_servers_own_cost_comes_first(name: str, quality: str | None, each: int) -> None:
    """Also where it is nothing, and only there."""
    own = costs({(HERE, "plain", ""): 7, (HERE, "dear", "high"): 0})
    assert own.credits_each(HERE, name, quality) == each
    assert own.credits_each(ELSEWHERE, name, quality) == costs({}).credits_each(HERE, name, quality)


def test_a_model_that_is_gone_costs_nothing_that_anybody_set() -> None:
    """An old request that is painted again is refused, not held at its old cost."""
    with pytest.raises(UnknownModel):
        costs({(HERE, "gone", ""): 1}).credits_each(HERE, "gone", None)


def test_the_cache_of_costs_knows_the_quality_before_any_quality() -> None:
    """And says nothing where no admin decided: the catalogue does."""
    server_costs = ServerCostCache({(1, "painter", ""): 2, (1, "painter", "high"): 8})
    assert server_costs.each(1, "painter", "high") == 8
    assert server_costs.each(1, "painter", "low") == 2
    assert server_costs.each(1, "painter", None) == 2
    assert server_costs.each(2, "painter", "high") is None
    assert server_costs.each(1, "sketcher", None) is None
    server_costs.set(2, "painter", "high", 0)
    assert server_costs.each(2, "painter", "high") == 0
    assert server_costs.each(2, "painter", None) is None
    server_costs.remove(1, "painter", "high")
    server_costs.remove(1, "painter", "high")
    assert server_costs.each(1, "painter", "high") == 2
    server_costs.set(1, "painter", None, 3)
    assert server_costs.each(1, "painter", "high") == 3
