"""Easel: a Discord bot that paints through any OpenAI-compatible image endpoint."""

__version__ = "0.2.0.dev0"
"""The one place of the version; ``CONTRIBUTING.md`` says how a release changes it."""
