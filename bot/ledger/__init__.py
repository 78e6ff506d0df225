"""Who may spend what, and what was spent."""

from bot.ledger.allowance import Allowance
from bot.ledger.audit import Action, Change
from bot.ledger.history import Charge, Day
from bot.ledger.ledger import Ledger, Settlement
from bot.ledger.members import Member
from bot.ledger.rules import EVERYONE, SERVER, Limit, Period, Rule, parse_limits, role, user
from bot.ledger.tariff import Tariff

__all__ = [
    "EVERYONE",
    "SERVER",
    "Action",
    "Allowance",
    "Change",
    "Charge",
    "Day",
    "Ledger",
    "Limit",
    "Member",
    "Period",
    "Rule",
    "Settlement",
    "Tariff",
    "parse_limits",
    "role",
    "user",
]
