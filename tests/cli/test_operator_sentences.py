"""The terminal speaks to the operator: causes and fixes, not "ask the operator"."""

import pytest

from bot.cli.operator_sentences import operator_sentences
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.i18n.texts import Texts, plain_time
from bot.core.models import Billed
from bot.quota.levels import LimitLevel
from tests.core.i18n.test_sentences import ERRORS

# Errors of commands in Discord, and of personal limits, which the terminal does not have.
IN_DISCORD_ONLY = {
    "error-server-not-listed",
    "error-limit-above-ceiling",
    "error-cost-below-the-operators",
    "error-too-many-doubtful",
    "error-operators-only",
    "error-blocked-everywhere",
    "error-style-forbidden",
    "error-text-misconfigured",
}
KINDS = list(GatewayErrorKind)
THE_OPERATOR = {"en": "operator", "zh-CN": "运营者"}


@pytest.fixture(scope="module")
def texts() -> Texts:
    """Return the texts as the terminal shows them."""
    return Texts(plain_time(lambda: 0))


def test_nothing_sends_the_operator_to_the_operator(texts: Texts) -> None:
    """Whoever reads the terminal is the one who can mend it."""
    said = [
        (error.message_id, line)
        for error in ERRORS
        if error.message_id not in IN_DISCORD_ONLY
        and error.facts.get("level", LimitLevel.TOTAL) == LimitLevel.TOTAL
        for line in operator_sentences(error, texts)
    ]
    assert not [(name, line) for name, line in said if "operator" in line]
    assert len({name for name, _ in said}) > len(KINDS)


@pytest.mark.parametrize("locale", THE_OPERATOR)
def test_each_of_these_sentences_is_for_the_operator(texts: Texts, locale: str) -> None:
    """A sentence for the operator that is not needed, or speaks of them, is a mistake."""
    own = {name for name in texts.ids() if f"error-{name.removeprefix('terminal-')}" in texts.ids()}
    errors = {error.message_id: error for error in ERRORS}
    for name in own & {f"terminal-{one.removeprefix('error-')}" for one in errors}:
        error = errors[name.replace("terminal-", "error-", 1)]
        said = texts.sentence(error, locale, message_id=name)
        assert THE_OPERATOR[locale] not in said, name


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_of_the_gateway_has_cause_status_and_words(
    texts: Texts, kind: GatewayErrorKind
) -> None:
    """Nobody has to look for a log; the words are redacted before."""
    failure = GatewayFailure(
        kind=kind, gateway="one", billed=Billed.NO, http_status=418, detail="no\x1btea"
    )
    first, facts, *rest = operator_sentences(failure, texts)
    assert first
    assert facts == f"Gateway one: {kind}, HTTP 418, in its words: no tea"
    of_the_setup = kind not in (GatewayErrorKind.MODERATION, GatewayErrorKind.REFERENCE_LOST)
    assert [("python -m bot doctor" in line) for line in rest] == [True] * of_the_setup


def test_a_failure_without_answer_says_no_more_than_is_known(texts: Texts) -> None:
    """There is no status and there are no words."""
    failure = GatewayFailure(kind=GatewayErrorKind.UNREACHABLE, gateway="one", billed=Billed.NO)
    assert list(operator_sentences(failure, texts))[1] == "Gateway one: unreachable"
