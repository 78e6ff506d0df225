"""The same cases over the tables of vendors with images endpoints of their own, or with chat."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from yarl import URL

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import WORD_OPTIONS, Billed, Size, TokenUsage, parse_size
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import Gateway
from bot.gateways.gateway_config import parse_gateways
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.probe import ProbeOutcome, probe_gateway
from tests.gateways import fake_chat_vendors as chat
from tests.gateways import fake_image_vendors as vendors
from tests.gateways import fake_openrouter as openrouter
from tests.gateways import test_gateways_example, test_vendor_gateways
from tests.gateways.fake_azure import FakeAzure
from tests.gateways.fake_image_vendor import FakeImageVendor
from tests.gateways.fake_openai_responses import FakeOpenAIResponses
from tests.gateways.fake_openrouter import FakeOpenRouterImages
from tests.gateways.fake_task_gateway import JsonReply
from tests.gateways.fake_workflow import FakeWorkflow
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    SECRET_PROMPT,
    GenerationResult,
    attach_file,
    make_model,
    run_generation,
)
from tests.gateways.sample_pictures import picture_bytes
from tests.gateways.test_gateways_example import EXAMPLE

Fake = FakeImageVendor | FakeAzure | FakeOpenAIResponses
FAKES: dict[str, type[FakeImageVendor] | type[FakeAzure] | type[FakeOpenAIResponses]] = {
    "openrouter-images": FakeOpenRouterImages,
    "google": vendors.FakeGoogle,
    "azure": FakeAzure,
    "xai": vendors.FakeXai,
    "together": vendors.FakeTogether,
    "ark": vendors.FakeArk,
    "siliconflow": vendors.FakeSiliconFlow,
    "localai": vendors.FakeLocalAI,
    "vercel-images": vendors.FakeVercelImages,
    "openrouter": chat.FakeOpenRouterChat,
    "vercel": chat.FakeVercelChat,
    "reseller": chat.FakeNewApi,
    "gpt4o": chat.FakeGpt4o,
    "chatbp-chat": chat.FakeGpt4All,
    "openai-responses": FakeOpenAIResponses,
    "workflow": FakeWorkflow,
}
UNCOMMENTED = re.sub(r"(?m)^#(?=\S)", "", re.sub(r"<.*>", "images-example", EXAMPLE))
KEYS = dict.fromkeys((name for name in FAKES if name != "localai"), GATEWAY_KEY)
TABLES = {
    gateway.name: gateway for gateway in parse_gateways(UNCOMMENTED, KEYS) if gateway.name in FAKES
}
ABILITIES = Catalogue.of(TABLES.values())
PAIRS = [(name, one) for name, gateway in TABLES.items() for one in gateway.models]
WITH_KEY = [name for name in FAKES if name != "localai"]
WITH_SIZES = [
    name for name, gateway in TABLES.items() if ABILITIES.ability(name, gateway.models[0]).has_sizes
]
STARTERS = [pair for pair in PAIRS if ABILITIES.ability(*pair).references]


@dataclass
class Open:
    """An open fake and the table that leads there."""

    fake: Fake
    gateway: Gateway

    async def generate(
        self, folder: Path, known: ModelAbilities, **asked: object
    ) -> GenerationResult:
        """Paint with a model as it is at this gateway."""
        asked = {"size": known.default_size, **asked}
        return await run_generation(self.gateway, folder, known=known, **asked)  # type: ignore[arg-type]  # passed on


@asynccontextmanager
async def opened(
    name: str, *, replies: Sequence[JsonReply] = (), **changes: object
) -> AsyncIterator[Open]:
    """Open the fake of a table; its replies come first, ``changes`` override the table."""
    fake = FAKES[name]()
    if isinstance(fake, FakeAzure | FakeOpenAIResponses):
        fake.replies = [reply.response() for reply in replies]
    else:
        fake.submit_replies = list(replies)
    async with TestServer(fake.app()) as server:
        base_url = str(server.make_url(URL(TABLES[name].base_url).path))
        table = replace(TABLES[name], base_url=base_url)
        yield Open(fake, replace(table, **changes))  # type: ignore[arg-type]  # by name


# --- what works -----------------------------------------------------------------------------------


def test_every_vendor_has_a_table_with_a_name_for_people() -> None:
    """An operator finds it in the example, behind a "#"."""
    assert TABLES.keys() == FAKES.keys()
    assert all(ABILITIES.ability(*pair).label != pair[1] for pair in PAIRS)


def test_every_table_of_the_example_has_a_fake() -> None:
    """A table that nobody ever tried would be found wrong by who pays for it."""
    everything = {gateway.name for gateway in parse_gateways(UNCOMMENTED, {})}
    assert everything == {*FAKES, *test_gateways_example.TABLES, *test_vendor_gateways.FAKES}


def test_who_takes_references() -> None:
    """What no document promises is not offered."""
    without = {"google", "vercel-images", "chatbp-chat"}
    assert FAKES.keys() - {name for name, _ in STARTERS} == without


@pytest.mark.parametrize(("name", "one"), PAIRS)
async def test_it_paints(name: str, one: str, tmp_path: Path) -> None:
    """With only a key filled in: one picture, and as many as it makes at once."""
    known = ABILITIES.ability(name, one)
    async with opened(name) as at:
        plain = await at.generate(tmp_path, known)
        many = await at.generate(
            tmp_path / "many", known, n=known.max_n, user_tag="0123456789abcdef"
        )
    assert plain.failure is None
    assert (len(plain.pictures), len(many.pictures)) == (1, known.max_n)
    assert plain.names[0] == "Sending"
    assert (at.fake.posts, at.fake.paid) == (2, 2)


@pytest.mark.parametrize(("name", "one"), PAIRS)
async def test_whatever_people_are_offered_is_accepted(name: str, one: str, tmp_path: Path) -> None:
    """Every size, word, seed and negative prompt, each in a request of its own."""
    known = ABILITIES.ability(name, one)
    asked: list[dict[str, object]] = [{"size": parse_size(size)} for size in known.sizes]
    for option in WORD_OPTIONS:
        words = known.allowed_words(option) or ()
        asked += [{"options": {option: word}} for word in words if word != "auto"]
    asked += [{"seed": known.seed.max}] if known.seed else []
    asked += [{"negative": "cars"}] if known.negative else []
    async with opened(name) as at:
        for number, choice in enumerate(asked):
            result = await at.generate(tmp_path / str(number), known, **choice)
            assert result.pictures, (choice, result.failure)
    assert (at.fake.posts, at.fake.paid) == (len(asked), len(asked))


@pytest.mark.parametrize(("name", "one"), STARTERS)
@pytest.mark.parametrize("address", [None, "https://cdn.discordapp.example/fox.png?ex=1"])
async def test_it_paints_from_references(
    name: str, one: str, address: str | None, tmp_path: Path
) -> None:
    """One, and as many as it takes: as files, as addresses, or inside the request."""
    known = ABILITIES.ability(name, one)
    assert known.references is not None
    kind = known.references.formats[0]
    many = [
        attach_file(tmp_path / f"{number}", picture_bytes(kind), kind=kind, url=address)
        for number in range(known.references.max_count)
    ]
    async with opened(name) as at:
        for number, attached in enumerate((many[:1], many)):
            result = await at.generate(tmp_path / f"job-{number}", known, attached=attached)
            assert result.pictures, result.failure
    assert (at.fake.posts, at.fake.paid) == (2, 2)


async def test_responses_paint_into_a_mask_with_previews_asked_for(tmp_path: Path) -> None:
    """The tool has the mask and the previews; the model of text is the table's."""
    known = ABILITIES.ability("openai-responses", "gpt-image-2")
    mask = tmp_path / "mask"
    mask.write_bytes(picture_bytes())
    fox = attach_file(tmp_path / "fox", picture_bytes())
    async with opened("openai-responses") as at:
        assert (await at.generate(tmp_path / "job", known, attached=[fox], mask=mask)).pictures
    assert isinstance(at.fake, FakeOpenAIResponses)
    tool = dict(at.fake.bodies[0]["tools"][0])  # type: ignore[index]  # checked by the fake
    assert (at.fake.bodies[0]["model"], tool["model"]) == ("gpt-5.4", "gpt-image-2")
    assert (tool["partial_images"], "input_image_mask" in tool) == (1, True)


