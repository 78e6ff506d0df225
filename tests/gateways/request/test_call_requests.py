"""Requests whose bodies are templates: chat, Responses, and an operator's own calls."""

import io
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed, NamedSize, Reference, Size
from bot.gateways.calls import Call, CallName
from bot.gateways.events import Sending, TaskAccepted
from bot.gateways.gateway import AsyncSettings
from bot.gateways.model_abilities import OutputPreset
from bot.gateways.reference_limits import ReferenceLimits
from bot.gateways.value_options import NegativeOption, SeedOption, StrengthOption
from tests.gateways.captured_requests import (
    ONE_PICTURE,
    capture_request,
    request_form,
    request_head,
    request_json,
    request_line,
)
from tests.gateways.generation_harness import (
    SECRET_PROMPT,
    attach_file,
    make_model,
)
from tests.gateways.replay_gateway import http_reply, replay_gateway
from tests.gateways.router_harness import collect_events, open_router
from tests.gateways.sample_pictures import b64, picture_bytes
from tests.images.test_content_store import mask_bytes

BY_CALL = ReferenceLimits(
    transport="call", max_count=16, max_bytes=50_000_000, mask_max_bytes=4_000_000
)
PAINTER = make_model("painter", references=BY_CALL, timeout_s=20)
URI = "data:image/png;base64,YWJj"
Tables = Mapping[CallName, Sequence[Call]]


def editing(body: Mapping[str, object], **more: object) -> Tables:
    """Return a table with this body for edits."""
    return {"edit": [Call(body=body, **more)]}  # type: ignore[arg-type]  # by name


# --- chat and Responses -------------------------------------------------------------------------


async def test_chat_asks_with_one_message(tmp_path: Path) -> None:
    """As every gateway of chat completions documents it; the table adds what its own one wants."""
    body = {"modalities": ["image", "text"], "image_config": {"aspect_ratio": "{size}"}}
    raw, _ = await capture_request(
        tmp_path, PAINTER, at_api="chat", at_body=body, size=NamedSize("16:9")
    )
    assert request_line(raw.requests[0]) == "POST /v1/chat/completions HTTP/1.1"
    assert request_json(raw.requests[0]) == {
        "model": "painter",
        "messages": [{"role": "user", "content": SECRET_PROMPT}],
        "modalities": ["image", "text"],
        "image_config": {"aspect_ratio": "16:9"},
    }


async def test_references_are_parts_of_the_message(tmp_path: Path) -> None:
    """A fresh address as it is, any other picture as a data URI."""
    url = "https://cdn.example/fox.png?ex=1"
    fresh = attach_file(tmp_path / "fresh", b"abc", url=url)
    old = attach_file(tmp_path / "old", b"abc", url=url, age_ms=600_000)
    raw, _ = await capture_request(tmp_path, PAINTER, at_api="chat", attached=[fresh, old])
    assert request_json(raw.requests[0]) == {
        "model": "painter",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": SECRET_PROMPT},
                    {"type": "image_url", "image_url": {"url": url}},
                    {"type": "image_url", "image_url": {"url": URI}},
                ],
            }
        ],
    }


async def test_a_size_may_be_words_of_the_prompt(tmp_path: Path) -> None:
    """In chat as in OpenAI's form of a generation; what a person wrote is not parsed."""
    spelled = "{prompt}[ 【{ratio}】][ {quality}]"
    for api in ("chat", "images"):
        raw, _ = await capture_request(
            tmp_path / api,
            PAINTER,
            at_api=api,
            at_prompt=spelled,
            size=Size(1536, 1024),
            prompt="a [fox] {size}",
        )
        assert "a [fox] {size} 【3:2】" in raw.requests[0].decode()
        assert "quality" not in raw.requests[0].decode()


