"""Every error is told in one kind sentence that says what to do next."""

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator
from itertools import product

import pytest

import bot
import cogs
from bot.core.errors.base import EaselError, Refusal
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.jobs import RecordedError, TooManyWaiting, Unexpected
from bot.core.errors.options import PromptTooLong, UnknownModel
from bot.core.errors.quotas import QuotaSpent
from bot.core.i18n.texts import Money, Texts, plain_time
from bot.core.models import Billed
from bot.quota.levels import LimitLevel

# The errors of every module are told, too.
for _package in (bot, cogs):
    for _module in pkgutil.walk_packages(_package.__path__, f"{_package.__name__}."):
        if not _module.name.endswith("__main__"):
            importlib.import_module(_module.name)

HOUR = 3_600_000
SAMPLES: dict[str, str | int | None] = {
    "level": LimitLevel.ROLE,
    "period": "day",
    "frees_at": HOUR,
    "model": "some-model",
    "allowed": "auto, 1024x1024",
    "size": "7x7",
    "reference": "a1b2c3d4",
}
NOT_FOR_PEOPLE = re.compile(
    r"https?:|traceback|exception|error|gateway|http|\bapi\b|key|token|null|none|[{}]|\. ",
    re.IGNORECASE,
)
MONEY: list[Money] = ["back", "part"]


