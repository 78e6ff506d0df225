"""Clients of OpenAI-compatible image gateways: models, requests, replies and routing."""