async def test_responses_forces_its_tool(tmp_path: Path) -> None:
    """The model of text may not answer in words, and pictures do not stay at the vendor."""
    known = replace(PAINTER, preset=OutputPreset(output_format="webp"), output_formats=("webp",))
    raw, _ = await capture_request(
        tmp_path,
        known,
        at_api="responses",
        at_body={"model": "gpt-5.4"},
        size=Size(1536, 1024),
        options={"quality": "high"},
        user_tag="t" * 8,
    )
    assert request_line(raw.requests[0]) == "POST /v1/responses HTTP/1.1"
    assert request_json(raw.requests[0]) == {
        "model": "gpt-5.4",
        "input": SECRET_PROMPT,
        "store": False,
        "safety_identifier": "t" * 8,
        "tool_choice": {"type": "image_generation"},
        "tools": [
            {
                "type": "image_generation",
                "model": "painter",
                "size": "1536x1024",
                "quality": "high",
                "output_format": "webp",
            }
        ],
    }


async def test_responses_takes_references_and_a_mask(tmp_path: Path) -> None:
    """The mask as OpenAI defines it, where what is transparent may change."""
    one = attach_file(tmp_path / "one", b"abc")
    mask = tmp_path / "mask.png"
    mask.write_bytes(mask_bytes())
    asked = {"at_api": "responses", "at_body": {"model": "gpt-5.4"}, "attached": [one]}
    raw, _ = await capture_request(tmp_path, PAINTER, **asked)  # type: ignore[arg-type]  # by name
    edit = request_json(raw.requests[0])
    assert edit["input"] == [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": SECRET_PROMPT},
                {"type": "input_image", "detail": "auto", "image_url": URI},
            ],
        }
    ]
    raw, _ = await capture_request(tmp_path / "b", PAINTER, mask=mask, **asked)  # type: ignore[arg-type]  # by name
    masked = request_json(raw.requests[0])
    assert masked["input"] == edit["input"]
    uri = f"data:image/png;base64,{b64(mask_bytes())}"
    assert masked["tools"] == [
        {
            "type": "image_generation",
            "action": "edit",
            "model": "painter",
            "input_image_mask": {"image_url": uri},
        }
    ]


@pytest.mark.parametrize(
    ("api", "known", "sent"),
    [
        ("chat", PAINTER, {"stream": True}),
        ("responses", PAINTER, {"stream": True}),
        ("responses", replace(PAINTER, partial_images=2), {"stream": True, "partial_images": 2}),
    ],
)
async def test_streams_are_asked_for(
    api: str, known: object, sent: dict[str, object], tmp_path: Path
) -> None:
    """With previews where the model has them; without the key nothing is said of it."""
    asked = {"at_api": api, "at_body": {"model": "m"}}
    raw, _ = await capture_request(tmp_path, known, at_streaming="sse", **asked)  # type: ignore[arg-type]  # by name
    body = request_json(raw.requests[0])
    tools = body.get("tools", [{}])
    assert isinstance(tools, list)
    said = {"stream": body.get("stream"), "partial_images": tools[0].get("partial_images")}
    assert {key: value for key, value in said.items() if value is not None} == sent
    assert request_head(raw.requests[0])["Accept"] == "text/event-stream, application/json"
    raw, _ = await capture_request(tmp_path / "b", known, **asked)  # type: ignore[arg-type]  # by name
    assert "stream" not in request_json(raw.requests[0])
    assert request_head(raw.requests[0])["Accept"] == "application/json"


# --- an operator's own calls --------------------------------------------------------------------


