from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.models import ImageRequest
from bot.gateways.events import GatewayRequest
from bot.gateways.gateway import Asynchronous, Gateway
from bot.gateways.model_abilities import Model, Preset, References, ResponseFormat
from bot.gateways.request.builder import open_request
from bot.gateways.request.fields import fields_of
from tests.gateways.bench import KEY, NOW_MS, PROMPT, attach, model
from tests.gateways.wire import form_of, head_of, json_of, line_of, sent

FORM = References(
    transport="multipart", max_count=16, max_bytes=50_000_000, mask_max_bytes=4_000_000
)
OBJECTS = replace(FORM, transport="json_images_objects")
PAINTER = model("painter", references=FORM, timeout_s=20)


async def test_fields_in_the_words_of_the_gateway(tmp_path: Path) -> None:
    """Renamed, sent as text, left out, or sent although nobody chose."""
    raw, _ = await sent(
        tmp_path,
        model("painter", response_format=ResponseFormat(mode="optional", value="url")),
        at_rename={"model": "model_name"},
        at_coerce={"n": "string"},
        at_drop=("style", "response_format"),
        at_always_send=("size", "quality", "style", "prompt"),
        options={"style": "vivid"},
    )
    assert json_of(raw.requests[0]) == {
        "model_name": "painter",
        "prompt": PROMPT,
        "n": "1",
        "size": "auto",
        "quality": "auto",
    }


@pytest.mark.parametrize(
    ("references", "renamed"),
    [
        (References(transport="json_image_data_uris", max_count=1, max_bytes=9), "image"),
        (OBJECTS, "images"),
    ],
)
async def test_pictures_are_renamed_too(
    references: References, renamed: str, tmp_path: Path
) -> None:
    """Every vendor has another word for them."""
    one = attach(tmp_path / "one", b"abc")
    known = replace(PAINTER, references=references)
    raw, _ = await sent(tmp_path, known, attached=[one], at_rename={renamed: "pictures"})
    assert renamed not in json_of(raw.requests[0])
    assert len(list(json_of(raw.requests[0])["pictures"])) == 1  # type: ignore[call-overload]  # a list


async def test_a_mask_is_renamed_too(tmp_path: Path) -> None:
    """In a form as in JSON."""
    one, mask = attach(tmp_path / "one", b"abc"), tmp_path / "mask"
    mask.write_bytes(b"abc")
    for references in (FORM, OBJECTS):
        known = replace(PAINTER, references=references)
        raw, _ = await sent(
            tmp_path, known, attached=[one], mask=mask, at_rename={"mask": "stencil"}
        )
        assert b"stencil" in raw.requests[0]
        assert b'"mask"' not in raw.requests[0]


MODES = [
    (Asynchronous(mode="query", query={"async": "true"}), "generations?async=true", {}, None),
    (Asynchronous(mode="path", path="/async"), "generations/async", {}, None),
    (Asynchronous(mode="body", body={"async": True}), "generations", {"async": True}, None),
    (Asynchronous(mode="header", header={"X-Async": "true"}), "generations", {}, "true"),
    (Asynchronous(mode="always"), "generations", {}, None),
]


@pytest.mark.parametrize(("asynchronous", "path", "fields", "header"), MODES)
async def test_a_task_is_asked_for(
    asynchronous: Asynchronous,
    path: str,
    fields: dict[str, object],
    header: str | None,
    tmp_path: Path,
) -> None:
    """Each family of gateways wants to hear it in another place."""
    raw, _ = await sent(tmp_path, PAINTER, at_asynchronous=asynchronous)
    assert line_of(raw.requests[0]) == f"POST /v1/images/{path} HTTP/1.1"
    assert json_of(raw.requests[0]).items() >= fields.items()
    assert head_of(raw.requests[0])["X-Async"] == header


@pytest.mark.parametrize("field", ["user", "safety_identifier"])
async def test_who_asks_is_told_by_a_tag(field: str, tmp_path: Path) -> None:
    """Only to models that know the field, and never the Discord id itself."""
    known = replace(PAINTER, user_field=field)  # type: ignore[arg-type]  # one of the two
    raw, _ = await sent(tmp_path, known, user_tag="tag")
    assert json_of(raw.requests[0])[field] == "tag"
    for silent in (replace(known, user_field=None), known):
        tag = "" if silent is known else "tag"
        raw, _ = await sent(tmp_path, silent, user_tag=tag)
        assert field not in json_of(raw.requests[0])


