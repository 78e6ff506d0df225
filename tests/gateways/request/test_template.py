import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gateways.request.body import Base64Content, RequestBody, open_content
from bot.gateways.request.rendering import form_body, json_body
from bot.gateways.request.template import (
    TemplatePicture,
    TemplateValues,
    fill_template,
    fill_text,
    merge_templates,
)
from bot.gateways.request.template_rules import TemplateRules, template_errors

VALUES: dict[str, object] = {
    "prompt": "a fox",
    "model": "painter",
    "size": "16:9",
    "n": 2,
    "strength": 0.5,
    "stream": True,
    "seed": None,
}
EVERY_PICTURE = TemplateRules(frozenset({"image", "images", "mask", "mask-black"}), form=True)
ABC = "YWJj"
URI = f"data:image/png;base64,{ABC}"


Attach = Callable[..., tuple[TemplatePicture, ...]]


@pytest.fixture
def attach(tmp_path: Path) -> Iterator[Attach]:
    """Return what opens a picture for each address; its files are closed in the end."""
    with ExitStack() as files:

        def opened(*addresses: str | None, data: bytes = b"abc") -> tuple[TemplatePicture, ...]:
            (tmp_path / "picture").write_bytes(data)
            contents = [open_content(tmp_path / "picture", param="references") for _ in addresses]
            for content in contents:
                files.enter_context(closing(content.file))
            return tuple(
                TemplatePicture(f"image-{number}", "png", content, address)
                for number, (content, address) in enumerate(
                    zip(contents, addresses, strict=True), 1
                )
            )

        yield opened


def text_of(body: RequestBody) -> bytes:
    """Return a whole body."""
    pieces = [[part] if isinstance(part, bytes) else list(part) for part in body._parts]
    return b"".join(piece for part in pieces for piece in part)


def rendered(template: Mapping[str, object], values: TemplateValues) -> object:
    """Return the JSON that is sent, parsed."""
    body = json_body(fill_template(template, values))
    text = text_of(body)
    assert body.size == len(text)
    return json.loads(text)


TABLE: dict[str, tuple[dict[str, object], object]] = {
    "one placeholder keeps its type": (
        {"n": "{n}", "s": "{strength}", "stream": "{stream}", "prompt": "{prompt}"},
        {"n": 2, "s": 0.5, "stream": True, "prompt": "a fox"},
    ),
    "in a longer text it is text": (
        {"a": "{n} x {model}[, stream={stream}]"},
        {"a": "2 x painter, stream=true"},
    ),
    "a value that is missing takes its key away": ({"seed": "{seed}", "a": 1}, {"a": 1}),
    "and what becomes empty": (
        {"a": {"b": {"seed": "{seed}"}}, "list": ["{seed}"], "n": 1},
        {"n": 1},
    ),
    "what was written empty stays": ({"a": {}, "b": [], "c": ""}, {"a": {}, "b": [], "c": ""}),
    "an element of a list is left out": ({"a": ["{seed}", "{n}"]}, {"a": [2]}),
    "an optional part is there": ({"a": "{prompt}[ --ar {size}]"}, {"a": "a fox --ar 16:9"}),
    "an optional part is not there": (
        {"a": "{prompt}[ --seed {seed}][ --ar {size}]"},
        {"a": "a fox --ar 16:9"},
    ),
    "one missing value takes its part away": ({"a": "x[ {size} {seed}]"}, {"a": "x"}),
    "nothing remains of a text": ({"a": "[--seed {seed}]", "b": 1}, {"b": 1}),
    "brackets and braces are doubled": (
        {"a": "{prompt}[ 尺寸[[{size}]]] {{n}} [[draft]]"},
        {"a": "a fox 尺寸[16:9] {n} [draft]"},
    ),
    "constants stay": (
        {"a": [1, 2.5, False, "x", {"b": []}]},
        {"a": [1, 2.5, False, "x", {"b": []}]},
    ),
}


@pytest.mark.parametrize(("template", "sent"), TABLE.values(), ids=TABLE)
def test_a_template_is_filled(template: dict[str, object], sent: object) -> None:
    """What the operator wrote is what the gateway gets, without keys that hold nothing."""
    assert list(template_errors(template, TemplateRules(), key="body")) == []
    assert rendered(template, TemplateValues(VALUES)) == sent