async def test_values_are_spelled_as_the_model_has_them(tmp_path: Path) -> None:
    """Strength by its scale and meaning, numbers as text where the table coerces them."""
    known = make_model(
        "own/er",
        seed=SeedOption(),
        negative=NegativeOption(),
        strength=StrengthOption(scale=100, means="likeness"),
        references=BY_CALL,
    )
    body = {
        "input": {
            "text": "{prompt}",
            "not": "{negative}",
            "seed": "{seed}",
            "weight": "{strength}",
            "n": "{n}",
            "w": "{width}",
            "h": "{height}",
            "image": "{image:base64}",
        }
    }
    raw, _ = await capture_request(
        tmp_path,
        known,
        at_models=("own/er",),
        at_calls=editing(body, path="/make/{model}"),
        at_coerce={"n": "string", "negative_prompt": "string"},
        attached=[attach_file(tmp_path / "one", b"abc")],
        size=Size(640, 480),
        n=2,
        seed=7,
        negative="cars",
        strength=30,
    )
    assert request_line(raw.requests[0]) == "POST /make/own/er HTTP/1.1"
    assert request_json(raw.requests[0]) == {
        "input": {
            "text": SECRET_PROMPT,
            "not": "cars",
            "seed": 7,
            "weight": 70,
            "n": "2",
            "w": 640,
            "h": 480,
            "image": "YWJj",
        }
    }


async def test_an_edit_may_be_a_form_with_an_object(tmp_path: Path) -> None:
    """And has no address in it."""
    one = attach_file(tmp_path / "one", b"abc", url="https://cdn.example/fox.png")
    body = {"file": "{image:file}", "request": {"prompt": "{prompt}", "n": "{n}"}}
    raw, _ = await capture_request(
        tmp_path, PAINTER, at_calls=editing(body, form=True), attached=[one]
    )
    assert request_line(raw.requests[0]) == "POST /v1/images/edits HTTP/1.1"
    assert request_form(raw.requests[0]) == [
        ("file", "image-1.png", "image/png", b"abc"),
        (
            "request",
            None,
            "application/json",
            f'{{"prompt":"{SECRET_PROMPT}","n":1}}'.encode(),
        ),
    ]


async def test_without_a_call_the_request_has_todays_form(tmp_path: Path) -> None:
    """A table that only describes edits generates as before, and a transport may say otherwise."""
    calls = editing({"prompt": "{prompt}", "image": "{image:data}"}, path="/edit")
    raw, _ = await capture_request(tmp_path, PAINTER, at_calls=calls, at_rename={"n": "count"})
    assert request_line(raw.requests[0]) == "POST /v1/images/generations HTTP/1.1"
    assert request_json(raw.requests[0])["count"] == 1
    form = replace(PAINTER, references=replace(BY_CALL, transport="multipart"))
    one = attach_file(tmp_path / "one", b"abc")
    raw, _ = await capture_request(tmp_path / "b", form, at_calls=calls, attached=[one])
    assert request_line(raw.requests[0]) == "POST /v1/images/edits HTTP/1.1"
    assert request_form(raw.requests[0])[-1][0] == "image"


@pytest.mark.parametrize(
    ("name", "tone"), [("mask-black", (0, 255)), ("mask-white", (255, 0)), ("mask", None)]
)
async def test_a_mask_in_black_and_white(
    name: str, tone: tuple[int, int] | None, tmp_path: Path
) -> None:
    """Half of the systems repaint what is black, and look at no transparency."""
    body = {"image": "{image:base64}", "mask": f"{{{name}:file}}", "prompt": "{prompt}"}
    one = attach_file(tmp_path / "one", b"abc")
    mask = tmp_path / "mask.png"
    mask.write_bytes(mask_bytes())
    raw, result = await capture_request(
        tmp_path,
        PAINTER,
        at_calls={"inpaint": [Call(body=body, form=True)]},
        attached=[one],
        mask=mask,
    )
    parts = {part[0]: part for part in request_form(raw.requests[0])}
    assert parts["mask"][1:3] == ("mask.png", "image/png")
    sent = Image.open(io.BytesIO(parts["mask"][3]))
    assert sent.size == (40, 30)
    if tone:
        assert (sent.mode, sent.getpixel((0, 0)), sent.getpixel((39, 29))) == ("L", *tone)
    else:
        assert parts["mask"][3] == mask_bytes()
    assert result.pictures


