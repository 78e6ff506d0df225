"""Say an error to the operator in the terminal: its cause, the gateway's words, what to do."""

from collections.abc import Iterator

from bot.core.errors.base import EaselError
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.i18n.texts import Money, Texts

_ABOUT_THE_REQUEST = (GatewayErrorKind.MODERATION, GatewayErrorKind.REFERENCE_LOST)


def operator_sentences(error: EaselError, texts: Texts, *, money: Money = "back") -> Iterator[str]:
    """Yield lines for the terminal: what happened, the facts, and what says how to fix it.

    People in Discord are told to ask the operator; the operator gets a sentence of their own.
    """
    own = error.message_id.replace("error-", "terminal-", 1)
    yield texts.sentence(error, money=money, message_id=own if own in texts.ids() else None)
    if isinstance(error, GatewayFailure):
        yield texts.say(
            "terminal-gateway-facts",
            gateway=error.gateway,
            kind=error.kind.value,
            status=None if error.http_status is None else str(error.http_status),
            words=_printable(error.detail),
        )
        if error.kind not in _ABOUT_THE_REQUEST:
            yield texts.say("terminal-doctor")


def _printable(words: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in words)
