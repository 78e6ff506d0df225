"""Seed, negative prompt and strength: which models take them, what is sent, what is refused."""

import dataclasses
from pathlib import Path

import pytest

from bot.core.errors.base import StartRefused
from bot.core.errors.options import (
    NegativeTooLong,
    OptionNotTaken,
    StrengthWithoutReference,
    WrongNumber,
)
from bot.core.i18n.texts import Texts
from bot.core.models import VALUE_OPTIONS, ImageOptions, ImageRequest
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway_config import parse_gateways
from bot.gateways.model_abilities import ModelAbilities, read_models, shipped_models
from bot.gateways.value_options import NegativeOption, SeedOption, StrengthOption
from bot.jobs.repository.rows import request_from_text, request_to_text
from tests.gateways.captured_requests import capture_request, request_form, request_json
from tests.gateways.generation_harness import attach_file, make_model
from tests.gateways.router_harness import collect_events, open_router
from tests.gateways.test_vendor_gateways import ability, opened

SHIPPED = shipped_models()
PAINTER = SHIPPED["easel-painter"]
EVERY = Catalogue(SHIPPED, SHIPPED)


def built(model: str = "easel-painter", *, references: int = 1, **typed: object) -> ImageRequest:
    """Return the request for typed options."""
    options = ImageOptions(prompt="a fox", model=model, **typed)  # type: ignore[arg-type]  # by name
    return EVERY.build_request(options, references=references)


def test_a_model_that_takes_them_gets_them() -> None:
    """As they were typed; what shows nothing is nothing."""
    request = built(seed=0, negative=" people,\ncars ", strength=1)
    assert (request.seed, request.negative, request.strength) == (0, "people,\ncars", 1)
    assert built(seed=2**32 - 1, strength=100).seed == 2**32 - 1
    for empty in ("", "  ", "\u200b", "\u2800\n"):
        assert built(negative=empty).negative is None
        assert built("dall-e-3", references=0, negative=empty).negative is None


@pytest.mark.parametrize(
    "wrong",
    [
        *({"seed": value} for value in (-1, 2**32, 2**64, -(2**64), 10**5000)),
        *({"strength": value} for value in (0, -1, 101, 2**64, 10**5000)),
    ],
    ids=range(10),
)
@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_a_number_out_of_range_is_refused(wrong: dict[str, object], locale: str) -> None:
    """With the range, in one sentence of a length that one reads."""
    with pytest.raises(WrongNumber) as refused:
        built(**wrong)  # type: ignore[arg-type]  # by name
    sentence = Texts().sentence(refused.value, locale)
    assert ("4294967295" if "seed" in wrong else "100") in sentence
    assert len(sentence) < 250


def test_a_long_negative_prompt_is_refused() -> None:
    """Not cut: what is missing would be in the picture."""
    assert built(negative="字" * 1000).negative == "字" * 1000
    with pytest.raises(NegativeTooLong) as refused:
        built(negative="x" * 5000)
    assert (refused.value.length, refused.value.limit) == (5000, 1000)


@pytest.mark.parametrize("option", [{"seed": 1}, {"negative": "cars"}, {"strength": 50}])
@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_a_model_without_the_option_names_those_with_it(
    option: dict[str, object], locale: str
) -> None:
    """The person chooses another model, or leaves it out; nothing is sent."""
    with pytest.raises(OptionNotTaken) as refused:
        built("dall-e-3", references=0, **option)
    assert refused.value.allowed == "easel-painter"
    assert "easel-painter" in Texts().sentence(refused.value, locale)
    alone = Catalogue(["dall-e-3"], SHIPPED)
    with pytest.raises(OptionNotTaken) as refused:
        alone.build_request(ImageOptions(prompt="a fox", **option))  # type: ignore[arg-type]  # by name
    assert refused.value.allowed == ""


def test_a_model_that_nobody_described_takes_none_of_them() -> None:
    """A field that a gateway does not know may be an error that is paid."""
    unknown = Catalogue(["new"], {})
    for option in ({"seed": 1}, {"negative": "cars"}, {"strength": 50}):
        with pytest.raises(OptionNotTaken):
            unknown.build_request(dataclasses.replace(ImageOptions(prompt="a fox"), **option))


def test_a_strength_needs_a_reference() -> None:
    """There is nothing else to depart from."""
    with pytest.raises(StrengthWithoutReference):
        built(references=0, strength=50)
    assert EVERY.supports("easel-painter", "strength", 50)
    assert not EVERY.supports("easel-painter", "strength", 0)
    assert not EVERY.supports("gpt-image-1", "strength", 50)


# --- what is sent ---------------------------------------------------------------------------------


