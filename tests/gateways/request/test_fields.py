from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.models import ImageRequest
from bot.gateways.events import GatewayRequest
from bot.gateways.gateway import AsyncSettings, Gateway
from bot.gateways.model_abilities import ModelAbilities, OutputPreset, ResponseFormatRule
from bot.gateways.reference_limits import ReferenceLimits
from bot.gateways.request.builder import open_request
from bot.gateways.request.fields import request_fields
from tests.gateways.captured_requests import (
    capture_request,
    request_form,
    request_head,
    request_json,
    request_line,
)
from tests.gateways.generation_harness import (
    CLOCK_START_MS,
    GATEWAY_KEY,
    SECRET_PROMPT,
    attach_file,
    make_model,
)

FORM = ReferenceLimits(
    transport="multipart", max_count=16, max_bytes=50_000_000, mask_max_bytes=4_000_000
)
OBJECTS = replace(FORM, transport="json_images_objects")
PAINTER = make_model("painter", references=FORM, timeout_s=20)


async def test_fields_in_the_words_of_the_gateway(tmp_path: Path) -> None:
    """Renamed, sent as text, left out, or sent although nothing was chosen."""
    raw, _ = await capture_request(
        tmp_path,
        make_model("painter", response_format=ResponseFormatRule(mode="optional", value="url")),
        at_rename={"model": "model_name"},
        at_coerce={"n": "string"},
        at_drop=("style", "response_format"),
        at_always_send=("size", "quality", "style", "prompt"),
        options={"style": "vivid"},
    )
    assert request_json(raw.requests[0]) == {
        "model_name": "painter",
        "prompt": SECRET_PROMPT,
        "n": "1",
        "size": "auto",
        "quality": "auto",
    }


async def test_constant_fields_are_in_every_request(tmp_path: Path) -> None:
    """Some vendors draw a watermark unless each request forbids it."""
    constants = {"watermark": False, "options": {"max_images": 1}, "seed": 1.5}
    raw, _ = await capture_request(tmp_path, PAINTER, at_body=constants)
    assert request_json(raw.requests[0]).items() > constants.items()
    one = attach_file(tmp_path / "one", b"abc")
    raw, _ = await capture_request(tmp_path, PAINTER, attached=[one], at_body=constants)
    texts = {name: data for name, _, _, data in request_form(raw.requests[0])}
    assert texts["watermark"] == b"false"
    assert texts["options"] == b'{"max_images":1}'


@pytest.mark.parametrize(
    ("references", "renamed"),
    [
        (ReferenceLimits(transport="json_image_data_uris", max_count=1, max_bytes=9), "image"),
        (OBJECTS, "images"),
    ],
)
async def test_pictures_are_renamed_too(
    references: ReferenceLimits, renamed: str, tmp_path: Path
) -> None:
    """Every vendor has another name for them."""
    one = attach_file(tmp_path / "one", b"abc")
    known = replace(PAINTER, references=references)
    raw, _ = await capture_request(tmp_path, known, attached=[one], at_rename={renamed: "pictures"})
    assert renamed not in request_json(raw.requests[0])
    assert len(list(request_json(raw.requests[0])["pictures"])) == 1  # type: ignore[call-overload]  # a list


async def test_a_mask_is_renamed_too(tmp_path: Path) -> None:
    """In a form as in JSON."""
    one, mask = attach_file(tmp_path / "one", b"abc"), tmp_path / "mask"
    mask.write_bytes(b"abc")
    for references in (FORM, OBJECTS):
        known = replace(PAINTER, references=references)
        raw, _ = await capture_request(
            tmp_path, known, attached=[one], mask=mask, at_rename={"mask": "stencil"}
        )
        assert b"stencil" in raw.requests[0]
        assert b'"mask"' not in raw.requests[0]


MODES = [
    (AsyncSettings(mode="query", query={"async": "true"}), "generations?async=true", {}, None),
    (AsyncSettings(mode="path", path="/async"), "generations/async", {}, None),
    (AsyncSettings(mode="body", body={"async": True}), "generations", {"async": True}, None),
    (AsyncSettings(mode="header", header={"X-Async": "true"}), "generations", {}, "true"),
    (AsyncSettings(mode="always"), "generations", {}, None),
]


@pytest.mark.parametrize(("asynchronous", "path", "fields", "header"), MODES)
async def test_a_task_is_asked_for(
    asynchronous: AsyncSettings,
    path: str,
    fields: dict[str, object],
    header: str | None,
    tmp_path: Path,
) -> None:
    """Each kind of gateway expects the async flag in another place."""
    raw, _ = await capture_request(tmp_path, PAINTER, at_asynchronous=asynchronous)
    assert request_line(raw.requests[0]) == f"POST /v1/images/{path} HTTP/1.1"
    assert request_json(raw.requests[0]).items() >= fields.items()
    assert request_head(raw.requests[0])["X-Async"] == header


