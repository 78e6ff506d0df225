"""Typed commands are read as Discord reads them, or refused with a sentence that helps."""

from typing import Any

import pytest

from playground.typed_commands import NotUnderstood, read_command, read_options

Json = dict[str, Any]
NAMES = {
    "user": {"Ada": 100000000000000001, "Ben": 100000000000000002},
    "role": {"@everyone": 100000000000000003, "keeper": 100000000000000004},
    "channel": {"gallery": 100000000000000005},
}


def option(name: str, kind: str = "string", **more: Any) -> Json:
    plain: Json = {"required": False, "choices": [], "autocomplete": False}
    plain |= {"minLength": None, "maxLength": None, "minValue": None, "maxValue": None}
    return plain | {"name": name, "type": kind, "description": f"The {name}"} | more


def command(invocation: str, *options: Json) -> Json:
    return {
        "invocation": invocation,
        "options": list(options),
        "commandId": invocation,
        "path": invocation.split(),
        "schemaFingerprint": "sf",
    }


PAINT = command(
    "paint",
    option("prompt", required=True, minLength=1, maxLength=100),
    option("size", autocomplete=True),
    option("n", "integer", minValue=1, maxValue=10),
    option("finish", choices=[{"name": "Fine", "value": "hi"}, {"name": "Coarse", "value": "lo"}]),
    option("strength", "number", minValue=0, maxValue=1),
    option("hidden", "boolean"),
    option("sketch", "attachment"),
)
GIVE = command("give credits", option("to", "user", required=True), option("n", "integer"))
TAKE = command("give back", option("role", "role"), option("room", "channel"))
WHOM = command("whom", option("who", "mentionable", required=True))
USED = command("used")
ALL = (PAINT, GIVE, TAKE, WHOM, USED)


def read(text: str) -> tuple[str, Json]:
    found = read_command(text, ALL, NAMES)
    assert found is not None
    return found.entry["invocation"], dict(found.options)


def why(text: str) -> str:
    with pytest.raises(NotUnderstood) as refused:
        read_command(text, ALL, NAMES)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("/paint a boat", {"prompt": "a boat"}),
        ("/paint prompt: a boat", {"prompt": "a boat"}),
        ("/paint prompt:a boat size:1x1", {"prompt": "a boat", "size": "1x1"}),
        ("/paint a boat n: 4 size: 12x8", {"prompt": "a boat", "n": "4", "size": "12x8"}),
        ("/paint n: 4 prompt: a boat", {"prompt": "a boat", "n": "4"}),
        ("/paint  \n a\nboat\nn:\n4", {"prompt": "a\nboat", "n": "4"}),
        ("/paint a boat finish: fine", {"prompt": "a boat", "finish": "hi"}),
        ("/paint a boat finish: LO", {"prompt": "a boat", "finish": "lo"}),
        ("/paint a boat strength: 0.5", {"prompt": "a boat", "strength": "0.5"}),
        ("/paint a boat hidden: yes", {"prompt": "a boat", "hidden": True}),
        ("/paint a boat hidden: False", {"prompt": "a boat", "hidden": False}),
        ("/paint a boat size:", {"prompt": "a boat"}),
        ("/paint https://a.example/x at 12:30 --ar 16:9", None),
        ("/paint a poster that says: stay at home", None),
        ("/paint a boat colour: red", None),
        ("/paint {prompt}, watercolour", None),
        ("/paint a cat::2 dog::1", None),
    ],
)
def test_a_typed_command_is_the_command_with_its_options(
    text: str, options: dict[str, object] | None
) -> None:
    """Whoever pastes the README's line gets a picture, not a dead chat line."""
    assert read(text) == ("paint", options or {"prompt": text.removeprefix("/paint ")})