async def sent(folder: Path, known: ModelAbilities, **asked: object) -> dict[str, object]:
    """Return the JSON body of a request."""
    raw, _ = await capture_request(folder, dataclasses.replace(known, name="painter"), **asked)  # type: ignore[arg-type]  # by name
    return request_json(raw.requests[0])


async def test_the_fields_have_the_models_names(tmp_path: Path) -> None:
    """The usual ones, the model's own, or the gateway's."""
    usual = make_model("m", seed=SeedOption(), negative=NegativeOption())
    body = await sent(tmp_path / "a", usual, seed=0, negative="cars")
    assert (body["seed"], body["negative_prompt"]) == (0, "cars")
    own = make_model("m", seed=SeedOption(field="random_seed"), negative=NegativeOption(field="no"))
    body = await sent(tmp_path / "b", own, seed=5, negative="cars")
    assert (body["random_seed"], body["no"]) == (5, "cars")
    renamed = {"seed": "noise"}
    body = await sent(tmp_path / "c", own, seed=5, at_rename=renamed, at_coerce={"seed": "string"})
    assert body["noise"] == "5"
    assert "random_seed" not in body


@pytest.mark.parametrize(
    ("option", "percent", "value"),
    [
        (StrengthOption(), 1, 0.01),
        (StrengthOption(), 35, 0.35),
        (StrengthOption(), 100, 1.0),
        (StrengthOption(means="likeness"), 35, 0.65),
        (StrengthOption(means="likeness"), 100, 0.0),
        (StrengthOption(scale=100), 35, 35),
        (StrengthOption(scale=100, means="likeness"), 100, 1),
        (StrengthOption(scale=10), 35, 4),
    ],
)
async def test_the_strength_is_what_the_model_means(
    option: StrengthOption, percent: int, value: float, tmp_path: Path
) -> None:
    """One gateway counts the change to 1, another the likeness to 100."""
    fox = attach_file(tmp_path / "fox", b"abc")
    known = dataclasses.replace(PAINTER, strength=option)
    body = await sent(tmp_path, known, strength=percent, attached=[fox], size=PAINTER.default_size)
    assert body["strength"] == value
    assert isinstance(body["strength"], type(value))


async def test_a_form_has_them_as_text(tmp_path: Path) -> None:
    """Multipart has no numbers."""
    fox = attach_file(tmp_path / "fox", b"abc")
    limits = dataclasses.replace(PAINTER.references, transport="multipart")  # type: ignore[type-var]  # it has some
    known = dataclasses.replace(PAINTER, name="painter", references=limits)
    raw, _ = await capture_request(
        tmp_path, known, attached=[fox], seed=7, negative="cars", strength=40, size="auto"
    )
    fields = {name: data for name, _, _, data in request_form(raw.requests[0])}
    assert (fields["seed"], fields["negative_prompt"], fields["strength"]) == (
        b"7",
        b"cars",
        b"0.4",
    )


async def test_nothing_is_sent_that_nobody_chose(tmp_path: Path) -> None:
    """As before."""
    body = await sent(tmp_path, PAINTER, size=PAINTER.default_size)
    assert not {"seed", "negative_prompt", "strength"} & body.keys()


async def test_a_gateway_that_drops_a_field_is_not_asked_for_it(tmp_path: Path) -> None:
    """A request with a seed goes only where it can be kept."""
    dropped = PAINTER.without(["seed", "negative_prompt", "strength"])
    assert not any(dropped.has_option(option) for option in VALUE_OPTIONS)
    request = ImageRequest("a fox", PAINTER.name, "auto", 1, seed=5)
    able = dataclasses.replace(PAINTER, auto=True)
    assert able.supports(request, n=1)
    assert not able.without(["seed"]).supports(request, n=1)
    small = dataclasses.replace(able, seed=SeedOption(max=4), negative=NegativeOption(max=2))
    assert not small.supports(request, n=1)
    assert not small.supports(dataclasses.replace(request, seed=1, negative="cars"), n=1)
    assert small.supports(dataclasses.replace(request, seed=4, negative="no"), n=1)


@pytest.mark.parametrize(
    ("name", "asked", "field", "value"),
    [
        ("kling", {"negative": "c" * 200}, "negative_prompt", "c" * 200),
        ("flux", {"seed": 2**32 - 1}, "seed", 2**32 - 1),
        ("ideogram", {"seed": 2**31 - 1}, "seed", 2**31 - 1),
        ("ideogram", {"negative": "cars"}, "negative_prompt", "cars"),
    ],
)
async def test_the_vendors_take_what_their_tables_say(
    name: str, asked: dict[str, object], field: str, value: object, tmp_path: Path
) -> None:
    """Up to the limit of each, in the object where its fields are."""
    async with opened(name) as at:
        assert (await at.generate(tmp_path, **asked)).pictures
        (body,) = at.services.bodies
    inner = next((each for each in body.values() if isinstance(each, dict)), body)
    assert inner[field] == value


