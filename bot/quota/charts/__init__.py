"""Credits per day as a picture, drawn in a short-lived process so that the bot stays small."""

from bot.quota.chart import Charts

__all__ = ["Charts"]
