"""Questions to the chat model, with the real ledger: who pays, and that nothing stays held."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.core.clock import Clock, wall_clock_ms
from bot.core.errors.base import EaselError
from bot.core.errors.quotas import BudgetSpent, QuotaSpent, TooManyRequests
from bot.core.errors.texts import (
    SuggestionGone,
    SuggestionOfAnother,
    TextBusy,
    TextDeclined,
    TextInDoubt,
    TextMisconfigured,
    TextUnusable,
)
from bot.core.models import Requester
from bot.database.outage import DatabaseBusy
from bot.database.transaction import Transaction
from bot.images.references import ReferenceLost, ReferenceUnreadable, Upload
from bot.jobs.job_retention import JobRetention
from bot.jobs.repository.text_requests import HeldText
from bot.jobs.text_requests import Suggestions, TextRequests, suggested_prompts
from bot.moderation.rules import parse_rules
from bot.quota.admin_repository import write_block
from bot.quota.limits import parse_limits
from bot.services import Services, open_services
from bot.settings.settings import GatewayKey
from bot.settings.value_types import parse_budget
from playground.settings import GivenSettings
from tests.database.engines import rows_of, url_of
from tests.gateways.fake_text_chat import (
    FOUR,
    KEY,
    MODEL,
    ChatReply,
    Cut,
    Failed,
    FakeTextChat,
    Raw,
    Said,
    text_chat,
)
from tests.images.test_content_store import picture_bytes

ADA = Requester(user_id=1, server_id=10, name="Ada")
BEN = Requester(user_id=2, server_id=10, name="Ben")
PRICE = 2_000  # micros
CREDITS = 2
GATEWAYS = """
[gateways.chatty]
base_url = "{url}"
models = ["dall-e-3"]
abilities = {{ "dall-e-3" = {{ price = 1 }} }}
"""
PNG = picture_bytes("png", size=(40, 30))


@dataclass
class Texts:
    """The services of one process with a chat model."""

    services: Services
    folder: Path
    chat: FakeTextChat

    @property
    def requests(self) -> TextRequests:
        """Return the service."""
        assert self.services.text_requests is not None
        return self.services.text_requests

    async def describe(self, who: Requester = ADA, data: bytes = PNG) -> Suggestions:
        """Describe a picture."""
        return await self.requests.describe(upload(data), who, locale="en-US")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database as another program would."""
        return rows_of(self.folder, sql)

    @property
    def states(self) -> list[str]:
        """Return how the requests ended, the oldest first."""
        return [state for (state,) in self.rows("SELECT state FROM text_requests ORDER BY id")]

    @property
    def charges(self) -> list[tuple[Any, ...]]:
        """Return state, credits of the person, credits and price of the operator, and doubts."""
        return self.rows(
            "SELECT state, credits, operator_credits, price, forgiven FROM charges ORDER BY job_id"
        )

    def total(self, subject: str) -> int:
        """Return what a meter has counted."""
        ((total,),) = self.rows(
            f"SELECT COALESCE(SUM(credits), 0) FROM meters WHERE subject = '{subject}'"
            f" OR subject LIKE '{subject}:%'"
        )
        return int(total)


def upload(data: bytes) -> Upload:
    """Return an attachment."""

    async def read() -> bytes:
        return data

    return Upload(len(data), read)


@pytest.fixture
async def chat() -> AsyncIterator[FakeTextChat]:
    async with text_chat() as chat:
        yield chat


@asynccontextmanager
async def opened(
    folder: Path, chat: FakeTextChat, clock: Clock | None = None, **changes: object
) -> AsyncIterator[Texts]:
    """Open the services, and take over what dead processes left."""
    file = folder / "gateways.toml"
    file.write_text(GATEWAYS.format(url=chat.url))
    settings = GivenSettings(
        gateways_file=file,
        gateways={"chatty": GatewayKey(api_key=SecretStr(KEY))},
        database_url=url_of(folder),
        data_dir=folder,
        default_quota=parse_limits("20/day"),
    ).model_copy(
        update={
            "text_model": MODEL,
            "text_price": PRICE,
            "text_credits": CREDITS,
            "text_requests_per_minute": 100,
            "shutdown_grace": 0,
        }
        | changes
    )
    async with open_services(settings, clock or Clock()) as services:
        await services.recovery.take_over()
        yield Texts(services, folder, chat)


@pytest.fixture
async def texts(tmp_path: Path, chat: FakeTextChat) -> AsyncIterator[Texts]:
    async with opened(tmp_path, chat) as texts:
        yield texts


# --- who pays ---------------------------------------------------------------------------------


async def test_an_answer_is_charged_once(texts: Texts) -> None:
    """The person pays the credits, the operator's budget counts the price."""
    found = await texts.describe()
    assert found.prompts == FOUR
    assert texts.states == ["answered"]
    assert texts.charges == [("settled", CREDITS, CREDITS, PRICE, 0)]
    assert (texts.total("user:10:1"), texts.total("budget")) == (CREDITS, PRICE)
    ((format_, size),) = [(each.format, each.size) for each in texts.chat.pictures]
    assert (format_, size) == ("JPEG", (40, 30))


