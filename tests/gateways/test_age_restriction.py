"""One mark is enough, and what is not known is not age-restricted."""

import pytest

from bot.core.errors.options import ModelAgeRestricted
from bot.core.models import OPERATOR, Requester
from bot.gateways.age_restriction import AgeRestriction
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway_config import parse_gateways

FILE = """
[gateways.first]
base_url = "https://a.example.org"
models = ["dall-e-3", "gpt-image-2"]

[gateways.second]
base_url = "https://b.example.org"
models = ["gpt-image-2"]

[gateways.second.abilities."gpt-image-2"]
age_restricted = true
"""


def asking(*, age_restricted: bool | None) -> Requester:
    """Return somebody in such a channel, None in direct messages."""
    return Requester(1, 2, "Ada", age_restricted=age_restricted)


def rule(*, allowed: bool = False) -> AgeRestriction:
    """Return the rule over two gateways, of which the second marks a model."""
    gateways = parse_gateways(FILE, {"first": "k", "second": "k"})
    return AgeRestriction(Catalogue.of(gateways), allowed_in_direct_messages=allowed)


def test_a_mark_of_any_gateway_counts() -> None:
    """Failover could send the request to the one that has the mark."""
    somebody = asking(age_restricted=False)
    assert rule().allows("dall-e-3", somebody)
    for name in ("gpt-image-2", " GPT-Image-2 "):
        assert not rule().allows(name, somebody)
        with pytest.raises(ModelAgeRestricted):
            rule().check(name, somebody)


def test_a_model_that_a_reload_removes_keeps_its_mark() -> None:
    """Its pictures are still in /history, and would be posted where everybody sees them."""
    catalogue = Catalogue.of(parse_gateways(FILE, {}))
    removed = FILE.partition("[gateways.second]")[0].replace(', "gpt-image-2"', "")
    for file in (removed, removed):
        catalogue.replace(Catalogue.of(parse_gateways(file, {})))
        assert catalogue.is_age_restricted("gpt-image-2")
    unmarked = FILE.partition("[gateways.second]")[0]
    catalogue.replace(Catalogue.of(parse_gateways(unmarked, {})))
    assert not catalogue.is_age_restricted("gpt-image-2")


@pytest.mark.parametrize(
    ("channel", "allowed", "expected"),
    [
        (True, False, True),
        (False, False, False),
        (False, True, False),
        (None, False, False),
        (None, True, True),
    ],
)
def test_the_setting_is_for_direct_messages_alone(
    channel: bool | None, allowed: bool, expected: bool
) -> None:
    """A channel of a server is what Discord says of it."""
    here = asking(age_restricted=channel)
    assert rule(allowed=allowed).allows("gpt-image-2", here) is expected


def test_the_terminal_may_use_every_model() -> None:
    """The operator set the mark."""
    assert rule().allows("gpt-image-2", OPERATOR)
