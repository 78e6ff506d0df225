import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from bot.gateways.reply.prompt_masking import MASK, without_prompt

PROMPT = 'A lonely "lighthouse keeper" über the Ångström sea, 狐狸在月光下的森林里奔跑 in oil'
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "upper case": str.upper,
    "other white space": lambda text: text.replace(" ", "\n\t  "),
    "no white space": lambda text: text.replace(" ", ""),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "HTML": html.escape,
    "numeric entities": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "percent": quote,
    "form": quote_plus,
    "other punctuation": lambda text: text.replace(" ", "_").replace('"', "“"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "part", [PROMPT, PROMPT[:20], PROMPT[5:31], PROMPT[-40:], "狐狸在月光下的森林里"]
)
def test_a_part_is_found_in_every_spelling(spelling: str, part: str) -> None:
    """Logs are shared in bug reports; gateways cut, escape and reformat what they quote."""
    told = without_prompt(f"Bad prompt: '{SPELLINGS[spelling](part)}' (id 7)", PROMPT)
    assert told.startswith("Bad prompt: '")
    assert told.endswith("' (id 7)")
    assert told.count(MASK) >= 1
    left = told.removeprefix("Bad prompt: '").removesuffix("' (id 7)").replace(MASK, "")
    assert sum(map(str.isalpha, left)) <= 8


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("near a lonely lighthouse.", f"near {MASK}."),  # three words
        ("near 'onely lightho'", f"near '{MASK}'"),  # twelve characters
        ("the keeper of the sea", "the keeper of the sea"),  # single words stay
        ("a lonely place", "a lonely place"),
        ("", ""),
    ],
)
def test_how_much_is_a_part(text: str, told: str) -> None:
    """Three words or twelve characters; what remains still tells what happened."""
    assert without_prompt(text, PROMPT) == told


@pytest.mark.parametrize(
    ("prompt", "text", "told"),
    [
        ("red fox", "no 'Red  fox' here", f"no '{MASK}' here"),
        ("foxes", "foxes!", f"{MASK}!"),
        ("a b c", "no abc or a b c", f"no {MASK} or {MASK}"),
        ("fox", "a fox", "a fox"),
        ("", "a fox", "a fox"),
        ("....", "a fox....", "a fox...."),
    ],
)
def test_short_prompts_are_found_whole(prompt: str, text: str, told: str) -> None:
    """Two words are the whole prompt of some people."""
    assert without_prompt(text, prompt) == told


def test_it_takes_no_time() -> None:
    """A hostile gateway repeats the prompt's letters; the event loop must not wait for that."""
    prompt = "ab " * 10_000
    began = time.process_time()
    told = without_prompt("ab " * 1_300 + "\\\\" * 50, prompt)
    assert time.process_time() - began < 1
    assert told.startswith(MASK)