async def test_azure_paints_into_a_mask_and_streams(tmp_path: Path) -> None:
    """It is OpenAI's form and stream, at a resource of one's own."""
    known = ABILITIES.ability("azure", "gpt-image-2")
    mask = tmp_path / "mask"
    mask.write_bytes(picture_bytes())
    fox = attach_file(tmp_path / "fox", picture_bytes())
    async with opened("azure") as at:
        result = await at.generate(tmp_path / "job", known, attached=[fox], mask=mask)
    assert result.pictures
    assert isinstance(at.fake, FakeAzure)
    body = at.fake.bodies[0]
    assert (body["stream"], body["partial_images"]) == ("true", "1")


def test_chat_and_responses_paint_one_picture_for_a_request() -> None:
    """They have no number of pictures; several are requested one by one."""
    by_words = [pair for pair in PAIRS if TABLES[pair[0]].api != "images"]
    assert len(by_words) == 6
    assert {ABILITIES.ability(*pair).max_n for pair in by_words} == {1}


@pytest.mark.parametrize(("size", "words"), [("2:3", " 【2:3】"), ("auto", "")])
async def test_a_ratio_may_be_words_at_the_end_of_the_prompt(
    size: str, words: str, tmp_path: Path
) -> None:
    """ChatGPT's website has no field for it; without a choice nothing is added."""
    known = ABILITIES.ability("gpt4o", "gpt-4o-image")
    async with opened("gpt4o") as at:
        assert (await at.generate(tmp_path, known, size=parse_size(size))).pictures
    assert isinstance(at.fake, chat.FakeChatVendor)
    assert chat.text_of(at.fake.bodies[0]) == f"{SECRET_PROMPT}{words}"


