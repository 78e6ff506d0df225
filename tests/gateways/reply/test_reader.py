import json
import time
from pathlib import Path

import pytest
from yarl import URL

from bot.core.models import TokenUsage
from bot.gateways.reply.download_spool import DownloadSpool
from bot.gateways.reply.reader import ParsedReply, read_reply
from bot.gateways.reply.streaming_json import MAX_STRINGS, StreamingJson
from tests.gateways.sample_pictures import b64, picture_bytes

PNG = picture_bytes()
BASE = URL("https://gw.example/sub/")
CDN = "https://cdn.example/a.webp?sig=%2Fx%3D"
REMOTE = URL(CDN, encoded=True)


def _reply(folder: Path, body: object) -> ParsedReply:
    with DownloadSpool(folder, "s", pictures=1) as spool:
        json_reader = StreamingJson(spool)
        json_reader.feed(body if isinstance(body, bytes) else json.dumps(body).encode())
        reply = read_reply(json_reader, BASE)
        for one in reply.pictures:
            assert isinstance(one.source, URL) or one.source.read_bytes() == PNG
    return reply


FILES: list[object] = [
    [{"b64_json": b64(PNG)}],
    {"b64_json": b64(PNG)},
    [{"b64_json": b64(PNG), "url": CDN}],
    [{"b64_json": "", "url": "", "image": b64(PNG)}],
    [{"b64_json": None, "url": "data:image/png;base64," + b64(PNG)}],
    [{"image_url": {"url": "DATA:image/png;base64," + b64(PNG)}}],
    ["data:image/png;base64," + b64(PNG)],
]


@pytest.mark.parametrize("data", FILES)
def test_pictures_inside_the_reply(data: object, tmp_path: Path) -> None:
    """Base64 becomes a file, whichever key it has."""
    found = _reply(tmp_path, {"data": data}).pictures
    assert [type(one.source) is not URL for one in found] == [True]


OTHER = "https://other.example/x"
HOLDERS: list[object] = [
    # Kling: the same picture with a watermark
    {"data": {"task_result": {"images": [{"index": 0, "url": CDN, "watermark_url": OTHER}]}}},
    # Replicate: what was sent, and where the task is
    {"input": {"input_image": OTHER}, "output": CDN, "urls": {"get": OTHER, "web": OTHER}},
    # Midjourney: the picture, and where Discord has it for a while
    {"imageUrl": CDN, "url": OTHER, "action": "IMAGINE"},
    {"imageUrls": [{"url": CDN}], "imageUrl": OTHER},
    {"data": {"data": {"data": [{"url": CDN}]}}},
    {"data": {"data": [{"url": CDN}]}},
    {"data": [{"url": CDN}], "url": "https://other.example/x"},
    {"result": {"data": [{"url": CDN}]}, "image_url": "https://other.example/x"},
    {"data": {"result": {"data": [{"url": CDN}]}}},
    {"data": {"images": [{"url": CDN}]}},
    {"data": [{"result": {"images": [{"url": [CDN]}]}}]},
    {"output": [CDN]},
    {"output": CDN, "urls": {"get": "https://other.example/x"}},
    {"results": [CDN]},
    {"data": {"task_result": {"images": [{"index": 0, "url": CDN}]}}},
    {"data": {"result_url": CDN}},
    {"data": {"image_urls": [CDN]}},
    {"result_url": CDN},
    {"image_url": CDN},
    {"url": CDN},
    {"data": {"image": CDN}},
    {"data": [], "url": CDN, "image": "https://other.example/reference"},
    [{"url": CDN}],
    {"error": {"message": "half"}, "data": [{"url": CDN}]},
]


@pytest.mark.parametrize("body", HOLDERS)
def test_where_pictures_lie(body: object, tmp_path: Path) -> None:
    """The keys that pictures are nested under, in their order."""
    assert [one.source for one in _reply(tmp_path, body).pictures] == [REMOTE]


SMALL = {kind: picture_bytes(kind, width=30, height=30, noise=True) for kind in ("png", "jpeg")}


