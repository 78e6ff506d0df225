"""Who may spend what, and what was spent."""

from bot.ledger.allowance import Allowance
from bot.ledger.ledger import Ledger, Settlement
from bot.ledger.rules import EVERYONE, SERVER, Limit, Period, Rule, parse_limits, role, user

__all__ = [
    "EVERYONE",
    "SERVER",
    "Allowance",
    "Ledger",
    "Limit",
    "Period",
    "Rule",
    "Settlement",
    "parse_limits",
    "role",
    "user",
]
