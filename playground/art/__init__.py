"""Procedural posters: layered scenes that depend on a prompt, a size, a seed and references."""

from playground.art.composer import WHAT_IT_DRAWS, can_draw, caption, paint

__all__ = ["WHAT_IT_DRAWS", "can_draw", "caption", "paint"]
