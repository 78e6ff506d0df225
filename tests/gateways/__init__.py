"""Tests of bot.gateways against strict loopback fakes."""
