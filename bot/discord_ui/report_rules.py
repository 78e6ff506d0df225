"""Refusals of reports and of decisions about them."""

from dataclasses import dataclass

from bot.core.errors.base import Refusal


@dataclass(eq=False, kw_only=True)
class NotReportable(Refusal):
    """The message shows no picture of this bot that others see."""

    message_id = "error-not-reportable"


@dataclass(eq=False, kw_only=True)
class NotYourReport(Refusal):
    """Only who may manage messages in the server decides about its reports."""

    message_id = "error-not-your-report"
