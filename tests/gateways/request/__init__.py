"""Tests of bot.gateways.request."""
