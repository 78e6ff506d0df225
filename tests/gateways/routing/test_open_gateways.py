"""Gateways that are replaced while requests and tasks of the old ones are under way."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.gateways.events import ModalSending, TaskAccepted
from bot.gateways.gateway import Gateway
from bot.gateways.routing.router import Router
from tests.gateways import fake_midjourney as mj
from tests.gateways.fake_task_gateway import JsonReply
from tests.gateways.replay_gateway import RawReply, ReplayGateway, http_reply, replay_gateway
from tests.gateways.router_harness import RouterHarness, collect_events, open_router
from tests.gateways.routing.test_failover import AUTH, GOOD
from tests.gateways.routing.test_router_resume import DONE, IMAGE
from tests.gateways.vendor_families import FAMILIES

NEW_KEY = "sk-another-key"
NEW = f"Bearer {NEW_KEY}"


async def use(router: Router, *gateways: Gateway) -> None:
    """Do what a reload does."""
    router.use(await router.open(gateways))


async def look(one: RouterHarness, sent_at: int) -> bool:
    """Look at a late task of gateway ``a`` that was sent then; tell whether it brought pictures."""
    events = one.router.look(one.new_request(), gateway="a", task_id="t-1", sent_at=sent_at)
    return (await collect_events(events)).has_pictures


def keys(gateway: ReplayGateway) -> list[str]:
    """Return the Authorization of each request."""
    heads = [request.decode(errors="replace") for request in gateway.requests]
    return [head.partition("Authorization: ")[2].partition("\r\n")[0] for head in heads]


async def test_a_late_task_is_looked_at_with_the_key_that_it_was_sent_with(tmp_path: Path) -> None:
    """Another account does not know the task: it would be given up, although it was paid for."""
    async with replay_gateway(DONE, DONE, DONE) as painter:
        old = painter.gateway(name="a")
        new = replace(old, key=NEW_KEY)
        async with open_router(tmp_path, old) as one:
            before = one.clock.now()
            one.clock.advance(1)
            await use(one.router, new)
            assert await look(one, before)
            assert await look(one, one.clock.now())
            await use(one.router)
            assert one.router.gateways == ()
            assert await look(one, one.clock.now() + 1)
    old_key = f"Bearer {old.key}"
    assert keys(painter) == [old_key, NEW, NEW]


REFUSED_POLL = http_reply(401, {"error": {"message": "invalid api key", "code": "invalid_api_key"}})


async def test_a_task_whose_key_was_revoked_is_polled_with_the_new_one(tmp_path: Path) -> None:
    """A gateway that renews a key ends the old one at once; the picture is paid for."""
    task = http_reply(200, {"task_id": "t-1"})
    async with replay_gateway(task, REFUSED_POLL, DONE, REFUSED_POLL, DONE) as painter:
        gateway = painter.gateway(name="a")
        async with open_router(tmp_path, gateway) as one:
            events = one.router.generate(one.new_request())
            while not isinstance(await anext(events), TaskAccepted):
                pass
            sent_at = one.clock.now()
            one.clock.advance(1)
            await use(one.router, replace(gateway, key=NEW_KEY))
            assert (await collect_events(events)).has_pictures
            assert await look(one, sent_at)
    old = f"Bearer {gateway.key}"
    assert keys(painter) == [old, old, NEW, old, NEW]


def says(reply: JsonReply) -> RawReply:
    return http_reply(reply.status, reply.body)


CONFIRM, OK, MODAL, MADE = map(says, (mj.CONFIRM, mj.OK, mj.MODAL, mj.SUCCESS))
AGAIN = [MODAL, MADE, IMAGE]  # its state stays for a while
# What the gateway replies, and how many prompts it is sent.
ASKS_BACK = {
    "the poll": ([CONFIRM, OK, REFUSED_POLL, *AGAIN], 1),
    "the poll, asked by the state": ([OK, MODAL, OK, REFUSED_POLL, *AGAIN], 1),
    "the prompt": ([CONFIRM, REFUSED_POLL, MODAL, OK, *AGAIN], 2),
    "the poll, resumed": ([MODAL, OK, REFUSED_POLL, *AGAIN], 1),
    "the prompt, resumed": ([MODAL, REFUSED_POLL, MODAL, OK, *AGAIN], 2),
}


@pytest.mark.parametrize("refused", ASKS_BACK)
async def test_a_prompt_that_was_taken_is_not_sent_with_the_new_key(
    refused: str, tmp_path: Path
) -> None:
    """Its task says for a while that it still waits; a second one is paid, a refused one not."""
    replies, prompts = ASKS_BACK[refused]
    family = FAMILIES["button that asks back"]
    async with replay_gateway(*replies) as painter:
        gateway = family.at(painter.origin)
        async with open_router(tmp_path, gateway, known=[family.known]) as one:
            request = one.new_request(model=family.known.name)
            image = replace(request.image_request, action=family.action)
            request = replace(request, image_request=image)
            if refused.endswith("resumed"):
                events = one.router.resume(request, gateway=gateway.name, task_id=mj.TASK_ID)
            else:
                events = one.router.generate(request)
            while not isinstance(await anext(events), ModalSending):
                pass
            await use(one.router, replace(gateway, key=NEW_KEY))
            assert (await collect_events(events)).has_pictures
    sent = [each for each in painter.requests if each.startswith(b"POST /mj/submit/modal ")]
    assert len(sent) == prompts


async def test_a_task_is_not_polled_at_another_address(tmp_path: Path) -> None:
    """There it would be another task."""
    async with replay_gateway(REFUSED_POLL) as painter, replay_gateway() as other:
        gateway = painter.gateway(name="a")
        async with open_router(tmp_path, gateway) as one:
            sent_at = one.clock.now()
            one.clock.advance(1)
            await use(one.router, other.gateway(name="a"))
            assert not await look(one, sent_at)
    assert other.requests == []


async def test_a_new_key_ends_the_rest_after_a_refused_one(tmp_path: Path) -> None:
    """Otherwise the operator mends it, and people wait for ten minutes more."""
    async with replay_gateway(AUTH, GOOD) as painter:
        gateway = painter.gateway(name="a")
        async with open_router(tmp_path, gateway) as one:
            assert (await one.generate()).failed.kind is Kind.AUTH
            await use(one.router, gateway)
            assert (await one.generate()).failed.kind is Kind.AUTH, "it is the same gateway"
            await use(one.router, replace(gateway, key=NEW_KEY))
            assert (await one.generate()).has_pictures
    assert keys(painter) == [f"Bearer {gateway.key}", NEW]


async def test_who_waits_for_the_limit_is_sent_as_the_reload_says(tmp_path: Path) -> None:
    """A request that nobody has sent belongs to no gateway yet."""
    async with replay_gateway(GOOD) as first, replay_gateway(GOOD) as second:
        gateway = first.gateway(name="a", max_at_once=1)
        async with open_router(tmp_path, gateway) as one:
            events = one.router.generate(one.new_request())
            opened = (await one.router.open([gateway]))[0]
            assert opened.limit is not None
            await opened.limit.acquire()
            waiting = await anext(events)
            await use(one.router, second.gateway(name="b"))
            opened.limit.release()
            rest = await collect_events(events)
    assert type(waiting).__name__ == "Waiting"
    assert rest.has_pictures
    assert (first.requests, second.posts) == ([], 1)


async def test_an_unchanged_gateway_keeps_its_connections_and_its_limit(tmp_path: Path) -> None:
    """A reload that changes another one must not let more requests through to it."""
    async with replay_gateway() as first, replay_gateway() as second:
        a = first.gateway(name="a", max_at_once=2)
        async with open_router(tmp_path, a) as one:
            (before,) = await one.router.open([a])
            await use(one.router, a, second.gateway(name="b"))
            (after, _) = await one.router.open([a, second.gateway(name="b")])
            (changed,) = await one.router.open([replace(a, key=NEW_KEY)])
            (wider,) = await one.router.open([replace(a, max_at_once=3)])
    assert after is before
    assert changed.limit is before.limit
    assert wider.limit is not before.limit
