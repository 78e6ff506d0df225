"""Prompts in what a chat model says: models number lists in many ways, and apologise."""

import pytest

from bot.jobs.suggestions import LONGEST_SUGGESTION, declines, prompts_in

PAIR = ("a red fox in snow", "a fox at dawn")


@pytest.mark.parametrize(
    "text",
    [
        "1. a red fox in snow\n2. a fox at dawn",
        "1) a red fox in snow\n\n2) a fox at dawn\n",
        "Here are the prompts:\n\n1. **a red fox in snow**\n2. “a fox at dawn”\n\nEnjoy!",
        "**1.** a red fox in snow\n**2.** a fox at dawn",
        "### Prompt 1: a red fox in snow\n### Prompt 2: a fox at dawn",
        "- a red fox in snow\n- a fox at dawn",
        "1. a red fox\n   in snow\n2. a fox\n   at dawn",
        "1、a red fox in snow\n2、a fox at dawn",
        '["a red fox in snow", "a fox at dawn"]',
        '```json\n["a red fox in snow", "a fox at dawn"]\n```',
        "```\n1. a red fox in snow\n2. a fox at dawn\n```",
        "a red fox in snow\n\na fox at dawn",
        "1. a red fox in snow\n2. a fox at dawn\n3. a red fox in snow",
    ],
)
def test_a_list_is_found_however_it_is_written(text: str) -> None:
    """A person gets prompts to paint, not numbers, stars and a greeting."""
    assert prompts_in(text) == PAIR


def test_more_than_four_are_left_out_and_fewer_are_fine() -> None:
    """There are four buttons."""
    assert len(prompts_in("\n".join(f"{n}. fox {n}" for n in range(1, 9)))) == 4
    assert prompts_in("just one fox") == ("just one fox",)
    assert prompts_in("") == ()


def test_a_long_prompt_is_cut() -> None:
    """Four of them must fit into one message."""
    assert len(prompts_in("1. " + "fox " * 1000)[0]) <= LONGEST_SUGGESTION


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "Sorry, I cannot describe real people.",
        "抱歉，我无法描述这张图片。",
        "This violates our content policy.",
    ],
)
def test_an_apology_is_no_prompt(text: str) -> None:
    """Nobody wants to pay for a picture of an apology."""
    assert prompts_in(text) == ()
    assert declines(text)


def test_a_prompt_about_an_apology_is_one() -> None:
    """In a list it was meant."""
    assert prompts_in("1. a fox says: I'm sorry") == ("a fox says: I'm sorry",)