async def test_without_credits_and_price_it_is_free(tmp_path: Path, chat: FakeTextChat) -> None:
    """As it is by default."""
    async with opened(tmp_path, chat, text_price=None, text_credits=0) as texts:
        assert (await texts.describe()).prompts == FOUR
        assert texts.charges == [("settled", 0, 0, 0, 0)]


@pytest.mark.parametrize(
    ("reply", "told", "state", "is_paid"),
    [
        (Failed(400, "content_filter"), TextDeclined, "declined", False),
        (Said(finish_reason="content_filter"), TextDeclined, "declined", True),
        (Said(text="I'm sorry, I can't help with that."), TextDeclined, "declined", True),
        (Said(text=None), TextUnusable, "unusable", True),
        (Raw(b"hello"), TextUnusable, "unusable", True),
        (Failed(401), TextMisconfigured, "refused", False),
        (Failed(429), TextBusy, "refused", False),
        (Failed(500), TextInDoubt, "unknown", True),
        (Failed(504), TextInDoubt, "unknown", True),
        (Cut(), TextInDoubt, "unknown", True),
        (Cut(half=True), TextInDoubt, "unknown", True),
    ],
    ids=str,
)
async def test_no_failure_costs_the_person_anything(
    texts: Texts, reply: ChatReply, told: type[EaselError], state: str, *, is_paid: bool
) -> None:
    """What is certain is given back; what the operator may have paid counts in their budget."""
    texts.chat.replies.append(reply)
    with pytest.raises(told):
        await texts.describe()
    assert texts.states == [state]
    price = PRICE if is_paid else 0
    counted = CREDITS if is_paid else 0
    assert texts.charges == [("settled", 0, counted, price, 0)]
    assert (texts.total("user:10:1"), texts.total("budget")) == (0, price)
    assert len(texts.chat.bodies) == 1


async def test_a_picture_that_cannot_be_read_is_not_sent(texts: Texts) -> None:
    """Nor paid for, nor held for."""
    with pytest.raises(ReferenceUnreadable):
        await texts.describe(data=b"text")

    async def gone() -> bytes:
        raise OSError("gone")

    with pytest.raises(ReferenceLost):
        await texts.requests.describe(Upload(5, gone), ADA, locale="en")
    assert texts.chat.bodies == []
    assert texts.states == ["refused", "refused"]
    assert texts.charges == [("settled", 0, 0, 0, 0)] * 2
    assert not list(texts.folder.rglob("*.part"))


async def test_limits_refuse_before_anything_is_sent(tmp_path: Path, chat: FakeTextChat) -> None:
    """The person's, the operator's, a block, and how many there are in a minute."""
    changes = {
        "default_quota": parse_limits("5/day"),
        "operator_budget": parse_budget("0.005/day"),
        "text_requests_per_minute": 3,
    }
    async with opened(tmp_path, chat, None, **changes) as texts:
        await texts.describe()
        await texts.describe()
        with pytest.raises(QuotaSpent):
            await texts.describe()
        with pytest.raises(BudgetSpent):
            await texts.describe(BEN)
    async with opened(tmp_path, chat, None, **changes | {"text_requests_per_minute": 2}) as texts:
        with pytest.raises(TooManyRequests):
            await texts.describe()
        assert len(chat.bodies) == 2
        assert texts.total("budget") == 2 * PRICE


async def test_many_at_once_do_not_exceed_the_budget(tmp_path: Path, chat: FakeTextChat) -> None:
    """The price is held before the request is sent."""
    chat.gate.clear()
    async with opened(tmp_path, chat, operator_budget=parse_budget("0.006/day")) as texts:
        people = [replace(ADA, user_id=number) for number in range(1, 9)]
        asked = [asyncio.create_task(texts.describe(who)) for who in people]
        await asyncio.wait_for(chat.asked.wait(), 10)
        chat.gate.set()
        ended = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(each, Suggestions) for each in ended) == 3
        assert sum(isinstance(each, BudgetSpent) for each in ended) == 5
        assert (chat.paid, texts.total("budget")) == (3, 3 * PRICE)


# --- rules ------------------------------------------------------------------------------------


async def test_a_suggestion_with_a_forbidden_word_is_not_shown(texts: Texts) -> None:
    """Nor kept; the others are."""
    texts.services.moderation.rules = parse_rules("pixel art", file="words.txt")
    found = await texts.describe()
    assert found.prompts == (*FOUR[:2], FOUR[3])
    ((kept,),) = texts.rows("SELECT suggestions FROM text_requests")
    assert "pixel" not in kept


async def test_only_forbidden_suggestions_are_declined(texts: Texts) -> None:
    """The person gets nothing, and pays nothing."""
    texts.services.moderation.rules = parse_rules("fox", file="words.txt")
    with pytest.raises(TextDeclined):
        await texts.describe()
    assert texts.charges == [("settled", 0, CREDITS, PRICE, 0)]


