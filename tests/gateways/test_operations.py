"""Operations: what is done with pictures by a gateway's own call instead of painting."""

import re
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors.base import Refusal, StartRefused
from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.options import OperationNotOffered, WrongSize
from bot.core.i18n.texts import Texts
from bot.core.models import AnySize, Billed, ImageOptions, ImageRequest, NamedSize, Size
from bot.core.operations import Operation
from bot.gateways.catalogue import Catalogue
from bot.gateways.events import GatewayRequest
from bot.gateways.gateway_config import parse_gateways
from bot.gateways.routing.router import Router
from bot.jobs.repository.rows import request_from_text, request_to_text
from tests.gateways.captured_requests import (
    ONE_PICTURE,
    request_form,
    request_json,
    request_line,
)
from tests.gateways.generation_harness import AttachedFile, attach_file
from tests.gateways.replay_gateway import ReplayGateway, replay_gateway
from tests.gateways.router_harness import RouterEvents, SteppedClock, collect_events

HEAD = '[gateways.{}]\nbase_url = "{}"\nmodels = ["m"]\n'
BASE = HEAD.format("g", "https://a.example")
BLEND = """
[gateways.g.calls.blend]
path = "/blend"
images = [2, 5]
sizes = { "2:3" = "PORTRAIT", "1:1" = "SQUARE" }
body = { all = ["{images:data}"], dimensions = "{size}", words = "{prompt}" }
"""
UPSCALE = """
[gateways.g.calls.upscale]
path = "/upscale"
form = true
body = { picture = "{image:file}", image_request = { prompt = "{prompt}", detail = 50 } }
"""
SWAP = """
[gateways.g.calls.swap]
path = "/swap"
body = { source = "{image:data}", target = "{image2:base64}" }
"""
ALL = BLEND + UPSCALE + SWAP
ABILITY = """
[gateways.g.abilities.m]
prompt_max = 4000
sizes = ["1:1", "16:9"]
references = { max_count = 1, max_bytes = 100, transport = "multipart", mask_max_bytes = 9 }
"""
URI = "data:image/png;base64,"


def catalogue(text: str) -> Catalogue:
    """Return the catalogue of a table."""
    return Catalogue.of(parse_gateways(text, {}))


def pictures(folder: Path, count: int) -> list[AttachedFile]:
    """Return files whose contents are a letter each."""
    return [attach_file(folder / f"{i}", "abcdef"[i].encode()) for i in range(count)]


async def asked(
    raw: ReplayGateway,
    folder: Path,
    table: str,
    operation: Operation,
    *,
    count: int = 2,
    size: AnySize = "auto",
    prompt: str = "",
) -> RouterEvents:
    """Run an operation on some pictures at the gateways of a table."""
    text = table.replace("https://a.example", raw.origin)
    gateways = parse_gateways(text, {})
    attached = pictures(folder, count)
    wanted = ImageRequest(
        prompt,
        "m",
        size,
        1,
        references=tuple(one.reference for one in attached),
        operation=operation,
    )
    paths = tuple(one.path for one in attached)
    request = GatewayRequest(wanted, 1, folder / "job", "slot-0", paths)
    async with AsyncExitStack() as stack:
        models, clock = Catalogue.of(gateways), SteppedClock().clock
        router = await stack.enter_async_context(Router(gateways, models, clock=clock))
        return await collect_events(router.generate(request))


WRONG: dict[str, tuple[str, str]] = {
    "one picture to blend": (BLEND.replace("[2, 5]", "[1, 5]"), r"blend\.images must be .* from 2"),
    "a blend without pictures": (
        BLEND.replace('["{images:data}"]', '"x"'),
        r"blend\.body has no \{image:…\}",
    ),
    "a mask to blend": (BLEND.replace("{prompt}", "{mask:data}"), "which this request does not"),
    "several to enlarge": (
        UPSCALE.replace('"{image:file}"', '["{images:file}"]'),
        "which this request does not have",
    ),
    "no path": (SWAP.replace('path = "/swap"', ""), r"calls\.swap\.path is missing"),
    "one face": (SWAP.replace("{image2:base64}", "x"), r"swap\.body has no \{image2:…\}"),
    "three faces": (SWAP + "images = [2, 3]\n", "swap.images must be .* from 2 to 2"),
    "sizes that are not sent": (
        BLEND.replace("{size}", "x"),
        r"blend\.sizes needs \{size\} in the body",
    ),
    "words around a prompt that may be missing": (
        BLEND.replace('"{prompt}"', '"{prompt} --v 7"'),
        "{prompt} may be missing: put it",
    ),
    "a third without a second": (
        BLEND.replace('["{images:data}"]', '["{image:data}", "{image3:data}"]'),
        r"blend\.body has no \{image2:…\}",
    ),
    "more than are named": (
        BLEND.replace('["{images:data}"]', '["{image:data}", "{image2:data}"]'),
        "images must be .* from 2 to 2",
    ),
    "a table of models": (ABILITY + "operations = {}\n", "unknown key operations"),
}


