"""Tests of bot.gateways.routing."""