def _kinds_of_error(root: type[EaselError] = EaselError) -> Iterator[type[EaselError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _kinds_of_error(kind)


def _sample(kind: type[EaselError]) -> EaselError:
    names = (field.name for field in dataclasses.fields(kind))
    return kind(**{name: SAMPLES.get(name, 2) for name in names})


def _gateway(kind: GatewayErrorKind, **facts: float | str) -> GatewayFailure:
    failure = GatewayFailure(kind=kind, gateway="SECRET", billed=Billed.NO, detail="SECRET")
    for name, fact in facts.items():
        setattr(failure, name, fact)
    return failure


SPECIAL = {Refusal, RecordedError, GatewayFailure}
ERRORS = [
    EaselError(),
    *(_sample(kind) for kind in dict.fromkeys(_kinds_of_error()) if kind not in SPECIAL),
    *(_gateway(kind) for kind in GatewayErrorKind),
    *(_gateway(kind, param="size", retry_after_s=1.5) for kind in GatewayErrorKind),
    _gateway(GatewayErrorKind.INVALID_REQUEST, param="image"),
    *(
        QuotaSpent(level=level, limit=limit, period="week", left=left, credits=6, frees_at=frees_at)
        for level in LimitLevel
        for limit, left, frees_at in [(0, 0, None), (5, 5, None), (5, 0, HOUR), (9, 3, HOUR)]
    ),
]


@pytest.fixture(scope="module")
def texts() -> Texts:
    """Return the texts as the terminal shows them."""
    return Texts(plain_time(lambda: 0))


def _faults(sentence: str, *, ends: str, next_step: str, most: int) -> Iterator[str]:
    """Return what a sentence has that no person should read, or lacks."""
    if sentence[-1] not in ends:
        yield "no end"
    if found := NOT_FOR_PEOPLE.search(sentence):
        yield f"not for people: {found[0]}"
    if "SECRET" in sentence:
        yield "a secret"
    if not re.search(next_step, sentence):
        yield "no next step"
    if "\n" in sentence:
        yield "several lines"
    if len(sentence) >= most:
        yield "too long"


def _every_sentence(texts: Texts, locale: str) -> Iterator[tuple[str, str]]:
    """Return each error with what it cost, and its sentence."""
    for error, money in product(ERRORS, MONEY):
        yield f"{error.message_id}, {money}", texts.sentence(error, locale, money=money)


def test_every_error_is_one_sentence(texts: Texts) -> None:
    """A person is told what to do next, in plain words, without anybody's secrets."""
    next_step = r"please|would you like|see the limits|operator has to"
    assert not [
        (error, fault, sentence)
        for error, sentence in _every_sentence(texts, "en")
        for fault in _faults(sentence, ends=".?", next_step=next_step, most=300)
    ]


def test_every_error_is_one_sentence_in_chinese(texts: Texts) -> None:
    """What English promises, Chinese keeps: a next step, plain words, nobody's secrets."""
    told = list(_every_sentence(texts, "zh-CN"))
    assert not [
        (error, fault, sentence)
        for error, sentence in told
        for fault in _faults(sentence, ends="。？", next_step="请|要再试一次吗", most=200)
    ]
    assert not [(error, said) for error, said in told if len(re.findall("[。？]", said)) != 1]


def test_every_sentence_of_the_file_belongs_to_an_error(texts: Texts) -> None:
    """A sentence that nobody says is a leftover, or an error that was mistyped."""
    written = {name for name in texts.ids() if name.startswith("error-")}
    assert written == {error.message_id for error in ERRORS}


def _spent(level: LimitLevel, limit: int, left: int, frees_at: int | None) -> QuotaSpent:
    return QuotaSpent(
        level=level, limit=limit, period="day", left=left, credits=8, frees_at=frees_at
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            _spent(LimitLevel.USER, 5, 0, 3 * HOUR),
            "5 of 5 credits per day are used up (your own limit), so please try again in 3 hours.",
        ),
        (
            _spent(LimitLevel.SERVER, 1, 0, HOUR),
            "1 of 1 credit per day is used up (the shared limit of this server), "
            "so please try again in 1 hour.",
        ),
        (
            _spent(LimitLevel.EVERYONE, 20, 3, HOUR),
            "Only 3 of 20 credits per day are left (the limit for everyone here) and this costs 8, "
            "so please ask for fewer pictures or try again in 1 hour.",
        ),
        (
            _spent(LimitLevel.ROLE, 5, 5, None),
            "This costs 8 credits and your role's limit is 5 credits per day, "
            "so please ask for fewer pictures or a cheaper model.",
        ),
        (
            _spent(LimitLevel.TOTAL, 0, 0, None),
            "Pictures are switched off here, because the operator's limit for all servers is "
            "0 credits per day: please ask the operator of this bot.",
        ),
        (
            TooManyWaiting(limit=1),
            "You already have 1 request waiting, so please try again when it is done.",
        ),
        (
            PromptTooLong(model="m", limit=4_000, length=4_001),
            "Your prompt has 4,001 characters and m takes at most 4,000, so please shorten it.",
        ),
        (
            _gateway(GatewayErrorKind.RATE_LIMITED, retry_after_s=0.4),
            "The image service is busy, so please try again in 1 second; "
            "your credits were given back.",
        ),
        (
            _gateway(GatewayErrorKind.RATE_LIMITED, retry_after_s=86_400, retry_at=24 * HOUR),
            "The image service is busy, so please try again in 1 day; "
            "your credits were given back.",
        ),
        (
            _gateway(GatewayErrorKind.TIMEOUT_UNKNOWN),
            "The connection to the image service broke, so the picture may have been made and paid "
            "for; you were not charged: would you like to try again?",
        ),
    ],
)
def test_sentences_read_well(texts: Texts, error: EaselError, said: str) -> None:
    """The words that people meet most often, in full."""
    assert texts.sentence(error) == said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            _spent(LimitLevel.USER, 5, 0, 3 * HOUR),
            "每天 5 点已全部用完（你自己的限额），请在 3小时后再试。",
        ),
        (
            _spent(LimitLevel.EVERYONE, 20, 3, HOUR),
            "每天 20 点只剩 3 点（这里所有人的限额），而这次需要 8 点，"
            "请减少张数，或在 1小时后再试。",
        ),
        (
            _spent(LimitLevel.ROLE, 5, 5, None),
            "这次需要 8 点，而你的身份组的限额是每天 5 点，请减少张数，或换一个更便宜的模型。",
        ),
        (
            _spent(LimitLevel.TOTAL, 0, 0, None),
            "运营者给所有服务器的上限是每天 0 点，所以这里不能画图：请联系机器人的运营者。",
        ),
        (TooManyWaiting(limit=1), "你已有 1 个请求在等待，请等它完成后再试。"),
        (TooManyWaiting(limit=3), "你已有 3 个请求在等待，请等其中一个完成后再试。"),
        (
            PromptTooLong(model="m", limit=4_000, length=4_001),
            "你的提示词有 4,001 个字符，而 m 最多接受 4,000 个，请缩短一些。",
        ),
        (
            _gateway(GatewayErrorKind.RATE_LIMITED, retry_after_s=0.4),
            "绘图服务正忙，请在 1 秒后再试；点数已退还给你。",
        ),
        (
            _gateway(GatewayErrorKind.RATE_LIMITED, retry_after_s=86_400, retry_at=24 * HOUR),
            "绘图服务正忙，请在 1天后再试；点数已退还给你。",
        ),
        (
            _gateway(GatewayErrorKind.TIMEOUT_UNKNOWN),
            "与绘图服务的连接中断了，图片可能已经画好并计费；没有扣你的点数：要再试一次吗？",
        ),
    ],
)
def test_sentences_read_well_in_chinese(texts: Texts, error: EaselError, said: str) -> None:
    """The words that people meet most often, in full."""
    assert texts.sentence(error, "zh-CN") == said


def test_a_recorded_error_is_told_like_the_first_time(texts: Texts) -> None:
    """After a restart the card says the same."""
    first = Unexpected(reference="a1b2")
    again = RecordedError(recorded_id=first.message_id, recorded_facts=first.facts)
    assert texts.sentence(again) == texts.sentence(first)
    assert "a1b2" in texts.sentence(again)


def test_a_typed_word_cannot_take_over_the_sentence(texts: Texts) -> None:
    """A model name of 6,000 characters, with a link in it, is repeated short and plain."""
    name = "[free](https://evil.example)\n\u202e@everyone `" + "x" * 6_000
    sentence = texts.sentence(UnknownModel(model=name, allowed="a"))
    assert len(sentence) < 600
    assert not re.search(r"[\[\]@`\n\u202e]|://", sentence)
