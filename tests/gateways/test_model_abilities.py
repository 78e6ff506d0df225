import math
from dataclasses import replace
from datetime import date

import pytest

from bot.core.errors.base import StartRefused
from bot.core.i18n.texts import Texts
from bot.core.models import ImageRequest, Reference, Size, WordOption
from bot.gateways.model_abilities import (
    OutputPreset,
    ResponseFormatRule,
    merge_abilities,
    read_models,
    shipped_models,
)
from bot.gateways.reference_limits import ReferenceLimits
from bot.gateways.sizes import NO_SIZE_RULE, AllowedSizes

SHIPPED = shipped_models()
OPTIONS: tuple[WordOption, ...] = ("quality", "style", "background")


def sizes(model: str, locale: str = "en") -> str:
    """Return what people read of a model's sizes."""
    return Texts().say("sizes-taken", locale, **SHIPPED[model].allowed_sizes)


def test_the_shipped_models_are_right() -> None:
    """A default size that its own model refuses would break every /imagine."""
    assert len(SHIPPED) == 14
    for known in SHIPPED.values():
        assert known.accepts_size(known.default_size)
        assert all(known.accepts_size(Size(*map(int, size.split("x")))) for size in known.sizes)
        for option in OPTIONS:
            words = known.allowed_words(option) or ()
            assert len({word.casefold() for word in words}) == len(words)


def test_a_rule_is_told_in_words() -> None:
    """The sentence has to be enough to type a right size."""
    assert sizes("gpt-image-2").endswith(
        "2160x3840, WIDTHxHEIGHT (each side 16 to 3840, in steps of 16, "
        "655,360 to 8,294,400 pixels in total, at most 3:1)"
    )
    assert sizes("gpt-image-2", "zh-CN").endswith(
        "2160x3840，或任意“宽 x 高”（每边 16 到 3840，须为 16 的倍数，"
        "总共 655,360 到 8,294,400 像素，长宽比不超过 3:1）"
    )
    assert sizes("easel-painter").endswith("WIDTHxHEIGHT (each side 256 to 2048)")


PAINTER = "[models.p]\nprompt_max = 10\nsizes = ['1x1']\n"
TAKES = "references = { transport = '%s', max_count = 5, max_bytes = 9 }"
WRONG_TABLES = [
    ("[models.p", "not valid TOML"),
    ("[gateways.p]", "gateways"),
    ("models = 3", "models.toml, models must be a table"),
    ("[models]\np = 3", r"\[models\.p\] must be a table"),
    ("[models.p]\nsizes = ['1x1']", r"\[models\.p\].*prompt_max"),
    ("[models.p]\nprompt_max = 10", "needs `sizes`, or `auto = true`"),
    (PAINTER + "max_m = 3", r"\[models\.p\].*unknown key max_m"),
    (PAINTER + "name = 'q'", "unknown key name"),
    (PAINTER + "max_n = 11", "max_n"),
    (PAINTER + "credits = '1'", "credits"),
    (PAINTER + "credits = 1.5", "credits"),
    (PAINTER + "credits = -1", "credits"),
    (PAINTER + "credits = { default = -1 }", "credits"),
    (PAINTER + "credits = {}", "`credits` is an empty table"),
    (PAINTER + "credits = { hd = 2 }", r"`credits\.hd` is none of `qualities`"),
    (PAINTER + "price = -0.01", "`price` is wrong: '-0.01' is not an amount"),
    (PAINTER + "price = 'cheap'", "`price` is wrong: 'cheap' is not an amount"),
    (PAINTER + "price = 0.0000001", "at most 6 decimal places"),
    (PAINTER + "price = 10000000", "from 0 to 9999999"),
    (PAINTER + "price = inf", "`price` is wrong"),
    (PAINTER + "price = true", "`price`"),
    (PAINTER + "price = {}", "`price` is an empty table"),
    (PAINTER + "qualities = ['hd']\nprice = { hd = 'x' }", r"`price\.hd` is wrong"),
    (PAINTER + "qualities = ['hd', 'auto']\nprice = { auto = 1 }", r"`price\.auto` is none of"),
    (PAINTER + "timeout_s = 0", "timeout_s"),
    (PAINTER + "response_format = 'url'", r"\[models\.p\], response_format must be a table"),
    (PAINTER + "response_format = { value = 'url' }", "response_format is wrong.*`mode`"),
    (PAINTER + "response_format = { mode = 'never' }", "response_format is wrong.*`mode`"),
    (
        PAINTER + "response_format = { mode = 'optional', value = 'png' }",
        "response_format is wrong.*`value`",
    ),
    (PAINTER + "response_format = { mode = 'required' }", "response_format is wrong.*`value`"),
    (PAINTER + "response_format = { mode = 'optional', form = 'url' }", "unknown key form"),
    (PAINTER + "qualities = 'low'", "qualities"),
    (PAINTER + "styles = ['']", "styles"),
    (PAINTER + "references = 'json_image_urls'", "references must be a table"),
    (PAINTER + "references = { transport = 'json_image_urls', max_count = 5 }", "max_bytes"),
    (PAINTER + TAKES % "json_images", "references is wrong.*transport"),
    (PAINTER + (TAKES % "multipart").replace("}", ", formats = ['bmp'] }"), "formats"),
    (
        PAINTER + (TAKES % "json_image_urls").replace("}", ", mask_max_bytes = 1 }"),
        "a mask travels",
    ),
    (PAINTER + "partial_images = 4", "partial_images"),
    (PAINTER + "user_field = 'name'", "user_field"),
    (PAINTER + "retires = 'soon'", "retires"),
    (PAINTER + "preset = { moderation = 'low' }", "preset.moderation is none of `moderations`"),
    (PAINTER + "preset = { output_format = 'png' }", "preset.output_format is none of"),
    (PAINTER + "preset = { output_compression = 9 }", "needs `compression = true`"),
    (PAINTER + "compression = true\npreset = { output_compression = 101 }", "preset is wrong"),
    (PAINTER + TAKES % "json_image_urls', max = '1", "references has an unknown key max"),
    (PAINTER + "size_rule = 3", "size_rule must be a table"),
    (PAINTER + "size_rule = { max_edge = 9, steps = 3 }", "size_rule has an unknown key steps"),
]


