"""Procedural posters: layered scenes that depend on a prompt, a size, a seed and references."""
