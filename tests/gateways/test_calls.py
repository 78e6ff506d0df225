"""Calls of a gateway's table: what is wrong with them, and what their models can do."""

import re
from dataclasses import replace

import pytest

from bot.core.errors.base import StartRefused
from bot.core.errors.options import NoReferences, OptionBesideReference, TooManyReferences
from bot.core.i18n.texts import Texts
from bot.core.models import ImageOptions, Reference
from bot.gateways.calls import shipped_calls
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import Gateway
from bot.gateways.gateway_config import parse_gateways
from bot.gateways.model_abilities import ModelAbilities

BASE = '[gateways.g]\nbase_url = "https://a.example/api/v3"\nmodels = ["m", "other/m"]\n'
PAINT = '[gateways.g.calls.generate]\npath = "/make/{model}"\nbody = { prompt = "{prompt}" }\n'
EDIT = '[gateways.g.calls.edit]\nbody = { prompt = "{prompt}", image = "{image:data}" }\n'
ABILITY = "[gateways.g.abilities.m]\nprompt_max = 99\nauto = true\n"
REFERENCES = "references = { max_count = 4, max_bytes = 9 }\n"


def gateway(text: str) -> Gateway:
    """Return the gateway of a table."""
    return parse_gateways(text, {})[0]


def ability(text: str, model: str = "m") -> ModelAbilities:
    """Return what people are offered of a model."""
    return Catalogue.of([gateway(text)]).model(model)


WRONG: dict[str, tuple[str, str]] = {
    "api": (BASE + 'api = "voice"', "wrong: .*`api`"),
    "api of a model": (BASE + ABILITY + 'api = "voice"', r"abilities\.m is wrong: .*`api`"),
    "calls": (BASE + "calls = 3", "calls must be a table"),
    "an unknown call": (BASE + "[gateways.g.calls.paint]", "calls has an unknown key paint: known"),
    "an unknown key": (
        BASE + "[gateways.g.calls.edit]\nurl = '/x'",
        r"calls\.edit has an unknown key url",
    ),
    "a wrong type": (BASE + PAINT + "form = 1", r"calls\.generate is wrong: .*`form`"),
    "another method": (BASE + PAINT + "method = 'GET'", r"calls\.generate is wrong: .*`method`"),
    "an unknown placeholder": (
        BASE + PAINT.replace("{prompt}", "{words}"),
        r"\[gateways\.g\], calls\.generate\.body\.prompt: \{words\} is no placeholder",
    ),
    "no prompt": (BASE + PAINT.replace("{prompt}", "x"), r"generate\.body has no \{prompt\}"),
    "a picture in a generation": (
        BASE + PAINT.replace("{prompt}", "{image:data}"),
        r"generate\.body\.prompt: \{image:data\} is a picture, which this request does not have",
    ),
    "an edit without a picture": (
        BASE + EDIT.replace("{image:data}", "x"),
        r"calls\.edit\.body has no \{image:…\}",
    ),
    "a file without a form": (BASE + EDIT.replace(":data", ":file"), "form = true"),
    "an inpainting without a mask": (
        BASE + EDIT.replace("calls.edit", "calls.inpaint"),
        r"calls\.inpaint\.body has no \{mask:…\}",
    ),
    "two masks": (
        BASE
        + EDIT.replace("calls.edit", "calls.inpaint").replace(
            "}\n", ', a = "{mask:data}", b = "{mask-black:data}" }\n'
        ),
        "two kinds of masks",
    ),
    "images of a generation": (BASE + PAINT + "images = [0, 1]", "images must be left out"),
    "images upside down": (BASE + EDIT + "images = [3, 2]", "images must be the least"),
    "no images": (BASE + EDIT + "images = [0, 2]", "images must be the least"),
    "sizes of a generation": (BASE + PAINT + "sizes = { '1:1' = 'x' }", "sizes is for blend, up"),
    "a path with a blank": (BASE + PAINT.replace("/make/", "/a b/"), "generate.path holds"),
    "a placeholder in a path": (BASE + PAINT.replace("{model}", "{prompt}"), "other than {model}"),
    "a task without id": (
        BASE + PAINT + "task = '/t'",
        r"task must be a path that holds \{task_id",
    ),
    "a model that is none": (BASE + PAINT + "models = ['x*']", "models fits none of the gateway"),
    "a name in a form": (
        BASE + "[gateways.g.calls.generate]\nform = true\nbody = { 'a b' = '{prompt}' }",
        "a name cannot be sent in a form",
    ),
    "a key that does nothing": (BASE + "wrap = 'input'\n" + PAINT, "wrap does nothing, as calls"),
    "a body over no call": (
        BASE + 'body = { ratio = "{size}" }',
        r"body holds \{size\}, which nothing replaces for m",
    ),
    "a wrong body": (
        BASE + 'api = "chat"\nbody = { a = { b = "{colour}" } }',
        r"\], body\.a\.b: \{colour\} is no placeholder",
    ),
    "a picture in a body": (
        BASE + 'api = "chat"\nbody = { a = ["{images:data}"] }',
        "a picture, which this request does not have",
    ),
    "a prompt without itself": (BASE + 'prompt = "[{size}]"', r"prompt must hold \{prompt\}"),
    "a prompt that falls apart": (BASE + 'prompt = "{prompt} {size}"', "prompt: {size} may be"),
    "references without a way": (
        BASE + ABILITY + REFERENCES,
        r"abilities\.m\.references needs calls\.edit for this model, or a transport",
    ),
    "a mask without a way": (
        BASE + ABILITY + REFERENCES.replace("9 }", "9, mask_max_bytes = 9 }") + PAINT + EDIT,
        r"abilities\.m\.references\.mask_max_bytes needs calls\.inpaint",
    ),
    "a seed that nothing says": (
        BASE + ABILITY + "seed = {}\n" + PAINT,
        r"abilities\.m\.seed needs \{seed\} in the body of each call",
    ),
    "sizes that nothing says": (
        BASE + ABILITY + "sizes = ['1:1']\n" + PAINT,
        r"abilities\.m\.sizes needs \{size\}",
    ),
    "a preset that nothing says": (
        BASE + ABILITY + "output_formats = ['webp']\npreset = { output_format = 'webp' }\n" + PAINT,
        r"abilities\.m\.preset\.output_format needs \{output_format\}",
    ),
    "several pictures that nothing says": (
        BASE + ABILITY + "max_n = 4\n" + PAINT,
        r"abilities\.m\.max_n needs \{n\}",
    ),
    "responses without a model of text": (
        BASE + 'api = "responses"',
        'body must name the model of text that api = "responses" asks',
    ),
}


