"""What the bot keeps of one person: theirs to take along, and to have deleted."""

from bot.mydata.archive import Archived
from bot.mydata.deletion import Deletion, StillAtWork
from bot.mydata.export import Export

__all__ = ["Archived", "Deletion", "Export", "StillAtWork"]
