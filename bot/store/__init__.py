"""The database: one transaction at a time, and plain SQL that PostgreSQL understands too."""

from bot.store.store import Store, database_path
from bot.store.tx import Row, Tx, Value

__all__ = ["Row", "Store", "Tx", "Value", "database_path"]
