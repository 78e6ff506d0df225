"""Small pictures of who is in the playground, from the painter's own hand."""

from playground.art.printing import make_print

SIDE = 128
# What to paint for each name, and with which seed it came out well.
SITTERS = {
    "Easel": ("a forest at dusk", 2),
    "Ada": ("a red sailing boat on the sea", 7),
    "Ben": ("a whale at night", 3),
    "Mia": ("a hot air balloon over mountains", 1),
}


def portrait(name: str) -> bytes:
    """Return somebody's picture as PNG."""
    prompt, seed = SITTERS[name]
    return make_print(prompt, (SIDE, SIDE), seed).png
