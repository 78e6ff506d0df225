"""A size that a model does not accept leads to the nearest ones that it does."""

import pytest

from bot.core.models import parse_size
from bot.gateways.model_abilities import shipped_models
from bot.gateways.nearest_sizes import nearest_sizes


@pytest.mark.parametrize(
    ("model", "typed", "nearest"),
    [
        ("dall-e-3", "1920x1080", ["1792x1024", "1024x1024", "1024x1792"]),
        ("dall-e-3", "600x1000", ["1024x1792", "1024x1024", "1792x1024"]),
        ("dall-e-2", "300x300", ["256x256", "512x512", "1024x1024"]),
        ("gpt-image-1", "16:9", ["1536x1024", "1024x1024", "1024x1536", "auto"]),
        ("gpt-image-2", "1000x1000", ["1008x1008", "1024x1024", "2048x2048", "auto"]),
        ("gpt-image-2", "4000x100", ["1440x480", "3840x2160", "1536x1024", "auto"]),
        ("easel-painter", "4000x4000", ["2048x2048", "1024x1024", "1536x1024", "1024x1536"]),
        ("dall-e-3", "huge", ["1024x1024", "1792x1024", "1024x1792"]),
    ],
)
def test_the_nearest_shape_comes_first_then_the_nearest_number_of_pixels(
    model: str, typed: str, nearest: list[str]
) -> None:
    """Who wanted a wide picture gets a wide one with the first button; auto comes last."""
    assert nearest_sizes(shipped_models()[model], typed, most=4) == nearest


@pytest.mark.parametrize("typed", ["0x0", "1x99999", "9999x9999", "0:9", "999:1", "", "🦊", "auto"])
def test_every_offered_size_is_accepted(typed: str) -> None:
    """A button never leads to the same refusal, whatever was typed."""
    for model in shipped_models().values():
        offered = nearest_sizes(model, typed, most=4)
        assert offered
        assert len(offered) <= 4
        assert all(model.accepts_size(parse_size(size)) for size in offered)