@pytest.mark.parametrize(("text", "named"), WRONG.values(), ids=WRONG)
def test_a_wrong_call_is_named(text: str, named: str) -> None:
    """One sentence with the table and the key, before anybody asks for a picture."""
    with pytest.raises(StartRefused) as refused:
        gateway(text)
    assert re.search(named.replace("{size} may", r"\{size\} may"), str(refused.value))
    assert str(refused.value).count("gateways.toml, [gateways.g],") == 1


def test_constants_without_calls_may_hold_brackets() -> None:
    """They were sent as they are before there were templates."""
    text = BASE + 'body = { template = "a } [b", other = "{{x}}" }'
    assert gateway(text).body["template"] == "a } [b"


@pytest.mark.parametrize(
    ("base", "generate", "url"),
    [
        ("https://a.example", "", "https://a.example/v1/chat/completions"),
        ("https://a.example/api/v3", "", "https://a.example/api/v3/chat/completions"),
        (
            "https://a.example/v1beta/openai/",
            "",
            "https://a.example/v1beta/openai/chat/completions",
        ),
        (
            "https://a.example",
            "/x/v1/images/generations",
            "https://a.example/x/v1/chat/completions",
        ),
    ],
)
def test_the_path_of_chat_is_beside_that_of_images(base: str, generate: str, url: str) -> None:
    """Two keys are enough for most gateways."""
    paths = f"paths = {{ generate = '{generate}' }}\n" if generate else ""
    found = gateway(f'[gateways.g]\nbase_url = "{base}"\nmodels = ["m"]\napi = "chat"\n{paths}')
    call = found.call_of(Catalogue.of([found]).default, "generate", 0)
    assert call is not None
    assert str(found.call_url(call, "m")) == url


def test_a_path_of_chat_may_be_set() -> None:
    """Used as written."""
    found = gateway(BASE + 'api = "chat"\npaths = { chat = "/talk/", responses = "/answer" }\n')
    assert found.paths.of_call("chat", "edit") == "/talk/"
    assert found.paths.of_call("responses", "generate") == "/answer"
    assert found.paths.of_call("images", "inpaint") == "/v1/images/edits"


def test_the_model_in_a_path_is_percent_encoded_with_its_slash() -> None:
    """Replicate's models have one in their names; nothing else may change the path."""
    found = gateway(BASE + PAINT + 'task = "/t/{model}?id={task_id}"')
    call = found.calls["generate"][0]
    assert str(found.call_url(call, "other/m")) == "https://a.example/api/v3/make/other/m"
    assert found.call_url(call, "a?b#c d").raw_path == "/api/v3/make/a%3Fb%23c%20d"
    assert found.task_path(call, "1&2 ", "other/m") == "/api/v3/t/other/m?id=1%262%20"


