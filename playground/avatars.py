"""Avatars of the playground's members and bot, painted by the painter."""

from functools import cache

from playground.painter.rendering import render

SIDE = 128
# The prompt and the seed for each name.
PROMPTS = {
    "Easel": ("a forest at dusk", 2),
    "Ada": ("a red sailing boat on the sea", 7),
    "Ben": ("a fox in the snow", 3),
    "Mia": ("mountains at dawn", 1),
}


@cache
def avatar(name: str) -> bytes:
    """Return somebody's avatar as PNG."""
    prompt, seed = PROMPTS[name]
    return render(prompt, (SIDE, SIDE), seed).png