@pytest.mark.parametrize(("text", "named"), WRONG_TABLES)
def test_a_wrong_table_is_named(text: str, named: str) -> None:
    """The operator reads which table and key to mend."""
    with pytest.raises(StartRefused, match=named) as refused:
        read_models(text)
    assert str(refused.value).endswith(".")


WHOLE = """
moderations = ["low", "auto"]
output_formats = ["png", "webp"]
compression = true
preset = { moderation = "low", output_format = "webp", output_compression = 80 }
partial_images = 2
user_field = "user"
retires = 2026-12-01
references = { transport = "multipart", max_count = 5, max_bytes = 9, mask_max_bytes = 4 }
"""


def test_everything_that_a_table_can_say() -> None:
    """Each key is stored in the field that the request reads."""
    read = read_models(PAINTER + WHOLE)["p"]
    assert read.preset == OutputPreset(
        moderation="low", output_format="webp", output_compression=80
    )
    assert (read.partial_images, read.user_field, read.retires) == (2, "user", date(2026, 12, 1))
    assert read.references is not None
    assert read.references.formats == ("png", "jpeg", "webp", "gif")
    assert read.references.mask_max_bytes == 4


def test_a_table_over_a_known_model_changes_only_what_it_says() -> None:
    """One line in gateways.toml is enough for one difference."""
    known = read_models(PAINTER + WHOLE)["p"]
    over = {"references": {"max_count": 1}, "user_field": "none", "max_n": 2}
    changed = merge_abilities(known, "p", over, where="here")
    assert known.references is not None
    assert changed == replace(
        known, references=replace(known.references, max_count=1), user_field=None, max_n=2
    )
    assert merge_abilities(known, "p", {"references": "none"}, where="here").references is None
    assert merge_abilities(known, "p", {}, where="here") == known
    with pytest.raises(StartRefused, match="here has an unknown key max_m"):
        merge_abilities(known, "p", {"max_m": 2}, where="here")
    with pytest.raises(StartRefused, match="here must be a table"):
        merge_abilities(known, "p", 3, where="here")


@pytest.mark.parametrize(
    ("written", "micros"),
    [("0.04", 40_000), ("'0.04'", 40_000), ("3", 3_000_000), ("0.000001", 1), ("0", 0)]
    + [(f"{cents / 100}", cents * 10_000) for cents in (7, 29, 57, 113, 435)],
)
def test_a_price_is_counted_exactly(written: str, micros: int) -> None:
    """A thousand pictures at 0.29 cost 290, not 289.99999."""
    assert read_models(PAINTER + f"price = {written}")["p"].price_each("any") == micros


def test_a_gateway_changes_single_rates() -> None:
    """What one gateway charges for one quality is one line."""
    rates = "qualities = ['low', 'hd']\nprice = { low = 0.1, hd = 0.3 }\ncredits = { hd = 4 }\n"
    known = read_models(PAINTER + rates)["p"]
    changed = merge_abilities(
        known, "p", {"price": {"low": 0.2}, "credits": {"low": 2}}, where="here"
    )
    assert [changed.price_each(word) for word in ("low", "hd")] == [200_000, 300_000]
    assert [changed.credits_each(word) for word in (None, "low", "hd")] == [1, 2, 4]
    assert merge_abilities(known, "p", {"price": 1}, where="here").price_each("hd") == 1_000_000
    assert merge_abilities(known, "p", {"price": "none"}, where="here").price_each("hd") is None