async def test_a_mask_in_other_colours_has_another_size(tmp_path: Path) -> None:
    """The job knows how many bytes the mask of a person has; what is sent has fewer."""
    mask = tmp_path / "mask.png"
    mask.write_bytes(mask_bytes())
    one = attach_file(tmp_path / "one", b"abc")
    body = {"image": "{image:data}", "mask": "{mask-black:data}", "prompt": "{prompt}"}
    calls: Tables = {"inpaint": [Call(body=body)]}
    async with replay_gateway(ONE_PICTURE) as raw:
        gateway = raw.gateway(calls=calls)
        async with open_router(tmp_path, gateway, known=(PAINTER,)) as router:
            plain = router.new_request()
            wanted = replace(
                plain.image_request,
                references=(one.reference,),
                mask=Reference("1" * 64, "png", mask.stat().st_size),
            )
            request = replace(plain, image_request=wanted, references=(one.path,), mask=mask)
            heard = await collect_events(router.router.generate(request))
    assert heard.has_pictures


async def test_a_task_is_asked_for_in_the_body_of_a_call(tmp_path: Path) -> None:
    """As in any other request of a gateway with async."""
    flag = AsyncSettings(mode="body", body={"async": True})
    done = http_reply(200, {"data": [{"b64_json": b64(picture_bytes())}]})
    raw, _ = await capture_request(
        tmp_path,
        PAINTER,
        answers=(done,),
        at_calls={"generate": [Call(body={"words": "{prompt}"})]},
        at_asynchronous=flag,
    )
    assert request_json(raw.requests[0]) == {"words": SECRET_PROMPT, "async": True}


async def test_a_mask_that_is_no_picture_stops_before_sending(tmp_path: Path) -> None:
    """Nothing is sent, and nothing is asked of another gateway."""
    mask = tmp_path / "mask.png"
    mask.write_bytes(b"no picture")
    body = {"image": "{image:data}", "mask": "{mask-black:data}", "prompt": "{prompt}"}
    raw, result = await capture_request(
        tmp_path,
        PAINTER,
        answers=(),
        at_calls={"inpaint": [Call(body=body)]},
        attached=[attach_file(tmp_path / "one", b"abc")],
        mask=mask,
    )
    assert (raw.posts, result.names) == (0, [])
    failed = result.failed
    assert (failed.kind, failed.param, failed.billed) == (Kind.REFERENCE_LOST, "mask", Billed.NO)


@pytest.mark.parametrize(
    ("images", "more", "param"),
    [
        (2, {}, "references"),
        (1, {"negative": "cars"}, "negative"),
        (1, {"strength": 5}, "strength"),
    ],
)
async def test_what_no_call_can_say_is_refused_before_sending(
    images: int, more: dict[str, object], param: str, tmp_path: Path
) -> None:
    """Requests of old jobs, and of a table that was changed: nothing is left out in silence."""
    known = replace(PAINTER, negative=NegativeOption(), strength=StrengthOption())
    one = attach_file(tmp_path / "one", b"abc")
    raw, result = await capture_request(
        tmp_path,
        known,
        answers=(),
        at_calls=editing({"prompt": "{prompt}", "image": "{image:data}"}),
        attached=[one] * images,
        **more,
    )
    assert (raw.posts, result.names) == (0, [])
    failed = result.failed
    assert (failed.kind, failed.param, failed.billed) == (Kind.INVALID_REQUEST, param, Billed.NO)


async def test_a_request_goes_where_a_call_can_say_it(tmp_path: Path) -> None:
    """Two references go past a gateway that takes one, and an option past one that has no word."""
    known = replace(PAINTER, seed=SeedOption())
    first: Tables = {
        "edit": [Call(body={"prompt": "{prompt}", "image": "{image:data}", "seed": "{seed}"})]
    }
    second: Tables = editing({"prompt": "{prompt}", "images": ["{images:data}"]})
    one = attach_file(tmp_path / "one", b"abc")
    asked = [([one], None, "a"), ([one, one], None, "b"), ([one], 5, "a")]
    async with replay_gateway(*[ONE_PICTURE] * 3) as raw:
        gateways = (raw.gateway(name="a", calls=first), raw.gateway(name="b", calls=second))
        for order in (gateways, gateways[::-1]):
            raw.answers[:] = [ONE_PICTURE] * 3
            async with open_router(tmp_path, *order, known=(known,)) as router:
                for attached, seed, name in asked:
                    plain = router.new_request()
                    references = tuple(each.reference for each in attached)
                    wanted = replace(plain.image_request, references=references, seed=seed)
                    paths = tuple(each.path for each in attached)
                    request = replace(plain, image_request=wanted, references=paths)
                    heard = await collect_events(router.router.generate(request))
                    is_either = len(attached) == 1 and seed is None
                    assert heard.route == [order[0].name if is_either else name]


