"""The painter's chat model: prompts for a picture, which the painter itself can draw."""

from typing import Any

import pytest

from playground.art.composer import can_draw
from playground.painter.chat import SEER
from tests.playground.painter_client import Client, data_uri, plain, serving

CHAT = "/v1/chat/completions"


def asked(*uris: str, words: str = "Describe it.") -> dict[str, object]:
    """Return the body of a question about pictures."""
    images = [{"type": "image_url", "image_url": {"url": uri}} for uri in uris]
    content = [{"type": "text", "text": words}, *images]
    return {"model": SEER, "messages": [{"role": "user", "content": content}]}


async def said(client: Client, body: dict[str, object]) -> list[str]:
    """Return the lines of an answer."""
    async with client.post(CHAT, json=body) as response:
        assert response.status == 200, await response.text()
        answer: dict[str, Any] = await response.json()
    return str(answer["choices"][0]["message"]["content"]).split("\n")


@pytest.mark.parametrize("colour", ["black", "navy", "orange", "white", "lightblue", "peachpuff"])
async def test_a_picture_gets_four_prompts_that_the_painter_draws(colour: str) -> None:
    """Whoever tries a button sees a picture, not a poster with words."""
    async with serving() as client:
        lines = await said(client, asked(data_uri(plain(colour))))
        assert lines == await said(client, asked(data_uri(plain(colour))))
    assert [line[:3] for line in lines] == ["1. ", "2. ", "3. ", "4. "]
    assert all(can_draw(line[3:], "") for line in lines)
    assert len(set(lines)) == 4


async def test_words_alone_get_one_prompt_with_more_of_them() -> None:
    """As the model of an operator improves a prompt."""
    async with serving() as client:
        (line,) = await said(client, asked(words="a fox"))
    assert line.startswith("1. a fox, ")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": SEER}, "messages"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages"),
        (asked("https://example.org/x.png"), "messages"),
        (asked("data:image/png;base64,AAAA"), "messages"),
    ],
    ids=["nothing", "a number", "an address", "no picture"],
)
async def test_a_wrong_question_is_told_as_openai_does(body: dict[str, object], param: str) -> None:
    """Which field, and that nothing was done."""
    async with serving() as client, client.post(CHAT, json=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]["param"] == param


async def test_it_fails_by_chance_as_the_painter_does() -> None:
    """The page's --fail-rate is for texts, too."""
    async with serving(fail_rate=1.0) as client:
        body = asked(data_uri(plain("red")))
        async with client.post(CHAT, json=body) as response:
            assert response.status == 500