@pytest.mark.parametrize(("text", "named"), WRONG.values(), ids=WRONG)
def test_a_wrong_call_of_an_operation_is_named(text: str, named: str) -> None:
    """Before anybody pays for a request that the system refuses."""
    with pytest.raises(StartRefused) as refused:
        catalogue(BASE + text)
    assert re.search(named, str(refused.value))


def test_an_operation_changes_nothing_of_what_people_paint_with() -> None:
    """Neither more references than an edit takes, nor fewer options than a generation has."""
    plain, both = catalogue(BASE + ABILITY).default, catalogue(BASE + ABILITY + ALL).default
    assert set(both.operations) == {"blend", "upscale", "swap"}
    assert replace(both, operations={}) == plain


def test_the_models_of_an_operation_are_known() -> None:
    """Also where only the second gateway of a model has the call; the first one paints."""
    text = BASE + ABILITY + '[gateways.h]\nbase_url = "https://b.example"\nmodels = ["x", "m"]\n'
    text += (
        (BLEND + UPSCALE)
        .replace("gateways.g.", "gateways.h.")
        .replace('path = "/upscale"', 'path = "/upscale"\nmodels = ["x"]')
    )
    found = catalogue(text)
    names = {
        operation: [model.name for model in found.models_with(operation)]
        for operation in ("blend", "upscale", "swap")
    }
    assert names == {"blend": ["m", "x"], "upscale": ["x"], "swap": []}
    blend = found.model("m").operations["blend"]
    assert (blend.least, blend.pictures.max_count, blend.pictures.max_bytes) == (2, 5, 10_000_000)
    assert blend.sizes == ("2:3", "1:1")


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize(
    ("operation", "model", "count", "names"),
    [
        ("blend", "m", 1, ("2", "5")),
        ("blend", "m", 6, ("2", "5")),
        ("swap", "m", 1, ("2",)),
        ("upscale", "m", 2, ("1",)),
        ("blend", "x", 2, ("m",)),
        ("swap", "x", 2, ("m",)),
    ],
)
def test_what_no_operation_takes_is_refused_with_what_it_takes(
    locale: str, operation: Operation, model: str, count: int, names: tuple[str, ...]
) -> None:
    """Before anything is held."""
    found = catalogue(
        BASE + ABILITY + ALL + HEAD.format("h", "https://b.example/").replace('"m"', '"x"')
    )
    options = ImageOptions(operation=operation, model=model)
    with pytest.raises(Refusal) as refused:
        found.build_request(options, references=count)
    sentence = Texts().sentence(refused.value, locale)
    assert [name for name in names if name not in sentence] == []


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("operation", ["blend", "upscale", "swap"])
def test_an_operation_that_is_gone_is_refused(locale: str, operation: Operation) -> None:
    """A repetition of what was made before the operator removed the call."""
    found = catalogue(BASE + ABILITY)
    request = ImageRequest("", "m", "auto", 1, operation=operation)
    with pytest.raises(OperationNotOffered) as refused:
        found.check_operation(request)
    assert "m " in Texts().sentence(refused.value, locale)
    found.check_operation(replace(request, operation=None))


def test_a_blend_is_asked_for_without_words() -> None:
    """And with them where somebody wrote some; other options are not there."""
    found = catalogue(BASE + ABILITY + ALL)
    plain = found.build_request(ImageOptions(operation="blend", size="2:3"), references=3)
    assert plain == ImageRequest("", "m", NamedSize("2:3"), 1, operation="blend")
    words = ImageOptions(operation="upscale", prompt=" a fox ", n=4)
    assert found.build_request(words, references=1) == ImageRequest(
        "a fox", "m", "auto", 1, operation="upscale"
    )
    with pytest.raises(WrongSize) as refused:
        found.build_request(ImageOptions(operation="blend", size="16:9"), references=2)
    assert refused.value.allowed == "auto, 2:3, 1:1"