async def test_suggestions_are_their_persons(texts: Texts) -> None:
    """Whoever forges a button gets nothing of somebody else's."""
    database = texts.services.database
    found = await texts.describe()
    assert await suggested_prompts(database, found.id, 2, user_id=ADA.user_id) == FOUR
    with pytest.raises(SuggestionOfAnother):
        await suggested_prompts(database, found.id, 2, user_id=BEN.user_id)
    with pytest.raises(SuggestionGone):
        await suggested_prompts(database, found.id, 5, user_id=ADA.user_id)


# --- ends in the middle -----------------------------------------------------------------------


async def test_whoever_leaves_interrupts_nothing(texts: Texts) -> None:
    """What was sent is settled as it ends."""
    texts.chat.gate.clear()
    asked = asyncio.create_task(texts.describe())
    await asyncio.wait_for(texts.chat.asked.wait(), 10)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert texts.states == ["sending"]
    texts.chat.gate.set()
    await texts.requests.close(grace_s=10)
    assert texts.states == ["answered"]


async def test_what_another_process_has_ended_is_not_sent(texts: Texts) -> None:
    """It was taken for dead before its request went out; nothing is charged twice or paid."""

    async def read() -> bytes:
        ((held_id,),) = texts.rows("SELECT id FROM text_requests")
        held = HeldText(held_id, ADA.user_id, CREDITS, PRICE)
        await texts.services.text_billing.end_open(held)
        return PNG

    with pytest.raises(DatabaseBusy):
        await texts.requests.describe(Upload(9, read), ADA, locale="en")
    assert texts.chat.bodies == []
    assert texts.states == ["refused"]
    assert texts.charges == [("settled", 0, 0, 0, 0)]


async def test_a_stop_leaves_it_to_the_next_start_which_sends_nothing(
    tmp_path: Path, chat: FakeTextChat
) -> None:
    """The operator's price counts, and the person has the credits back."""
    chat.gate.clear()
    async with opened(tmp_path, chat) as texts:
        asked = asyncio.create_task(texts.describe())
        await asyncio.wait_for(chat.asked.wait(), 10)
    with pytest.raises(asyncio.CancelledError):
        await asked
    async with opened(tmp_path, chat) as texts:
        assert texts.states == ["unknown"]
        assert texts.charges == [("settled", 0, CREDITS, PRICE, 0)]
        await texts.services.text_billing.end_abandoned()
        assert texts.total("budget") == PRICE
        assert len(chat.bodies) == 1


async def test_a_start_without_a_chat_model_ends_what_one_left(
    tmp_path: Path, chat: FakeTextChat
) -> None:
    """An operator who takes it away must not lock anybody's credits."""
    chat.gate.clear()
    async with opened(tmp_path, chat) as texts:
        asked = asyncio.create_task(texts.describe())
        await asyncio.wait_for(chat.asked.wait(), 10)
    await asyncio.gather(asked, return_exceptions=True)
    async with opened(tmp_path, chat, text_model="") as texts:
        assert texts.services.text_requests is None
        assert texts.states == ["unknown"]


# --- personal data ----------------------------------------------------------------------------


async def test_a_deletion_takes_the_suggestions_and_keeps_the_sums(texts: Texts) -> None:
    """What somebody spent counts under a pseudonym; what was suggested to them is gone."""
    await texts.describe()
    await texts.describe(BEN)
    assert await texts.services.deletion.delete(ADA.user_id) == 1
    assert texts.rows("SELECT user_id FROM text_requests") == [(BEN.user_id,)]
    assert texts.total(f"user:10:{ADA.user_id}") == 0
    users = [user for (user,) in texts.rows("SELECT user_id FROM charges ORDER BY user_id")]
    assert users[0] < 0
    assert users[1] == BEN.user_id
    assert texts.total(f"user:10:{users[0]}") == CREDITS
    assert texts.rows("SELECT real_id FROM anonymous") == [(None,)]


async def test_texts_are_deleted_with_the_jobs_of_their_age(
    tmp_path: Path, chat: FakeTextChat
) -> None:
    """KEEP_JOBS_DAYS is for them, too."""
    async with opened(tmp_path, chat, Clock(now=lambda: wall_clock_ms() - 10**10)) as texts:
        await texts.describe()
    async with opened(tmp_path, chat) as texts:
        await texts.describe()
        retention = retention_of(texts)
        await retention.delete_old()
        assert len(texts.states) == 1


def retention_of(texts: Texts) -> JobRetention:
    services = texts.services
    return JobRetention(services.database, services.ledger, keep=timedelta(days=100), clock=Clock())


async def test_a_blocked_person_describes_nothing(texts: Texts) -> None:
    """As they paint nothing."""
    await texts.services.database.write(block)
    with pytest.raises(EaselError, match="error-blocked"):
        await texts.describe()
    assert texts.chat.bodies == []


def block(tx: Transaction) -> None:
    write_block(tx, ADA.server_id, ADA.user_id, "spam")