def test_the_first_call_that_fits_model_and_pictures_is_taken() -> None:
    """Each model of a vendor has its own field for pictures."""
    edits = [EDIT.replace("[gateways.g.calls.edit]", "[[gateways.g.calls.edit]]")] * 3
    edits[0] = edits[0].replace("{image:data}", "{image:base64}") + 'models = ["m"]\n'
    edits[1] = edits[1].replace('"{image:data}"', '["{images:data}"]') + "images = [2, 3]\n"
    edits[1] += 'models = ["m"]\n'
    found = gateway(BASE + PAINT + "".join(edits))
    m, other = Catalogue.of([found]).models
    taken = {
        (model.name, count): found.call_of(model, "edit", count)
        for model in (m, other)
        for count in (1, 2, 4)
    }
    bodies = {key: call and call.body["image"] for key, call in taken.items()}
    assert bodies == {
        ("m", 1): "{image:base64}",
        ("m", 2): ["{images:data}"],
        ("m", 4): None,
        ("other/m", 1): "{image:data}",
        ("other/m", 2): None,
        ("other/m", 4): None,
    }


# --- what people are offered --------------------------------------------------------------------


def test_a_shipped_model_has_what_its_calls_can_say() -> None:
    """Nobody chooses a quality, and pays for it, that is never sent."""
    text = BASE.replace('"m", "other/m"', '"gpt-image-2"')
    chat = ability(text + 'api = "chat"', "gpt-image-2")
    assert (chat.max_n, chat.qualities, chat.backgrounds, chat.moderations) == (1, (), (), ())
    assert (chat.auto, chat.sizes, chat.size_rule) == (True, ("auto",), None)
    assert chat.references is not None
    assert (chat.references.transport, chat.references.mask_max_bytes) == ("call", None)
    sized = ability(text + 'api = "chat"\nprompt = "{prompt}[ {ratio}]"', "gpt-image-2")
    assert sized.size_rule is not None
    responses = ability(text + 'api = "responses"\nbody = { model = "gpt-5.4" }', "gpt-image-2")
    assert (responses.max_n, "low" in (responses.qualities or ())) == (1, True)
    assert responses.references is not None
    assert responses.references.mask_max_bytes
    paint = ability(text + PAINT, "gpt-image-2")
    assert (paint.references, paint.max_n) == (None, 1)


def test_one_model_may_be_painted_by_chat() -> None:
    """Beside others of the same gateway that have OpenAI's form."""
    text = BASE.replace('"m", "other/m"', '"gpt-image-2", "gpt-image-1"')
    text += '[gateways.g.abilities."gpt-image-1"]\napi = "chat"\n'
    catalogue = Catalogue.of([gateway(text)])
    one, two = catalogue.models
    assert (one.max_n, two.max_n) == (10, 1)
    assert [each.references and each.references.transport for each in (one, two)] == [
        "multipart",
        "call",
    ]


def test_a_constant_field_may_hold_what_people_choose() -> None:
    """In a call it is a template, not a value that is always the same."""
    text = BASE + 'api = "chat"\nbody = { seed = "{seed}" }\n' + ABILITY + "seed = {}\n"
    assert ability(text).seed is not None


def test_the_table_may_say_that_one_request_makes_several() -> None:
    """With the field that asks for them."""
    text = BASE.replace('"m", "other/m"', '"gpt-image-2"') + 'api = "chat"\nbody = { n = "{n}" }\n'
    assert ability(text, "gpt-image-2").max_n == 1
    text += '[gateways.g.abilities."gpt-image-2"]\nmax_n = 4\n'
    assert ability(text, "gpt-image-2").max_n == 4


def test_no_more_references_than_a_call_takes() -> None:
    """And none at all where none fits."""
    text = BASE + PAINT + EDIT + ABILITY + REFERENCES
    catalogue = Catalogue.of([gateway(text)])
    with pytest.raises(TooManyReferences):
        catalogue.build_request(ImageOptions(prompt="x"), references=2)
    with pytest.raises(NoReferences):
        catalogue.build_request(ImageOptions(prompt="x", model="other/m"), references=1)


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_an_option_that_no_call_says_beside_references_is_refused(locale: str) -> None:
    """Before anything is held: it would be left out in silence."""
    paint = PAINT.replace('"{prompt}"', '"{prompt}", not = "{negative}"')
    text = BASE + paint + EDIT + ABILITY + REFERENCES + "negative = {}\n"
    catalogue = Catalogue.of([gateway(text)])
    words = ImageOptions(prompt="x", negative="cars")
    assert catalogue.build_request(words).negative == "cars"
    fox = Reference("0" * 64, "png", 3)
    request = catalogue.build_request(words)
    assert catalogue.default.supports(request, n=1)
    assert not catalogue.default.supports(replace(request, references=(fox,)), n=1)
    assert catalogue.default.supports(replace(request, references=(fox,), negative=None), n=1)
    with pytest.raises(OptionBesideReference) as refused:
        catalogue.build_request(words, references=1)
    assert "negative" in Texts().sentence(refused.value, locale)


def test_the_shipped_calls_are_right() -> None:
    """They are read like an operator's."""
    assert {api: list(shipped_calls(api)) for api in ("images", "chat", "responses")} == {
        "images": [],
        "chat": ["generate", "edit"],
        "responses": ["generate", "edit", "inpaint"],
    }