def test_a_request_of_an_operation_is_stored() -> None:
    """A restart goes on with it; an older row has none."""
    request = ImageRequest("", "m", "auto", 1, operation="blend")
    assert request_from_text(request_to_text(request)) == request
    assert request_from_text('{"prompt":"a","model":"m","size":"auto","n":1}').operation is None


@pytest.mark.parametrize(
    ("size", "sent"),
    [
        (NamedSize("2:3"), {"dimensions": "PORTRAIT"}),
        ("auto", {}),
    ],
)
async def test_pictures_are_blended(size: AnySize, sent: dict[str, str], tmp_path: Path) -> None:
    """In the call's own words for a size, and without words where nobody wrote some."""
    async with replay_gateway(ONE_PICTURE) as raw:
        heard = await asked(raw, tmp_path, BASE + ABILITY + ALL, "blend", count=3, size=size)
    assert heard.has_pictures, heard.failure
    assert request_line(raw.requests[0]) == "POST /blend HTTP/1.1"
    assert request_json(raw.requests[0]) == {
        "all": [f"{URI}YQ==", f"{URI}Yg==", f"{URI}Yw=="],
        **sent,
    }


async def test_a_size_that_a_call_has_no_word_for_is_not_sent(tmp_path: Path) -> None:
    """Which is so only for what was asked before the table was changed."""
    async with replay_gateway(ONE_PICTURE) as raw:
        table = BASE + ALL.replace('"1:1" = "SQUARE"', '"3:4" = "TALL"')
        refused = await asked(raw, tmp_path, table, "blend", size=Size(1024, 1024))
    assert refused.has_pictures
    assert "dimensions" not in request_json(raw.requests[0])


async def test_a_picture_is_enlarged(tmp_path: Path) -> None:
    """With the words of the picture, where somebody wrote some."""
    async with replay_gateway(ONE_PICTURE) as raw:
        heard = await asked(raw, tmp_path, BASE + ALL, "upscale", count=1, prompt="a fox")
    assert heard.has_pictures, heard.failure
    parts = {name: data for name, _, _, data in request_form(raw.requests[0])}
    assert parts["picture"] == b"a"
    assert parts["image_request"] == b'{"prompt":"a fox","detail":50}'


async def test_two_pictures_have_their_places(tmp_path: Path) -> None:
    """The face of the first goes into the second: never the other way round."""
    async with replay_gateway(ONE_PICTURE) as raw:
        heard = await asked(raw, tmp_path, BASE + SWAP, "swap")
    assert heard.has_pictures, heard.failure
    assert request_json(raw.requests[0]) == {"source": f"{URI}YQ==", "target": "Yg=="}


@pytest.mark.parametrize(
    ("table", "operation", "count"),
    [
        (BASE + ABILITY, "blend", 2),
        (BASE + ABILITY + BLEND, "blend", 1),
        (BASE + ABILITY + BLEND, "blend", 6),
        (BASE + ABILITY + UPSCALE, "swap", 2),
        (BASE + UPSCALE, "upscale", 2),
    ],
)
async def test_an_operation_that_no_call_does_paints_nothing(
    table: str, operation: Operation, count: int, tmp_path: Path
) -> None:
    """A table that was changed meanwhile: no picture is painted from an empty prompt instead."""
    async with replay_gateway() as raw:
        heard = await asked(raw, tmp_path, table, operation, count=count)
    assert raw.posts == 0
    assert (heard.failed.kind, heard.failed.billed) == (Kind.INVALID_REQUEST, Billed.NO)
    assert heard.failed.param == "references"


async def test_an_operation_goes_to_the_gateway_that_has_it(tmp_path: Path) -> None:
    """Past the first one of the model, which could only paint."""
    async with replay_gateway() as first, replay_gateway(ONE_PICTURE) as second:
        table = HEAD.format("a", first.origin) + BASE.replace("https://a.example", second.origin)
        heard = await asked(second, tmp_path, table + BLEND, "blend")
    assert heard.route == ["g"]
    assert (first.posts, second.posts) == (0, 1)


def test_painting_is_checked_as_before() -> None:
    """The pictures of an operation are no references of a request to paint."""
    found = catalogue(BASE + ABILITY + ALL)
    request = found.build_request(ImageOptions(prompt="x"), references=1)
    assert request.operation is None
    assert found.default.reference_limits_of(request) == found.default.references
