import time

import pytest

from bot.gateways.reply.picture_targets import picture_targets

A, B = "https://cdn.example/a.png", "https://cdn.example/b"
DATA = "data:image/png;base64,iVBORw0="
HELD = "0123456789abcdef0123456789abcdef:7"


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        (f"![a]({A}) {B}.png", [A]),
        (f"![]({B})", [B]),
        (f"![{A}]({A})", [A]),
        (f"![a]( <{A}> )", [A]),
        (f'![a]({A} "a title")', [A]),
        (f"![a]({DATA}) ![b]({HELD})", [DATA, HELD]),
        ("![a](https://cdn.example/a_(1).png)", ["https://cdn.example/a_(1).png"]),
        (f"[![a]({A})](https://other.example/x.png)", [A]),
        (f"![{'a prompt, ' * 60}]({A})", [A]),
        (f'<img src="{B}?x=1&amp;y=2">', [f"{B}?x=1&y=2"]),
        (f"<IMG width=3 SRC='{A}'/>", [A]),
        (f"<img src={A}>", [A]),
        (f"see {DATA}, please", [DATA]),
        (f"see {HELD}", [HELD]),
        (f"It is at {A}?x=1.", [f"{A}?x=1"]),
        (B, [B]),
        (f" {B} ", [B]),
        (f"[download]({A})", []),
        (f"[download](<{A}>)", []),
        (f"See {B}", []),
        (f"![a] ({A}) [x]({A})", [A]),
        ("", []),
    ],
)
def test_where_pictures_are(text: str, targets: list[str]) -> None:
    """Markdown before tags before bare ones; a plain link is none."""
    assert list(picture_targets(text)) == targets


@pytest.mark.parametrize(
    "unit", ["![", "![](", "<img ", "https://", "](https://a", "![a](https://a/(", "<img src="]
)
def test_any_text_takes_little_time(unit: str) -> None:
    """It is read in the event loop, up to 24 KiB of it."""
    began = time.thread_time()
    picture_targets(unit * (24_000 // len(unit)))
    assert time.thread_time() - began < 0.5