def test_the_longest_name_of_a_command_counts() -> None:
    """A command of a group is meant, however it is spaced."""
    assert read("/give  credits to: Ada n: 2")[0] == "give credits"
    assert read("/used") == ("used", {})
    assert read("/used  ") == ("used", {})


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("/give credits Ada", {"to": "100000000000000001"}),
        ("/give credits to: @ben", {"to": "100000000000000002"}),
        ("/give credits to: <@100000000000000002>", {"to": "100000000000000002"}),
        ("/give credits to: 100000000000000002", {"to": "100000000000000002"}),
        ("/give back role: keeper room: #gallery", None),
        ("/give back role: @keeper room: <#100000000000000005>", None),
        ("/whom everyone", {"who": "100000000000000003"}),
    ],
)
def test_people_roles_and_channels_are_known_by_name(
    text: str, options: dict[str, object] | None
) -> None:
    """Nobody knows the number of Ada."""
    both = {"role": "100000000000000004", "room": "100000000000000005"}
    assert read(text)[1] == (options or both)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/", "type / to see yours"),
        ("/pain a boat", "did you mean /paint?"),
        ("/xyzzy", "You have no command /xyzzy here"),
        ("/give", "please send one of them: /give credits and /give back."),
        ("/give nothing", "/give is a group of commands"),
        ("/paint", "/paint still needs prompt: (The prompt)"),
        ("/paint prompt:", "still needs prompt:"),
        ("/paint n: 4", "still needs prompt:"),
        ("/paint promt: a boat", "/paint has no option promt: did you mean prompt: ?"),
        ("/paint a boat sise: 1x1", "did you mean size: ?"),
        ("/paint colour: red and blue", "/paint has no option colour"),
        ("/paint a boat prompt: a ship", "“a boat” belongs to no option of /paint"),
        ("/paint a boat n: 2 n: 3", "n: is there twice"),
        ("/paint a boat n: four", "n: is a whole number from 1 to 10, so “four” cannot be used."),
        ("/paint a boat n: 11", "from 1 to 10"),
        ("/paint a boat n: 0", "from 1 to 10"),
        ("/paint a boat n: 1.5", "is a whole number"),
        (f"/paint a boat n: {'9' * 400}", "is a whole number"),
        ("/paint a boat strength: 2", "is a number from 0 to 1"),
        ("/paint a boat finish: glossy", "finish: is Fine or Coarse, so please write one"),
        ("/paint a boat hidden: perhaps", "hidden: is either True or False"),
        ("/paint a boat sketch: me.png", "sketch: is a file, which cannot be typed"),
        (f"/paint {'x' * 101}", "prompt: takes 100 characters at most"),
        ("/used now", "“now” belongs to no option of /used: please send it without anything"),
        ("/give credits Eve", "to: is Ada or Ben here, so “Eve” cannot be used."),
        ("/give credits 999999999999999999", "cannot be used"),
        ("/give back keeper", "it takes role: and room:"),
    ],
)
def test_what_cannot_be_run_is_one_sentence_that_helps(text: str, words: str) -> None:
    """A stranger is told how to go on, in one line."""
    said = why(text)
    assert words in said
    assert "\n" not in said


def test_chat_is_left_alone() -> None:
    """A word to Ben is no command."""
    for text in ("hello", "", "and/or", " /paint after a space", "n: 4"):
        assert read_command(text, ALL, NAMES) is None


def test_options_after_a_prompt_that_was_chosen_from_the_list_are_options() -> None:
    """``n: 4`` typed after the prompt is four pictures, not words that are painted."""
    chosen = {"prompt": "prompt: a boat n: 4 hidden: true", "sketch": {"upload": 0}}
    assert read_options(PAINT, chosen, NAMES) == {
        "prompt": "a boat",
        "n": "4",
        "hidden": True,
        "sketch": {"upload": 0},
    }
    plain = {"prompt": "a sign that says colour: red", "n": "2", "size": "x n: 4"}
    assert read_options(PAINT, plain, NAMES) == plain
    assert read_options(PAINT, {}, NAMES) == {}
    assert read_options(PAINT, {"prompt": 3}, NAMES) == {"prompt": 3}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prompt": "a boat n: 4", "n": "2"}, "n: is there twice"),
        ({"prompt": "a boat n: 44"}, "from 1 to 10"),
        ({"prompt": "n: 4"}, "still needs prompt:"),
        ({"prompt": "a boat siez: 16:9"}, "no option siez: did you mean size:"),
    ],
)
def test_a_wrong_option_after_a_prompt_is_told(options: Json, words: str) -> None:
    """What would have been paid for in vain is not sent."""
    with pytest.raises(NotUnderstood, match=words):
        read_options(PAINT, options, NAMES)