def test_a_request_shows_no_secret(tmp_path: Path) -> None:
    """A traceback with locals, sent to an error tracker, must not carry a key."""
    gateway = Gateway(
        name="g",
        base_url="http://a",
        models=("painter",),
        key=KEY,
        query={"token": "planted-token"},
        headers={"X-Token": "planted-header"},
    )
    order = GatewayRequest(ImageRequest(PROMPT, "painter", "auto", 1), 1, tmp_path, "slot-0")
    with open_request(order, PAINTER, gateway, now_ms=NOW_MS) as request:
        shown = f"{request!r} {gateway!r}"
        assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert not [one for one in (KEY, "planted-token", "planted-header", PROMPT) if one in shown]


# --- streams ------------------------------------------------------------------------------------

STREAMER = replace(PAINTER, partial_images=2)


async def test_previews_are_asked_for(tmp_path: Path) -> None:
    """Where both the gateway and the model can."""
    one = attach(tmp_path / "one", b"abc")
    raw, _ = await sent(tmp_path, STREAMER, at_streaming="sse")
    assert json_of(raw.requests[0]).items() >= {"stream": True, "partial_images": 2}.items()
    assert head_of(raw.requests[0])["Accept"] == "text/event-stream, application/json"
    raw, _ = await sent(tmp_path, STREAMER, at_streaming="sse", attached=[one])
    fields = {name: data for name, _, _, data in form_of(raw.requests[0])}
    assert (fields["stream"], fields["partial_images"]) == (b"true", b"2")
    raw, _ = await sent(tmp_path, STREAMER, at_streaming="sse", at_coerce={"stream": "string"})
    assert json_of(raw.requests[0])["stream"] == "true"


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        (STREAMER, {}),
        (PAINTER, {"at_streaming": "sse"}),
        (STREAMER, {"at_streaming": "sse", "n": 2}),
        (STREAMER, {"at_streaming": "sse", "at_drop": ("stream",)}),
    ],
    ids=["gateway off", "model cannot", "two pictures", "dropped"],
)
async def test_no_previews(known: Model, asked: dict[str, object], tmp_path: Path) -> None:
    """Events do not say which of several pictures they show."""
    raw, _ = await sent(tmp_path, known, **asked)  # type: ignore[arg-type]  # passed on
    assert not {"stream", "partial_images"} & json_of(raw.requests[0]).keys()
    assert head_of(raw.requests[0])["Accept"] == "application/json"


async def test_a_gateway_may_insist_on_its_accept(tmp_path: Path) -> None:
    """Strict ones know only one spelling."""
    headers = {"accept": "text/event-stream"}
    raw, _ = await sent(tmp_path, STREAMER, at_streaming="sse", at_headers=headers)
    assert head_of(raw.requests[0]).get_all("Accept") == ["text/event-stream"]


async def test_a_header_of_the_table_cannot_spoil_the_form(tmp_path: Path) -> None:
    """Some documents demand a Content-Type, which is right only for JSON."""
    one = attach(tmp_path / "one", b"abc")
    headers = {"content-type": "application/json"}
    raw, _ = await sent(tmp_path, PAINTER, at_headers=headers, attached=[one])
    assert form_of(raw.requests[0])[-1][3] == b"abc"


@pytest.mark.parametrize(
    ("wanted", "known", "preset", "is_sent"),
    [
        ("low", ("low", "auto"), None, "low"),
        ("auto", ("low", "auto"), "low", "auto"),
        (None, ("low", "auto"), "low", "low"),
        ("low", ("auto",), "auto", "auto"),
        ("low", (), None, None),
        ("low", None, None, None),
    ],
)
async def test_a_servers_moderation_is_sent_to_who_knows_the_word(
    wanted: str | None,
    known: tuple[str, ...] | None,
    preset: str | None,
    is_sent: str | None,
    tmp_path: Path,
) -> None:
    """Others get the operator's, so whoever takes "low" from a model forbids it."""
    judged = model("painter", moderations=known, preset=Preset(moderation=preset))
    gateway = Gateway(name="g", base_url="http://a", models=("painter",), key=KEY)
    request = ImageRequest(PROMPT, "painter", "auto", 1, moderation=wanted)
    fields = fields_of(GatewayRequest(request, 1, tmp_path, "slot-0"), judged, gateway)
    assert fields.get("moderation") == is_sent
