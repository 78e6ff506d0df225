"""Easel: a Discord bot that paints through any OpenAI-compatible image endpoint."""