@pytest.mark.parametrize("field", ["user", "safety_identifier"])
async def test_who_asks_is_told_by_a_tag(field: str, tmp_path: Path) -> None:
    """Only to models that know the field, and never the Discord id itself."""
    known = replace(PAINTER, user_field=field)  # type: ignore[arg-type]  # one of the two
    raw, _ = await capture_request(tmp_path, known, user_tag="tag")
    assert request_json(raw.requests[0])[field] == "tag"
    for silent in (replace(known, user_field=None), known):
        tag = "" if silent is known else "tag"
        raw, _ = await capture_request(tmp_path, silent, user_tag=tag)
        assert field not in request_json(raw.requests[0])


def test_a_request_shows_no_secret(tmp_path: Path) -> None:
    """A traceback with locals, sent to an error tracker, must not carry a key."""
    gateway = Gateway(
        name="g",
        base_url="http://a",
        models=("painter",),
        key=GATEWAY_KEY,
        query={"token": "planted-token"},
        headers={"X-Token": "planted-header"},
    )
    order = GatewayRequest(ImageRequest(SECRET_PROMPT, "painter", "auto", 1), 1, tmp_path, "slot-0")
    with open_request(order, PAINTER, gateway, now_ms=CLOCK_START_MS) as request:
        shown = f"{request!r} {gateway!r}"
        assert request.headers["Authorization"] == f"Bearer {GATEWAY_KEY}"
    assert not [
        one
        for one in (GATEWAY_KEY, "planted-token", "planted-header", SECRET_PROMPT)
        if one in shown
    ]


# --- streams ------------------------------------------------------------------------------------

STREAMER = replace(PAINTER, partial_images=2)


async def test_previews_are_asked_for(tmp_path: Path) -> None:
    """Where both the gateway and the model can."""
    one = attach_file(tmp_path / "one", b"abc")
    raw, _ = await capture_request(tmp_path, STREAMER, at_streaming="sse")
    assert request_json(raw.requests[0]).items() >= {"stream": True, "partial_images": 2}.items()
    assert request_head(raw.requests[0])["Accept"] == "text/event-stream, application/json"
    raw, _ = await capture_request(tmp_path, STREAMER, at_streaming="sse", attached=[one])
    fields = {name: data for name, _, _, data in request_form(raw.requests[0])}
    assert (fields["stream"], fields["partial_images"]) == (b"true", b"2")
    raw, _ = await capture_request(
        tmp_path, STREAMER, at_streaming="sse", at_coerce={"stream": "string"}
    )
    assert request_json(raw.requests[0])["stream"] == "true"


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
async def test_no_previews(known: ModelAbilities, asked: dict[str, object], tmp_path: Path) -> None:
    """Events do not say which of several pictures they show."""
    raw, _ = await capture_request(tmp_path, known, **asked)  # type: ignore[arg-type]  # passed on
    assert not {"stream", "partial_images"} & request_json(raw.requests[0]).keys()
    assert request_head(raw.requests[0])["Accept"] == "application/json"


async def test_a_gateway_may_insist_on_its_accept(tmp_path: Path) -> None:
    """Strict ones know only one spelling."""
    headers = {"accept": "text/event-stream"}
    raw, _ = await capture_request(tmp_path, STREAMER, at_streaming="sse", at_headers=headers)
    assert request_head(raw.requests[0]).get_all("Accept") == ["text/event-stream"]


async def test_a_header_of_the_table_cannot_spoil_the_form(tmp_path: Path) -> None:
    """Some documents demand a Content-Type, which is right only for JSON."""
    one = attach_file(tmp_path / "one", b"abc")
    headers = {"content-type": "application/json"}
    raw, _ = await capture_request(tmp_path, PAINTER, at_headers=headers, attached=[one])
    assert request_form(raw.requests[0])[-1][3] == b"abc"


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
    """Other models get the operator's value, so removing "low" from a model forbids it there."""
    judged = make_model("painter", moderations=known, preset=OutputPreset(moderation=preset))
    gateway = Gateway(name="g", base_url="http://a", models=("painter",), key=GATEWAY_KEY)
    request = ImageRequest(SECRET_PROMPT, "painter", "auto", 1, moderation=wanted)
    fields = request_fields(GatewayRequest(request, 1, tmp_path, "slot-0"), judged, gateway)
    assert fields.get("moderation") == is_sent
