"""Credits per day as a picture, drawn in a short-lived process so that the bot stays small."""

from bot.charts.charts import Charts

__all__ = ["Charts"]