@pytest.mark.parametrize("one", TABLES["openrouter-images"].models)
async def test_openrouter_is_asked_for_a_stream(one: str, tmp_path: Path) -> None:
    """OpenAI's models send previews and the picture; others answer at once."""
    known = ABILITIES.ability("openrouter-images", one)
    fox = attach_file(tmp_path / "fox", picture_bytes())
    async with opened("openrouter-images") as at:
        for number, attached in enumerate(([], [fox])):
            result = await at.generate(tmp_path / f"job-{number}", known, attached=attached)
            assert len(result.pictures) == 1
            assert result.usage == TokenUsage(0, 4175)
    assert isinstance(at.fake, FakeOpenRouterImages)
    assert [body["stream"] for body in at.fake.bodies] == [True, True]


async def test_an_error_in_a_stream_of_openrouter_may_have_been_paid(tmp_path: Path) -> None:
    """The provider had begun: nothing is asked again."""
    known = ABILITIES.ability("openrouter-images", openrouter.STREAMING)
    failed = openrouter.stream_reply(openrouter.PARTIAL[0], openrouter.FAILED_LATER)
    async with opened("openrouter-images", replies=[failed]) as at:
        result = await at.generate(tmp_path, known)
    assert (result.failed.kind, result.failed.billed) == (Kind.UPSTREAM, Billed.MAYBE)
    assert at.fake.posts == 1


async def test_siliconflow_has_a_field_for_each_picture(tmp_path: Path) -> None:
    """In their order; a field without a picture is left out."""
    url = "https://cdn.discordapp.example/{}.png?ex=1"
    known = ABILITIES.ability("siliconflow", vendors.QWEN_EDIT)
    many = [
        attach_file(tmp_path / f"{number}", picture_bytes(), url=url.format(number))
        for number in range(3)
    ]
    async with opened("siliconflow") as at:
        for count in (2, 3):
            assert (
                await at.generate(tmp_path / f"job-{count}", known, attached=many[:count])
            ).pictures
    assert isinstance(at.fake, vendors.FakeSiliconFlow)
    sent = [[body.get(name) for name in ("image", "image2", "image3")] for body in at.fake.bodies]
    urls = [url.format(number) for number in range(3)]
    assert sent == [[*urls[:2], None], urls]


@pytest.mark.parametrize("address", [None, "https://cdn.discordapp.example/fox.png?ex=1"])
async def test_a_reference_is_sent_as_an_address_while_it_has_one(
    address: str | None, tmp_path: Path
) -> None:
    """A data URI of ten megabytes is refused by many gateways."""
    known = ABILITIES.ability("openrouter", chat.GEMINI)
    fox = attach_file(tmp_path / "fox", picture_bytes(), url=address)
    async with opened("openrouter") as at:
        assert (await at.generate(tmp_path / "job", known, attached=[fox])).pictures
    assert isinstance(at.fake, chat.FakeChatVendor)
    expected = f'"{address}"' if address else '"data:image/png;base64,'
    assert expected in json.dumps(at.fake.bodies[0])