def test_midjourney_reads_its_flags_itself() -> None:
    """The example says so."""
    assert ability("midjourney").prompt_flags == "native"


# --- several requests for one job -----------------------------------------------------------------


def test_every_slot_has_seeds_of_its_own() -> None:
    """Otherwise ten requests would bring one picture ten times."""
    one = dataclasses.replace(PAINTER, max_n=1, seed=SeedOption(max=10))
    single = Catalogue([one.name], {one.name: one})
    request = dataclasses.replace(built(seed=9), n=4)
    assert [single.seed_of_slot(request, slot) for slot in range(4)] == [9, 10, 0, 1]
    assert [EVERY.seed_of_slot(request, slot) for slot in range(3)] == [9, 13, 17]
    assert EVERY.seed_of_slot(dataclasses.replace(request, seed=None), 3) is None
    gone = dataclasses.replace(request, model="gone")
    assert EVERY.seed_of_slot(gone, 3) == 9


def test_a_request_is_stored_with_them() -> None:
    """A restart loses nothing, not even a seed of 0; an older row has none of them."""
    request = dataclasses.replace(
        built(seed=0, negative="cars", strength=40), left_out=("--chaos 20",), ratio="16:9"
    )
    assert request_from_text(request_to_text(request)) == request
    old = request_from_text('{"prompt":"a fox","model":"m","size":"auto","n":1}')
    assert (old.seed, old.negative, old.strength, old.left_out, old.ratio) == (
        *(None, None, None),
        (),
        None,
    )


def test_a_repeated_request_has_a_new_seed() -> None:
    """The same seed would paint the same picture once more, for a credit."""
    request = dataclasses.replace(
        built(seed=5, negative="cars"), left_out=("--chaos 20",), ratio="16:9"
    )
    again = request.repeated()
    assert (again.seed, again.left_out, again.ratio) == (None, (), None)
    assert again.negative == "cars"


# --- tables ---------------------------------------------------------------------------------------

TABLE = '[models.x]\nprompt_max = 9\nsizes = ["1x1"]\n'


@pytest.mark.parametrize(
    "wrong",
    [
        *("seed = { max = 0 }", "seed = { max = 9223372036854775808 }", 'seed = "yes"'),
        *(
            "seed = true",
            'seed = { name = "x" }',
            'seed = { field = "" }',
            "negative = { max = 0 }",
        ),
        *('strength = { means = "x" }', "strength = { scale = 0 }", 'prompt_flags = "x"'),
    ],
)
def test_a_wrong_table_stops_the_start(wrong: str) -> None:
    """The sentence names the table."""
    with pytest.raises(StartRefused, match=r"\[models\.x\]"):
        read_models(TABLE + wrong)


def test_a_table_is_merged_and_taken_away() -> None:
    """As every other key."""
    text = """
[gateways.mine]
base_url = "https://x.example/v1"
models = ["easel-painter", "x"]
body = { seed = 42 }
drop = ["seed"]
[gateways.mine.abilities.easel-painter]
negative = "none"
strength = { scale = 100 }
"""
    (gateway,) = parse_gateways(text, {"mine": "k"})
    model = gateway.abilities["easel-painter"]
    assert (model.negative, model.strength) == (None, StrengthOption(scale=100))
    with pytest.raises(StartRefused, match="body names seed"):
        parse_gateways(text.replace('drop = ["seed"]', ""), {"mine": "k"})
    fixed = (
        text.replace('drop = ["seed"]', "")
        .replace("easel-painter", "x")
        .replace('models = ["x", "x"]', 'models = ["x"]')
    )
    fixed = fixed.replace('negative = "none"', 'sizes = ["1x1"]\nprompt_max = 9')
    (gateway,) = parse_gateways(fixed, {"mine": "k"})
    assert gateway.body == {"seed": 42}


async def test_a_request_with_a_seed_passes_over_a_gateway_without(tmp_path: Path) -> None:
    """What a person chose is never left out to be faster."""
    async with opened("flux") as one, opened("flux") as two:
        name = one.gateway.models[0]
        second = dataclasses.replace(two.gateway, name="b")
        known = ability("flux")
        pairs = {("flux", name): known.without(["seed"]), ("b", name): known}
        async with open_router(
            tmp_path, one.gateway, second, known=(known,), pairs=pairs
        ) as harness:
            request = harness.new_request(model=name)
            seeded = dataclasses.replace(request.image_request, size=known.default_size, seed=5)
            order = await collect_events(
                harness.router.generate(dataclasses.replace(request, image_request=seeded))
            )
    assert order.route == ["b"]
    assert (one.services.posts, two.services.posts) == (0, 1)
