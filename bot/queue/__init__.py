"""Who may paint now: fair slots in total, per person and per server."""

from bot.queue.line import Ticket
from bot.queue.queue import Limits, Queue, QueueFull

__all__ = ("Limits", "Queue", "QueueFull", "Ticket")