async def test_no_field_of_a_call_is_left_out(tmp_path: Path) -> None:
    """The body is the operator's: what the gateway does not know is a wrong table."""
    refusal = {"error": {"message": "Unknown parameter: 'user'.", "code": "unknown_parameter"}}
    body = {"prompt": "{prompt}", "user": "{user}"}
    raw, result = await capture_request(
        tmp_path,
        replace(PAINTER, user_field="user"),
        answers=(http_reply(400, refusal),),
        at_calls={"generate": [Call(body=body)]},
        user_tag="tag",
    )
    assert (raw.posts, result.failed.kind) == (1, Kind.INVALID_REQUEST)
    assert result.names == ["Sending"]


async def test_the_path_of_a_calls_task_outlives_the_process(tmp_path: Path) -> None:
    """Each kind of request is polled below its own path; the next process knows it, too."""
    accepted = http_reply(202, {"data": {"task_id": "t/1"}}, {"Location": "/elsewhere"})
    running = http_reply(200, {"status": "running"})
    done = http_reply(200, {"status": "succeeded", "data": [{"b64_json": b64(picture_bytes())}]})
    call = Call(path="/make", body={"prompt": "{prompt}"}, task="/v1/make/{model}/{task_id}?a=b")
    async with replay_gateway(accepted, running, done) as raw:
        gateway = raw.gateway(
            base_url=f"{raw.origin}/api/v3", calls={"generate": [call]}, query={"v": "2"}
        )
        async with open_router(tmp_path, gateway) as one:
            async with aclosing(one.router.generate(one.new_request())) as events:
                task = [await anext(events) for _ in range(3)][1]
            assert task == TaskAccepted("/api/v3/make/painter/t%2F1?a=b")
            heard = await collect_events(
                one.router.resume(one.new_request(), gateway="raw", task_id=task.task_id)
            )
    assert heard.has_pictures
    paths = [request.split(b" ")[1] for request in raw.requests]
    assert paths[0] == b"/api/v3/make?v=2"
    assert paths[1:] == [b"/api/v3/make/painter/t%2F1?a=b&v=2"] * 2


@pytest.mark.parametrize(("how", "asks"), [("address", 1), ("data", 0)])
async def test_fresh_addresses_are_asked_for_where_a_call_sends_them(
    how: str, asks: int, tmp_path: Path
) -> None:
    """Discord's own expire; nobody is asked where the picture itself is sent."""
    asked: list[Sequence[Reference]] = []

    async def renew(references: Sequence[Reference]) -> tuple[Reference, ...]:
        asked.append(references)
        return tuple(references)

    one = attach_file(tmp_path / "one", b"abc")
    calls = editing({"prompt": "{prompt}", "image": f"{{image:{how}}}"})
    async with replay_gateway(ONE_PICTURE) as raw:
        gateway = raw.gateway(calls=calls)
        async with open_router(tmp_path, gateway, known=(PAINTER,)) as router:
            plain = router.new_request()
            wanted = replace(plain.image_request, references=(one.reference,))
            request = replace(plain, image_request=wanted, references=(one.path,))
            heard = await collect_events(router.router.generate(request, renew_addresses=renew))
    assert heard.has_pictures
    assert isinstance(heard.events[0], Sending)
    assert len(asked) == asks