@pytest.mark.parametrize("art", SMALL.values(), ids=SMALL)
@pytest.mark.parametrize(
    "body", ['{"images":["%s"]}', '{"data":{"image_base64":["%s"]}}', '["%s"]']
)
def test_a_small_picture_in_a_list(body: str, art: bytes, tmp_path: Path) -> None:
    """Its base64 is no id, and that of a JPEG, which begins with a slash, no address."""
    text = (body % b64(art)).encode()
    with DownloadSpool(tmp_path, "s", pictures=1) as spool:
        json_reader = StreamingJson(spool)
        json_reader.feed(text)
        (found,) = read_reply(json_reader, BASE).pictures
        assert isinstance(found.source, Path)
        assert found.source.read_bytes() == art


PATHS = ["/works/2026/11/29/abc.png", "/workspace/outputs/abc.png", "/works/2026/abc"]
PATHS += ["/9j/2026/abc.png", "/wp/2026/abc", "/works/2026/ab/c"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", ['{"data":[{"url":"%s"}]}', '{"output":["%s"]}', '["%s"]'])
def test_a_path_that_begins_like_base64(body: str, path: str, tmp_path: Path) -> None:
    """Of a picture, as far as its first bytes tell; it is an address all the same."""
    (found,) = _reply(tmp_path, (body % path).encode()).pictures
    assert found.source == BASE.join(URL(path))


LONG = b64(picture_bytes("jpeg", width=90, height=60, noise=True)) + "/????"


@pytest.mark.parametrize(
    "text", [LONG, "data:image/png;base64,?/o", "data:text/plain,a/?", "data:/x"], ids=len
)
def test_data_that_is_no_picture_is_no_path(text: str, tmp_path: Path) -> None:
    """Nobody could download it."""
    assert not _reply(tmp_path, {"data": [{"url": text}]}).pictures


@pytest.mark.parametrize("key", ["image", "b64_json", "url"])
def test_very_many_short_strings(key: str, tmp_path: Path) -> None:
    """Each could become a file, while nothing else of the bot runs."""
    body = {"data": [{key: "data:image/png;base64,AAAA"}] * 20_000}
    with DownloadSpool(tmp_path, "s", pictures=1) as spool:
        json_reader = StreamingJson(spool)
        json_reader.feed(json.dumps(body).encode())
        read_reply(json_reader, BASE)
        assert len(list(tmp_path.iterdir())) <= MAX_STRINGS


def test_a_very_long_list(tmp_path: Path) -> None:
    """No request asks for so many pictures."""
    found = _reply(tmp_path, {"data": [{"url": CDN}] * 20_000}).pictures
    assert len(found) == 1000


def test_a_small_picture_in_words(tmp_path: Path) -> None:
    """It is longer than an address, and stays in the text all the same."""
    words = f"Here: ![a](data:image/png;base64,{b64(SMALL['png'])}) and ![b]({CDN})"
    body = {"choices": [{"message": {"content": words}}]}
    with DownloadSpool(tmp_path, "s", pictures=2) as spool:
        json_reader = StreamingJson(spool)
        json_reader.feed(json.dumps(body).encode())
        first, second = read_reply(json_reader, BASE).pictures
        assert isinstance(first.source, Path)
        assert first.source.read_bytes() == SMALL["png"]
        assert second.source == REMOTE


WRITTEN: list[tuple[object, list[URL]]] = [
    (f"![图片]({CDN})\n\n", [REMOTE]),
    (f"Here: ![a]({CDN}) and ![b](/b.png)", [BASE.join(URL("/b.png"))]),
    (f"Here: ![a]({CDN}) and ![b](/b.png) and ![a]({CDN})", [REMOTE]),
    ("See https://cdn.example/a.PNG?x=1, please", [URL("https://cdn.example/a.PNG?x=1")]),
    ("(https://cdn.example/a.jpeg)", [URL("https://cdn.example/a.jpeg")]),
    ([{"type": "text", "text": f"![]({CDN})"}], [REMOTE]),
    ([{"type": "image_url", "image_url": {"url": CDN}}], [REMOTE]),
    ([{"type": "text"}, None, 3], []),
    ("I cannot draw https://example.com/about", []),
    ("![broken](http://[)", []),
    (None, []),
]


@pytest.mark.parametrize(("content", "found"), WRITTEN)
def test_pictures_in_words(content: object, found: list[URL], tmp_path: Path) -> None:
    """Row 13: some gateways paint through chat completions."""
    body = {"choices": [{"message": {"role": "assistant", "content": content}}, None, {}]}
    assert [one.source for one in _reply(tmp_path, body).pictures] == found
    elsewhere = {"message": {"content": content}, "content": content, "choices": 3}
    assert _reply(tmp_path, elsewhere).pictures == ()


def test_pictures_beside_words(tmp_path: Path) -> None:
    """OpenRouter's way."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + b64(PNG)}}
    body = {"choices": [{"message": {"content": "a fox", "images": [image]}}]}
    assert len(_reply(tmp_path, body).pictures) == 1


@pytest.mark.parametrize("art", [PNG, picture_bytes(width=90, height=60, noise=True)])
@pytest.mark.parametrize("words", ["![a]({})", "Ein Fuchs, 狐狸 \\n\\n![a]( {})\\n and more"])
@pytest.mark.parametrize("piece", [7, 9999, 99_999])
def test_base64_in_words(art: bytes, words: str, piece: int, tmp_path: Path) -> None:
    """A markdown image holds the whole picture; it becomes a file like any other."""
    content = words.format("data:image\\/png;base64," + b64(art).replace("/", "\\/"))
    body = f'{{"choices":[{{"message":{{"content":"{content}"}}}}]}}'.encode()
    with DownloadSpool(tmp_path, "s", pictures=1) as spool:
        json_reader = StreamingJson(spool)
        for at in range(0, len(body), piece):
            json_reader.feed(body[at : at + piece])
        (found,) = read_reply(json_reader, BASE).pictures
        assert isinstance(found.source, Path)
        assert found.source.read_bytes() == art


def test_depth_has_an_end(tmp_path: Path) -> None:
    """A reply of boxes in boxes is no puzzle to be solved."""
    body: object = {"url": CDN}
    for _ in range(20):
        body = {"data": body}
    assert _reply(tmp_path, body).pictures == ()
    assert _reply(tmp_path, body).usage is None


ADDRESSES: list[tuple[object, URL]] = [
    ([{"url": CDN}], REMOTE),
    ({"url": CDN}, REMOTE),
    ([CDN], REMOTE),
    ([{"b64_json": "", "url": CDN, "revised_prompt": ""}], REMOTE),
    ([{"b64_json": None, "image_url": f" {CDN}\n"}], REMOTE),
    ([{"image": CDN}], REMOTE),
    ([{"image_url": {"url": CDN}}], REMOTE),
    ([{"url": "/generated/a.png"}], URL("https://gw.example/generated/a.png")),
    ([{"url": "generated/a.png"}], URL("https://gw.example/sub/generated/a.png")),
]


@pytest.mark.parametrize(("data", "address"), ADDRESSES)
def test_addresses_of_pictures(data: object, address: URL, tmp_path: Path) -> None:
    """Signed addresses stay as they are; relative ones belong to the gateway."""
    assert [one.source for one in _reply(tmp_path, {"data": data}).pictures] == [address]


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        "",
        3,
        [None],
        [{}],
        [{"url": "", "b64_json": ""}],
        [{"url": "task-1"}],
        [{"url": "http://["}],
    ],
)
def test_replies_without_a_picture(data: object, tmp_path: Path) -> None:
    """All of these came with status 200."""
    assert _reply(tmp_path, {"created": "2026-11-20", "data": data}).pictures == ()


@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b'"x"', b"{", b"[" * 99_999, b"\xff\xfe"])
def test_bodies_that_are_no_reply(body: bytes, tmp_path: Path) -> None:
    """Nothing found, and nothing raised."""
    assert _reply(tmp_path, body).pictures == ()


def test_bad_manners_inside_strings(tmp_path: Path) -> None:
    """Raw line breaks, half a surrogate pair and broken UTF-8 must not cost a picture."""
    body = b'{"data":[{"url":"https://cdn.example/a","revised_prompt":"a\nb\\ud83d\xff\\u0000"}]}'
    found = _reply(tmp_path, body).pictures
    assert found[0].revised_prompt == "a\nb?\ufffd"


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}, TokenUsage(5, 7)),
        ({"prompt_tokens": 5, "completion_tokens": 7}, TokenUsage(5, 7)),
        ({"input_tokens": 0, "prompt_tokens": 5, "output_tokens": 14417.92}, TokenUsage(5, 14418)),
        ({"output_tokens": 7, "input_tokens": None}, TokenUsage(0, 7)),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, None),
        ({"input_tokens": "5", "output_tokens": float("nan")}, None),
        ({"input_tokens": -5, "output_tokens": float("inf")}, None),
        ({"input_tokens": 10**30}, TokenUsage(2**63 - 1, 0)),
        ({"input_tokens": 10**400, "output_tokens": True}, TokenUsage(2**63 - 1, 1)),
        (None, None),
        ([], None),
    ],
)
def test_usage(usage: object, read: TokenUsage | None, tmp_path: Path) -> None:
    """Both spellings, floats, and zeros that mean unknown."""
    assert _reply(tmp_path, {"data": [], "usage": usage}).usage == read


@pytest.mark.parametrize("text", ["[1," * 20_000, '{"a":' * 20_000, "[" + "1," * 60_000])
def test_a_cut_reply_is_repaired_in_little_time(text: str, tmp_path: Path) -> None:
    """It is done in the event loop: a minute of it would cost the connection to Discord."""
    with DownloadSpool(tmp_path, "slot-0", pictures=1) as spool:
        json_reader = StreamingJson(spool)
        json_reader.feed(text.encode())
        began = time.thread_time()
        read_reply(json_reader, URL("https://a.example"))
        assert time.thread_time() - began < 1


SEEDS: list[tuple[object, list[int | None]]] = [
    ({"data": [{"url": CDN, "seed": 5}]}, [5]),
    ({"data": [{"url": CDN, "seed": 0}, {"url": CDN}]}, [0, None]),
    ({"type": "image_generation.completed", "b64_json": b64(PNG), "seed": 5}, [5]),
    ({"data": [{"url": CDN, "seed": "4294967295"}]}, [4294967295]),
    ({"images": [{"url": CDN}, {"url": CDN}], "seed": 7}, [7, 7]),
    ({"images": [CDN, CDN], "seeds": [7, 8]}, [7, 8]),
    ({"data": {"images": [{"url": CDN}], "seed": 7}}, [7]),
    ({"code": 0, "data": {"data": [{"url": CDN, "seed": 5}]}}, [5]),
    ({"data": [{"url": CDN, "seed": 5}], "seed": 7}, [5]),
    ({"data": [{"url": CDN}], "input": {"seed": 7}}, [None]),
    ({"data": [{"url": CDN}], "seeds": ["x", 8]}, [None]),
    ({"data": [{"url": CDN}], "seeds": []}, [None]),
]
NO_SEEDS: list[object] = [
    *(-1, 2**63, 10**30, 1.5, True, None, "", "x", "-1", "٣", "9" * 5000),
    [5],
    {},
]
SEEDS += [({"data": [{"url": CDN, "seed": wrong}]}, [None]) for wrong in NO_SEEDS]


@pytest.mark.parametrize(("body", "seeds"), SEEDS)
def test_the_seed_beside_a_picture_or_the_reply(
    body: object, seeds: list[int | None], tmp_path: Path
) -> None:
    """With it the picture can be painted again; a wrong one must not cost the picture."""
    assert [one.seed for one in _reply(tmp_path, body).pictures] == seeds
