"""The same cases over every table of gateways.toml.example, against its vendor's strict fake."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.core.errors.base import StartRefused
from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import WORD_OPTIONS, Billed, NamedSize, PictureFormat, Size, parse_size
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import DownloadSettings, Gateway
from bot.gateways.gateway_config import parse_gateways
from bot.gateways.model_abilities import ModelAbilities, OutputPreset
from tests.gateways.fake_chatbp import FakeChatBp
from tests.gateways.fake_classic import FakeDddai, FakeUtoken
from tests.gateways.fake_g2all import FakeFiles, FakeG2all
from tests.gateways.fake_modelmax import FakeModelmax
from tests.gateways.fake_openai import FakeOpenAI
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    AttachedFile,
    GenerationResult,
    attach_file,
    make_model,
    run_generation,
)
from tests.gateways.sample_pictures import picture_bytes


class Fake(Protocol):
    """What every fake counts."""

    posts: int
    paid: int

    def app(self) -> web.Application:
        """Return the server."""


EXAMPLE = (Path(__file__).parents[2] / "gateways.toml.example").read_text("utf-8")
FILLED_IN = re.sub(r"<.*>", "images.example", EXAMPLE)
KEYS = dict.fromkeys(("openai", "utoken", "dddai", "chatbp", "g2all", "modelmax"), GATEWAY_KEY)
TABLES = {gateway.name: gateway for gateway in parse_gateways(FILLED_IN, KEYS)}
ABILITIES = Catalogue.of(TABLES.values())
PAIRS = [(name, one) for name, gateway in TABLES.items() for one in gateway.models]
FORMATS: tuple[PictureFormat, ...] = ("png", "jpeg", "webp", "gif")


@dataclass
class Open:
    """An open fake and its table, which leads there."""

    fake: Fake
    gateway: Gateway

    async def generate(
        self, folder: Path, known: ModelAbilities, **asked: object
    ) -> GenerationResult:
        """Paint with a model as it is at this gateway."""
        return await run_generation(self.gateway, folder, known=known, **asked)  # type: ignore[arg-type]  # passed on


@asynccontextmanager
async def opened(name: str, **changes: object) -> AsyncIterator[Open]:
    """Open the fake of a table; ``changes`` override settings of the table."""
    async with TestServer(FakeFiles().app()) as database:
        files = str(database.make_url("")).rstrip("/")
        fakes: dict[str, Fake] = {
            "openai": FakeOpenAI(),
            "utoken": FakeUtoken(),
            "dddai": FakeDddai(),
            "chatbp": FakeChatBp(),
            "g2all": FakeG2all(files=files),
            "modelmax": FakeModelmax(balance=99),
        }
        async with TestServer(fakes[name].app()) as server:
            table = replace(
                TABLES[name],
                base_url=str(server.make_url("/v1" if "/v1" in TABLES[name].base_url else "")),
                download=DownloadSettings(hosts=(f"127.0.0.1:{database.port}",)),
            )
            yield Open(fakes[name], replace(table, **changes))  # type: ignore[arg-type]  # by name


def _references(folder: Path, known: ModelAbilities) -> Iterator[list[AttachedFile]]:
    """Yield one picture of each format, two, and as many as the model takes."""
    assert known.references is not None
    url = "https://cdn.discordapp.example/attachments/1/fox.png?ex=1"
    kinds = [kind for kind in FORMATS if kind in known.references.formats]
    many = [
        attach_file(folder / f"{number}.{kind}", picture_bytes(kind), kind=kind, url=url)
        for number, kind in enumerate(kinds * 16)
    ]
    yield from ([one] for one in many[: len(kinds)])
    yield many[:2]
    yield many[: known.references.max_count]


def test_the_example_is_refused_until_the_hosts_are_filled_in() -> None:
    """For the two gateways without a documented host, no request may be sent to a placeholder."""
    with pytest.raises(StartRefused, match=r"\[gateways\.chatbp\], base_url is still https://<"):
        parse_gateways(EXAMPLE, {})
    half = EXAMPLE.replace("<the host of your Chat Bp account>", "a.example")
    with pytest.raises(StartRefused, match=r"\[gateways\.g2all\], base_url is still https://<"):
        parse_gateways(half, {})


def test_the_example_describes_only_models_that_are_known() -> None:
    """Its first reader must not see warnings."""
    assert list(TABLES) == list(KEYS)
    assert all(ABILITIES.ability(*pair).label != pair[1] for pair in PAIRS)


@pytest.mark.parametrize(("name", "one"), PAIRS)
async def test_it_paints(name: str, one: str, tmp_path: Path) -> None:
    """With only a key filled in, and with every option that a person may choose."""
    known = ABILITIES.ability(name, one)
    async with opened(name) as at:
        plain = await at.generate(tmp_path, known, size=known.default_size)
        many = await at.generate(
            tmp_path / "many",
            known,
            size=known.default_size,
            n=known.max_n,
            user_tag="0123456789abcdef",
        )
    assert plain.names[0] == "Sending"
    assert (len(plain.pictures), len(many.pictures)) == (1, known.max_n)
    assert (at.fake.posts, at.fake.paid) == (2, 2)


@pytest.mark.parametrize(("name", "one"), PAIRS)
async def test_whatever_people_are_offered_is_accepted(name: str, one: str, tmp_path: Path) -> None:
    """Every size and every word of every option, each in a request of its own."""
    known = ABILITIES.ability(name, one)
    asked: list[dict[str, object]] = [{"size": parse_size(size)} for size in known.sizes]
    for option in WORD_OPTIONS:
        asked += [
            {"size": known.default_size, "options": {option: word}}
            for word in known.allowed_words(option) or ()
            if word != "auto"
        ]
    async with opened(name) as at:
        for number, choice in enumerate(asked):
            result = await at.generate(tmp_path / str(number), known, **choice)
            assert result.pictures, (choice, result.failure)
    assert (at.fake.posts, at.fake.paid) == (len(asked), len(asked))


PRESETS = [
    OutputPreset(moderation="low"),
    OutputPreset(output_format="webp", output_compression=50),
]


@pytest.mark.parametrize("one", TABLES["openai"].models)
@pytest.mark.parametrize("preset", PRESETS, ids=["moderation", "format"])
async def test_what_an_operator_presets_is_accepted(
    one: str, preset: OutputPreset, tmp_path: Path
) -> None:
    """Generations and forms know different fields."""
    known = replace(ABILITIES.ability("openai", one), preset=preset)
    attached = [attach_file(tmp_path / "fox", picture_bytes())]
    async with opened("openai") as at:
        assert (await at.generate(tmp_path / "a", known)).pictures
        assert (await at.generate(tmp_path / "b", known, attached=attached)).pictures
    assert at.fake.paid == 2


STARTERS = [pair for pair in PAIRS if ABILITIES.ability(*pair).references]


@pytest.mark.parametrize(("name", "one"), STARTERS)
async def test_it_paints_from_references(name: str, one: str, tmp_path: Path) -> None:
    """One of each format, two, as many as the model takes; and with a mask where it takes one."""
    known = ABILITIES.ability(name, one)
    size, mask = known.default_size, tmp_path / "mask"
    mask.write_bytes(picture_bytes())
    takes_mask = known.references is not None and known.references.mask_max_bytes
    async with opened(name) as at:
        for number, attached in enumerate(_references(tmp_path, known)):
            folder = tmp_path / f"job-{number}"
            with_mask = {"mask": mask} if takes_mask else {}
            for asked in ({}, with_mask):
                result = await at.generate(folder, known, size=size, attached=attached, **asked)
                assert result.pictures, result.failure
    assert at.fake.posts == at.fake.paid


def test_who_takes_references() -> None:
    """What no document promises is not offered."""
    assert {name for name, _ in STARTERS} == {"openai", "chatbp", "g2all"}
    assert ("chatbp", "dall-e-3") not in STARTERS


# --- what is wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("size", [Size(7, 7), NamedSize("2K")])
async def test_a_wrong_size(name: str, size: Size | NamedSize, tmp_path: Path) -> None:
    """The catalogue stops it earlier; the gateway does it for nothing, too."""
    known = replace(ABILITIES.ability(name, TABLES[name].models[-1]), timeout_s=5)
    async with opened(name) as at:
        failed = (await at.generate(tmp_path, known, size=size)).failed
    assert (failed.kind, failed.billed) == (Kind.INVALID_REQUEST, Billed.NO)
    assert (at.fake.posts, at.fake.paid) == (1, 0)


@pytest.mark.parametrize("name", TABLES)
async def test_a_wrong_field(name: str, tmp_path: Path) -> None:
    """A table with a typing error costs nothing."""
    known = ABILITIES.ability(name, TABLES[name].models[0])
    async with opened(name, rename={"n": "count"}) as at:
        failed = (await at.generate(tmp_path, known, size=known.default_size)).failed
    assert (failed.kind, failed.billed) == (Kind.INVALID_REQUEST, Billed.NO)
    assert (at.fake.posts, at.fake.paid) == (1, 0)


@pytest.mark.parametrize("name", TABLES)
async def test_a_wrong_model(name: str, tmp_path: Path) -> None:
    """It may be gone since yesterday."""
    async with opened(name, models=("gone",)) as at:
        failed = (await at.generate(tmp_path, make_model("gone"), size=Size(1024, 1024))).failed
    assert failed.kind in (Kind.INVALID_REQUEST, Kind.MODEL_UNAVAILABLE)
    assert failed.billed is Billed.NO
    assert (at.fake.posts, at.fake.paid) == (1, 0)


@pytest.mark.parametrize("name", [name for name in TABLES if name != "g2all"])
async def test_a_wrong_key(name: str, tmp_path: Path) -> None:
    """Only one document calls the key optional."""
    known = ABILITIES.ability(name, TABLES[name].models[0])
    async with opened(name, key="sk-wrong") as at:
        failed = (await at.generate(tmp_path, known, size=known.default_size)).failed
    assert (failed.kind, failed.billed) == (Kind.AUTH, Billed.NO)
    assert at.fake.paid == 0


async def test_what_chatbp_is_not_told_is_refused(tmp_path: Path) -> None:
    """It demands a size even where the model chooses it."""
    known = ABILITIES.ability("chatbp", "gpt-image-1")
    async with opened("chatbp", always_send=()) as at:
        failed = (await at.generate(tmp_path, known)).failed
    assert (failed.kind, failed.billed, at.fake.paid) == (Kind.INVALID_REQUEST, Billed.NO, 0)
    async with opened("chatbp") as at:
        assert (await at.generate(tmp_path, known)).pictures
    assert isinstance(at.fake, FakeChatBp)
    assert (at.fake.bodies[0]["size"], at.fake.asked_for_task) == ("auto", 1)


@pytest.mark.parametrize("name", TABLES)
async def test_a_wrong_slash(name: str, tmp_path: Path) -> None:
    """307 is followed; any other redirect is an error, and nothing is paid twice."""
    known, paths = ABILITIES.ability(name, TABLES[name].models[0]), TABLES[name].paths
    path = paths.generate
    wrong = path.rstrip("/") if path.endswith("/") else f"{path}/"
    async with opened(name, paths=replace(paths, generate=wrong)) as at:
        result = await at.generate(tmp_path, known, size=known.default_size)
    if name == "dddai":
        assert len(result.pictures) == 1
        assert (at.fake.posts, at.fake.paid) == (2, 1)
        return
    assert (result.failed.billed, at.fake.paid) == (Billed.NO, 0)
    assert (result.failed.http_status or 0) in (301, 404)
    assert name != "utoken" or "trailing slash" in result.failed.detail


async def test_redirects_may_be_switched_off(tmp_path: Path) -> None:
    """Reference pictures should not have to be uploaded twice."""
    known, paths = ABILITIES.ability("dddai", "dall-e-3"), TABLES["dddai"].paths
    wrong = replace(paths, generate=paths.generate.rstrip("/"))
    async with opened("dddai", paths=wrong, redirects="none") as at:
        failed = (await at.generate(tmp_path, known, size=known.default_size)).failed
    assert (failed.kind, failed.http_status) == (Kind.BAD_RESPONSE, 307)
    assert (at.fake.posts, at.fake.paid) == (1, 0)


async def test_a_doubled_v1_is_a_page(tmp_path: Path) -> None:
    """What dddai answers to clients that put base and path together as they stand."""
    paths = replace(TABLES["dddai"].paths, generate="//v1/v1/images/generations/")
    known = ABILITIES.ability("dddai", "dall-e-3")
    async with opened("dddai", paths=paths) as at:
        failed = (await at.generate(tmp_path, known, size=known.default_size)).failed
    assert (failed.http_status, failed.billed, at.fake.paid) == (404, Billed.NO, 0)