def test_pictures_are_sent_in_every_way(attach: Attach) -> None:
    """A fresh address, else a data URI; base64 with and without its prefix."""
    fresh, old = attach("https://cdn.example/fox.png?ex=1", None)
    template = {
        "first": "{image:address}",
        "bare": "{image:base64}",
        "mask": "{mask-black:data}",
        "all": ["{images:address}"],
        "objects": [
            {"type": "text", "text": "{prompt}"},
            {"type": "image", "urls": {"url": "{images:data}"}},
        ],
        "nested": [{"list": ["{images:base64}"], "n": "{n}"}],
        "in words": "{image:address} {prompt}",
        "uri in words": ['"{images:data}"\n{prompt}'],
    }
    values = TemplateValues(VALUES, (fresh, old), {"mask-black": old})
    assert list(template_errors(template, EVERY_PICTURE, key="body")) == []
    assert rendered(template, values) == {
        "first": fresh.address,
        "bare": ABC,
        "mask": URI,
        "all": [fresh.address, URI],
        "objects": [
            {"type": "text", "text": "a fox"},
            {"type": "image", "urls": {"url": URI}},
            {"type": "image", "urls": {"url": URI}},
        ],
        "nested": [{"list": [ABC, ABC], "n": 2}],
        "in words": f"{fresh.address} a fox",
        "uri in words": [f'"{URI}"\na fox'] * 2,
    }


def test_without_pictures_their_elements_are_left_out() -> None:
    """A list of nothing would be refused."""
    template: dict[str, object] = {"a": ["{images:data}"], "b": "{image:data}", "c": "x"}
    assert rendered(template, TemplateValues(VALUES)) == {"c": "x"}


def test_the_parts_of_a_body_hold_no_picture(attach: Attach) -> None:
    """Twenty pictures of twenty megabytes are read while they are sent, piece by piece."""
    large = attach(None, data=bytes(3_000_000))
    template: dict[str, object] = {"a": ["{images:base64}"], "b": "{image:data}"}
    body = json_body(fill_template(template, TemplateValues({}, large)))
    held = [part for part in body._parts if isinstance(part, bytes)]
    assert sum(map(len, held)) < 100
    assert len([part for part in body._parts if isinstance(part, Base64Content)]) == 2
    assert body.size == sum(map(len, held)) + 2 * 4_000_000


# Whatever a person types, also what looks like a template, JSON or half of a character.
ANY_TEXT = st.text(
    st.characters() | st.sampled_from('{}[]"\\:,\n\r\0\u2028\ud83d\udc36\ud800'), max_size=60
) | st.sampled_from(["{prompt}", "{image:data}", "[ {size}]", '"}', "\ud83d", "]]", "{{n}}"])


@given(ANY_TEXT, ANY_TEXT)
def test_whatever_a_prompt_holds_arrives_as_it_is(prompt: str, negative: str) -> None:
    """A prompt can neither end its text, nor name a placeholder, nor take a part away."""
    template: dict[str, object] = {
        "prompt": "{prompt}",
        "longer": '"{prompt}"[ [[{negative}]]]',
        "deep": [{"{prompt}": ["{negative}"]}],
    }
    values = TemplateValues({"prompt": prompt, "negative": negative})
    text = text_of(json_body(fill_template(template, values)))
    assert _same(
        json.loads(text),
        {
            "prompt": prompt,
            "longer": f'"{prompt}" [{negative}]',
            "deep": [{"{prompt}": [negative]}],
        },
    )


def _same(one: object, other: object) -> bool:
    """Compare; JSON joins two halves of a character that stand side by side."""
    return json.dumps(one) == json.dumps(other)


