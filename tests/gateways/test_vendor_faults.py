"""What gateways answer instead of a picture, in every shape, at the tables of all vendors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.model_abilities import ModelAbilities
from tests.gateways import test_image_vendors as image_vendors
from tests.gateways import test_vendor_gateways as task_vendors
from tests.gateways.fake_task_gateway import JsonReply
from tests.gateways.generation_harness import CLOCK_START_MS, GenerationResult, run_generation

SAFETY = "Your request was rejected as a result of our safety system."
PAGE = "<!doctype html><title>Just a moment</title>"
VENDORS = (*image_vendors.FAKES, *task_vendors.FAMILIES)
AT_ONCE = [name for name in image_vendors.FAKES if name != "workflow"]


def _error(status: int, message: str, code: object = None, **headers: str) -> JsonReply:
    error = {"message": message, "type": None, "param": None, "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JsonReply({"error": error}, status, named)


@asynccontextmanager
async def _opened(
    name: str, reply: JsonReply
) -> AsyncIterator[tuple[image_vendors.Open | task_vendors.Open, ModelAbilities]]:
    """Open the fake of a vendor, whose first reply is this one."""
    if name in image_vendors.FAKES:
        model = image_vendors.TABLES[name].models[0]
        async with image_vendors.opened(name, replies=[reply]) as image_vendor:
            yield image_vendor, image_vendors.ABILITIES.ability(name, model)
    else:
        async with task_vendors.opened(name, submit_replies=[reply]) as task_vendor:
            yield task_vendor, task_vendors.ability(name)


async def _painted(name: str, reply: JsonReply, folder: Path) -> tuple[GenerationResult, int]:
    """Paint once; return the result, and how often was asked."""
    async with _opened(name, reply) as (at, known):
        result = await run_generation(at.gateway, folder, known=known, size=known.default_size)
        fake = at.fake if isinstance(at, image_vendors.Open) else at.services
        return result, fake.posts


REFUSED = {
    "declined by code": (_error(400, "x", "moderation_blocked"), Kind.MODERATION),
    "declined in words": (_error(400, SAFETY), Kind.MODERATION),
    "declined through LiteLLM": (
        _error(400, f"litellm.BadRequestError: {SAFETY}", "400"),
        Kind.MODERATION,
    ),
    "declined in Chinese": (_error(400, "内容违规,请修改"), Kind.MODERATION),
    "no money, 402": (_error(402, "余额不足"), Kind.QUOTA),
    "no money, 403": (_error(403, "x", "insufficient_user_quota"), Kind.QUOTA),
    "no money, 400": (_error(400, "x", "billing_hard_limit_reached"), Kind.QUOTA),
    "no money, 429": (_error(429, "x", "insufficient_quota"), Kind.QUOTA),
    "busy": (_error(429, "slow down"), Kind.RATE_LIMITED),
    "no channel": (_error(503, "当前分组 default 下对于模型 X 无可用渠道"), Kind.MODEL_UNAVAILABLE),
    "detail": (JsonReply({"detail": "bad"}, 400), Kind.INVALID_REQUEST),
    "a list of details": (
        JsonReply({"detail": [{"loc": ["body", "x"], "msg": "bad"}]}, 422),
        Kind.INVALID_REQUEST,
    ),
    "an error that is text": (JsonReply({"error": "bad"}, 400), Kind.INVALID_REQUEST),
    "a description": (JsonReply({"description": "bad"}, 400), Kind.INVALID_REQUEST),
    "a problem": (
        JsonReply({"title": "Bad", "status": 400, "detail": "bad"}, 400),
        Kind.INVALID_REQUEST,
    ),
    "nothing": (JsonReply("", 400), Kind.INVALID_REQUEST),
    "an error with 200": (_error(200, "boom"), Kind.UPSTREAM),
    "a redirect": (JsonReply("", 301, {"Location": "/login"}), Kind.BAD_RESPONSE),
}


@pytest.mark.parametrize("name", VENDORS)
@pytest.mark.parametrize(("reply", "kind"), REFUSED.values(), ids=REFUSED)
async def test_a_refusal_costs_nothing(
    name: str, reply: JsonReply, kind: Kind, tmp_path: Path
) -> None:
    """Behind every vendor may stand a relay with words of its own."""
    result, posts = await _painted(name, reply, tmp_path)
    assert (result.failed.kind, result.failed.billed) == (kind, Billed.NO)
    assert (posts, result.left) == (1, [])


DOUBTFUL = {
    "a page": (JsonReply(PAGE), Kind.BAD_RESPONSE),
    "a page of the proxy": (JsonReply(PAGE, 524), Kind.TIMEOUT_UNKNOWN),
    "a page of a bad gateway": (JsonReply(PAGE, 502), Kind.TIMEOUT_UNKNOWN),
    "an error of its own": (_error(500, "boom"), Kind.UPSTREAM),
}


@pytest.mark.parametrize("name", VENDORS)
@pytest.mark.parametrize(("reply", "kind"), DOUBTFUL.values(), ids=DOUBTFUL)
async def test_what_may_have_been_paid_is_not_asked_for_again(
    name: str, reply: JsonReply, kind: Kind, tmp_path: Path
) -> None:
    """A second picture would be paid by the operator, and nobody would see it."""
    result, posts = await _painted(name, reply, tmp_path)
    assert (result.failed.kind, result.failed.billed) == (kind, Billed.MAYBE)
    assert (posts, result.left) == (1, [])


WITHOUT = {
    "null": {"data": None},
    "an empty list": {"data": []},
    "empty sources": {"data": [{"url": "", "b64_json": ""}]},
}


@pytest.mark.parametrize("name", AT_ONCE)
@pytest.mark.parametrize("body", WITHOUT.values(), ids=WITHOUT)
async def test_success_without_a_picture(name: str, body: object, tmp_path: Path) -> None:
    """It is told as such, and may have been paid."""
    result, posts = await _painted(name, JsonReply(body), tmp_path)
    assert (result.failed.kind, result.failed.billed) == (Kind.NO_IMAGE, Billed.MAYBE)
    assert posts == 1


HINTS = {
    "seconds": _error(429, "slow down", Retry_After="7"),
    "milliseconds": _error(429, "slow down", retry_after_ms="7000"),
    "a date": _error(
        429, "slow down", Retry_After=formatdate(CLOCK_START_MS // 1000 + 7, usegmt=True)
    ),
    "words": _error(429, "Please try again in 7s."),
}


@pytest.mark.parametrize("name", VENDORS)
@pytest.mark.parametrize("reply", HINTS.values(), ids=HINTS)
async def test_a_hint_when_to_come_back_is_kept(
    name: str, reply: JsonReply, tmp_path: Path
) -> None:
    """Nothing was made yet, so the same request is sent again after that time."""
    result, posts = await _painted(name, reply, tmp_path)
    assert result.pictures
    assert (posts, 7 in result.watch.pauses) == (2, True)
