"""Procedural poster art: layered scenes that depend on a prompt, a size, a seed and references."""

from playground.art.printing import Print, Wall, make_print
from playground.art.studio import describe, paint

__all__ = ["Print", "Wall", "describe", "make_print", "paint"]