def test_a_form_has_files_texts_and_parts_of_json(attach: Attach) -> None:
    """Some services take a form in which one field is an object."""
    images = attach(None, None)
    template = {
        "image_file": "{image:file}",
        "more[]": ["{images:file}"],
        "prompt": "{prompt}",
        "n": "{n}",
        "flag": True,
        "seed": "{seed}",
        "bare": "{image:base64}",
        "request": {"prompt": "{prompt}", "n": "{n}", "image": "{image:data}"},
    }
    assert list(template_errors(template, EVERY_PICTURE, key="body")) == []
    values = TemplateValues({**VALUES, "prompt": '狐 "\r\n--x'}, images)
    body = form_body(fill_template(template, values))
    sent = text_of(body)
    assert body.size == len(sent)
    parts = message_from_bytes(f"Content-Type: {body.content_type}\r\n\r\n".encode() + sent)
    found = [
        (
            part.get_param("name", header="Content-Disposition"),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in parts.get_payload()
        if isinstance(part, Message)
    ]
    as_json = found.pop()
    prompt = '狐 "\r\n--x'
    assert found == [
        ("image_file", "image-1.png", "image/png", b"abc"),
        ("more[]", "image-1.png", "image/png", b"abc"),
        ("more[]", "image-2.png", "image/png", b"abc"),
        ("prompt", None, "text/plain", prompt.encode()),
        ("n", None, "text/plain", b"2"),
        ("flag", None, "text/plain", b"true"),
        ("bare", None, "text/plain", ABC.encode()),
    ]
    assert as_json[:3] == ("request", None, "application/json")
    assert json.loads(as_json[3] or b"") == {"prompt": prompt, "n": 2, "image": URI}  # type: ignore[arg-type]  # bytes


WRONG: dict[str, tuple[object, str]] = {
    "unknown": ({"a": {"b": "{colour}"}}, r"body\.a\.b: \{colour\} is no placeholder: known are"),
    "stray brace": ({"a": "x } y"}, r"body\.a: a single \} is no placeholder; \}\} is a \}"),
    "unclosed": ({"a": "[ {size}"}, r"body\.a: a square bracket is not closed"),
    "closed twice": ({"a": "{prompt}] "}, "square brackets must close"),
    "nested": ({"a": "[ {size} [{seed}] ]"}, "square brackets must close, and hold no others"),
    "nothing in it": ({"a": "[draft] {prompt}"}, "square brackets must hold a placeholder"),
    "a value with how": ({"a": "{prompt:data}"}, r"\{prompt:data\} is no picture"),
    "a picture without how": ({"a": "{image}"}, "must say how it is sent"),
    "a strange how": ({"a": "{image:hex}"}, r"\{image:hex\} must say how it is sent"),
    "a picture too many": ({"a": "{mask-white:data}"}, "a picture, which this request does not"),
    "no list": ({"a": "{images:data}"}, r"\{images:data\} stands for several.*inside of a list"),
    "a file in JSON": ({"a": {"b": "{image:file}"}}, "must be a field of a form: form = true"),
    "a file in words": ({"a": "x {image:file}"}, "must stand alone"),
    "may be missing": ({"a": ["{prompt} {size}"]}, r"body\.a: \{size\} may be missing: put it"),
}


@pytest.mark.parametrize(("template", "named"), WRONG.values(), ids=WRONG)
def test_a_wrong_template_is_named_at_the_start(template: object, named: str) -> None:
    """The operator reads the key, not the person a refusal."""
    errors = list(template_errors(template, EVERY_PICTURE, key="body"))
    assert len(errors) == 1
    assert re.search(named, errors[0]), errors


def test_files_need_a_form() -> None:
    """JSON has no files."""
    rules = TemplateRules(frozenset({"image"}))
    assert len(list(template_errors({"a": "{image:file}"}, rules, key="body"))) == 1


def test_a_template_is_laid_over_another_table_by_table() -> None:
    """A gateway adds one field to what ships with the bot."""
    below = {"a": {"b": 1, "c": {"d": 2}}, "list": [1, 2], "x": 1}
    above = {"a": {"c": {"e": 3}}, "list": [3], "x": {"y": 1}}
    merged = merge_templates(below, above)
    assert merged == {"a": {"b": 1, "c": {"d": 2, "e": 3}}, "list": [3], "x": {"y": 1}}
    assert below["a"] == {"b": 1, "c": {"d": 2}}


def test_a_prompt_is_spelled_with_its_size() -> None:
    """Some models read the size only as words."""
    assert fill_text("{prompt}[ 【{size}】]", VALUES) == "a fox 【16:9】"
    assert fill_text("{prompt}[ 【{size}】]", {**VALUES, "size": None}) == "a fox"
    assert fill_text("{prompt}", {"prompt": "[x] {size}"}) == "[x] {size}"