# --- what goes wrong ------------------------------------------------------------------------------

MEANINGS = {
    "declined": (Kind.MODERATION, Billed.NO),
    "refused": (Kind.MODERATION, Billed.MAYBE),  # with words, which cost tokens
    "unpaid": (Kind.QUOTA, Billed.NO),
    "busy": (Kind.RATE_LIMITED, Billed.NO),
    "broken": (Kind.UPSTREAM, Billed.MAYBE),
    "empty": (Kind.NO_IMAGE, Billed.MAYBE),
}
ENDINGS = [(name, ending) for name, fake in FAKES.items() for ending in fake.endings]


@pytest.mark.parametrize(("name", "ending"), ENDINGS)
async def test_what_brings_no_picture(name: str, ending: str, tmp_path: Path) -> None:
    """Each vendor has words of its own for it; nothing is asked for twice."""
    known = ABILITIES.ability(name, TABLES[name].models[0])
    async with opened(name, replies=[FAKES[name].endings[ending]]) as at:
        result = await at.generate(tmp_path, known)
    assert (result.failed.kind, result.failed.billed) == MEANINGS[ending.partition(" ")[0]]
    assert (at.fake.posts, at.fake.paid, result.left) == (1, 0, [])


@pytest.mark.parametrize("name", WITH_KEY)
async def test_a_wrong_key(name: str, tmp_path: Path) -> None:
    """Google and xAI answer 400 to it, as to a wrong request."""
    known = ABILITIES.ability(name, TABLES[name].models[0])
    async with opened(name, key="sk-wrong") as at:
        failed = (await at.generate(tmp_path, known)).failed
    assert (failed.kind, failed.billed) == (Kind.AUTH, Billed.NO)
    assert at.fake.paid == 0


@pytest.mark.parametrize("name", FAKES)
async def test_a_wrong_field(name: str, tmp_path: Path) -> None:
    """A table with a typing error costs nothing."""
    known = ABILITIES.ability(name, TABLES[name].models[0])
    async with opened(name, body={**TABLES[name].body, "words": "fox"}) as at:
        failed = (await at.generate(tmp_path, known)).failed
    assert (failed.kind, failed.billed) == (Kind.INVALID_REQUEST, Billed.NO)
    assert (at.fake.posts, at.fake.paid) == (1, 0)


@pytest.mark.parametrize("name", WITH_SIZES)
async def test_a_wrong_size(name: str, tmp_path: Path) -> None:
    """The catalogue stops it earlier; the vendor does it for nothing, too."""
    known = ABILITIES.ability(name, TABLES[name].models[0])
    async with opened(name) as at:
        failed = (await at.generate(tmp_path, known, size=Size(7, 7))).failed
    assert (failed.kind, failed.billed) == (Kind.INVALID_REQUEST, Billed.NO)
    assert (at.fake.posts, at.fake.paid) == (1, 0)


@pytest.mark.parametrize("name", FAKES)
async def test_a_wrong_model(name: str, tmp_path: Path) -> None:
    """It may be gone since yesterday."""
    async with opened(name, models=("gone",)) as at:
        failed = (await at.generate(tmp_path, make_model("gone"))).failed
    assert failed.kind in (Kind.INVALID_REQUEST, Kind.MODEL_UNAVAILABLE)
    assert failed.billed is Billed.NO
    assert (at.fake.posts, at.fake.paid) == (1, 0)


# --- the doctor -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAKES)
async def test_the_probe_finds_its_models(name: str) -> None:
    """A warning that is none teaches an operator to overlook the others."""
    async with opened(name) as at, aiohttp.ClientSession() as session:
        found = await probe_gateway(at.gateway, session, Clock())
        wrong = await probe_gateway(replace(at.gateway, key="sk-wrong"), session, Clock())
    has_list = at.gateway.paths.has_model_list
    expected = ProbeOutcome.LISTED if has_list else ProbeOutcome.NONE_EXPECTED
    assert (found.outcome, found.missing, at.fake.posts) == (expected, (), 0)
    if has_list and name in WITH_KEY:
        assert wrong.outcome is ProbeOutcome.KEY_REFUSED