RESPONSE_FORMATS = [
    ({"mode": "forbidden"}, None),
    ({"mode": "forbidden", "value": "url"}, None),
    ({"mode": "optional"}, None),
    ({"mode": "optional", "value": "url"}, "url"),
    ({"mode": "required", "value": "b64_json"}, "b64_json"),
]


@pytest.mark.parametrize(("table", "sent"), RESPONSE_FORMATS)
def test_when_the_response_format_is_sent(table: dict[str, str], sent: str | None) -> None:
    """GPT image refuses the field, others answer by address without it."""
    known = read_models(PAINTER)["p"]
    assert (
        merge_abilities(known, "p", {"response_format": table}, where="here").response_format.sent
        == sent
    )


def test_a_gateway_changes_the_mode_alone() -> None:
    """The shipped value stays, where it is still sent."""
    known = SHIPPED["dall-e-3"]
    for mode, sent in (("required", "b64_json"), ("forbidden", None)):
        changed = merge_abilities(known, "p", {"response_format": {"mode": mode}}, where="here")
        assert changed.response_format.sent == sent
    assert (
        merge_abilities(known, "p", {"response_format": "none"}, where="here").response_format.sent
        is None
    )


ASKED = ImageRequest("fox", "p", Size(1, 1), 1)
PICTURE = Reference("0" * 64, "png", 9)
MASK = Reference("1" * 64, "png", 4)
FROM_ONE = replace(ASKED, references=(PICTURE,))
CAN = [
    (ASKED, 1, True),
    (replace(ASKED, prompt="x" * 11), 1, False),
    (replace(ASKED, size=Size(2, 2)), 1, False),
    (ASKED, 2, False),
    (replace(ASKED, quality="high"), 1, False),
    (replace(ASKED, style="vivid"), 1, False),
    (replace(ASKED, background="opaque"), 1, False),
    (replace(ASKED, mask=MASK), 1, False),
    (FROM_ONE, 1, True),
    (replace(FROM_ONE, mask=MASK), 1, True),
    (replace(FROM_ONE, mask=PICTURE), 1, False),
    (replace(ASKED, references=(PICTURE,) * 6), 1, False),
    (replace(ASKED, references=(replace(PICTURE, bytes=10),)), 1, False),
    (replace(ASKED, references=(replace(PICTURE, format="gif"),)), 1, False),
]


@pytest.mark.parametrize(("asked", "n", "able"), CAN)
def test_what_a_model_can(asked: ImageRequest, n: int, able: bool) -> None:
    """Another gateway is asked only for what its model can do, too."""
    formats = WHOLE.replace("max_bytes = 9,", "max_bytes = 9, formats = ['png'],")
    assert read_models(PAINTER + formats)["p"].supports(asked, n=n) is able


def test_a_model_without_references_and_masks() -> None:
    """It cannot start from a picture."""
    plain = read_models(PAINTER)["p"]
    assert plain.supports(ASKED, n=1)
    assert not plain.supports(replace(ASKED, mask=MASK), n=1)
    assert not plain.supports(FROM_ONE, n=1)


def test_dropped_fields_are_no_options() -> None:
    """People are not offered an option that is never sent to the gateway."""
    dall_e = SHIPPED["dall-e-3"].without(["style", "user"])
    assert (dall_e.styles, dall_e.qualities) == ((), ("standard", "hd"))
    silent = SHIPPED["gpt-image-2"].without(["n", "size"])
    assert (silent.max_n, silent.default_size) == (1, "auto")
    assert silent.allowed_sizes == AllowedSizes(allowed="auto", longest_name=None, **NO_SIZE_RULE)
    assert silent.accepts_size("auto")
    assert not silent.accepts_size(Size(1024, 1024))


def test_a_table_of_an_operator() -> None:
    """Only what differs from the cautious profile has to be written."""
    read = read_models(PAINTER)["p"]
    assert (read.label, read.max_n, read.credits) == ("p", 1, 1)
    assert read.response_format == ResponseFormatRule(mode="forbidden")
    assert (read.qualities, read.styles, read.backgrounds, read.references) == ((), (), (), None)
    takes = read_models(PAINTER + TAKES % "json_image_urls")["p"].references
    assert takes == ReferenceLimits(transport="json_image_urls", max_count=5, max_bytes=9)
    rule = read_models(PAINTER + "size_rule = { max_edge = 9 }")["p"].size_rule
    assert rule is not None
    assert rule.max_ratio == math.inf
