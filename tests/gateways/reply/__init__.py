"""Tests of bot.gateways.reply."""
