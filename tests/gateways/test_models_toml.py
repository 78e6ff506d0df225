"""models.toml and OpenAI's documents, read twice: neither offers less than the other, nor more."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.models import Size
from bot.gateways.model_abilities import ModelAbilities, shipped_models
from tests.gateways.openai_rules import (
    FIELDS,
    KINDS,
    MAX_IMAGES,
    MODEL_FAMILIES,
    QUALITIES,
    TOO_LARGE,
    WORDS,
    OpenAIRefusal,
    checked_edit,
    checked_generation,
)
from tests.gateways.test_gateways_example import TABLES

SHIPPED = shipped_models()
KNOWN = [SHIPPED[name] for name in MODEL_FAMILIES]
EDITABLE = [known for known in KNOWN if known.references]


def takes(known: ModelAbilities, **fields: object) -> bool:
    """Tell whether OpenAI's documents allow a generation with these fields."""
    try:
        checked_generation({"model": known.name, "prompt": "a fox", **fields})
    except OpenAIRefusal:
        return False
    return True


def is_editable(known: ModelAbilities) -> bool:
    try:
        checked_edit({"model": known.name, "prompt": "a fox"}, form=True)
    except OpenAIRefusal:
        return False
    return True


def test_every_model_of_the_table_has_its_rules() -> None:
    """A model that is added to one of the two is missed in the other."""
    assert set(TABLES["openai"].models) <= MODEL_FAMILIES.keys() <= SHIPPED.keys()
    ours = {name for name in SHIPPED if name.startswith(("gpt-image", "chatgpt-image"))}
    assert ours - {"gpt-image-2-all"} <= MODEL_FAMILIES.keys()  # that one only resellers have


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_the_words_of_every_option(known: ModelAbilities) -> None:
    """What people are offered, and what operators may preset."""
    family = MODEL_FAMILIES[known.name]
    fields = FIELDS[family]

    def words(option: str) -> tuple[str, ...]:
        return WORDS[option] if option in fields else ()

    assert known.qualities == QUALITIES[family]
    assert known.styles == words("style")
    assert known.backgrounds == words("background")
    assert known.moderations == words("moderation")
    assert known.output_formats == words("output_format")
    assert known.compression == ("output_compression" in fields)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_the_fields_that_nobody_chooses(known: ModelAbilities) -> None:
    """One too many is a refusal, or a request that is sent twice."""
    fields = FIELDS[MODEL_FAMILIES[known.name]]
    assert (known.response_format.mode != "forbidden") == ("response_format" in fields)
    assert (known.partial_images is not None) == ("partial_images" in fields)
    newest = "safety_identifier" if "safety_identifier" in fields else "user"
    assert known.user_field == newest


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_the_numbers(known: ModelAbilities) -> None:
    """Each to its bound, and not one further."""
    assert [takes(known, n=n) for n in (known.max_n, known.max_n + 1)] == [True, False]
    lengths = (known.prompt_max, known.prompt_max + 1)
    assert [takes(known, prompt="x" * length) for length in lengths] == [True, False]
    if known.partial_images is not None:
        assert takes(known, stream=True, partial_images=known.partial_images)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_the_sizes(known: ModelAbilities) -> None:
    """What is suggested, and leaving it to the model."""
    assert all(takes(known, size=size) for size in known.sizes)
    assert takes(known, size="auto") == known.accepts_size("auto")
    assert takes(known)


EDGES = st.integers(1, 250).map(lambda steps: 16 * steps) | st.integers(1, 4096)


@given(width=EDGES, height=EDGES)
@example(width=640, height=1024)
@example(width=640, height=1008)
@example(width=2880, height=2880)
@example(width=2896, height=2880)
@example(width=3840, height=2160)
@example(width=3856, height=2144)
@example(width=1536, height=512)
@example(width=1552, height=512)
@example(width=1024, height=1024)
@example(width=1792, height=1024)
def test_any_size(width: int, height: int) -> None:
    """The size rule of the table accepts the same sizes as the documented one."""
    size = Size(width, height)
    for known in KNOWN:
        assert known.accepts_size(size) == takes(known, size=str(size)), known.name


def test_who_takes_references() -> None:
    """Exactly the models that accept an edit."""
    assert [known for known in KNOWN if is_editable(known)] == EDITABLE


@pytest.mark.parametrize("known", EDITABLE, ids=lambda known: known.name)
def test_the_bounds_of_references(known: ModelAbilities) -> None:
    """A picture of exactly 50 MB is refused: it must have less."""
    limits = known.references
    assert limits is not None
    assert (limits.transport, limits.max_count) == ("multipart", MAX_IMAGES)
    assert limits.max_bytes == TOO_LARGE["image"] - 1
    assert limits.mask_max_bytes == TOO_LARGE["mask"] - 1
    assert {f"image/{kind}" for kind in limits.formats} == set(KINDS["image"])
