"""The form in Discord's limits, whatever the result was."""

import pytest

from bot.core.i18n.texts import Texts
from bot.discord_ui.modals import NOTHING, FormDefaults, edit_form, picture_choice

LONG = FormDefaults(
    prompt="🦊" * 5_000,
    model="m" * 200,
    credits={"m" * 200: 10**9, **{f"model-{number}": 10**9 for number in range(60)}},
    size="1024x1024" * 9,
    count=10,
    pictures=range(1, 40),
    references=5,
    start=picture_choice(1),
)


async def test_a_form_is_not_kept_by_discord_py() -> None:
    """A thousand opened forms that nobody sends cost no memory: their answers carry all."""
    assert edit_form(Texts(), "easel:edited:x", LONG, "en").is_finished()


async def test_a_long_form_stays_within_discords_limits() -> None:
    """Components reference: 4,000 characters, 25 options of 100, the one that stands among them."""
    payload = edit_form(Texts(), "easel:edited:x", LONG, "en").to_dict()
    prompt, model, size, start, _ = (label["component"] for label in payload["components"])
    descriptions = [label.get("description") for label in payload["components"]]
    assert [len(each) <= 100 for each in descriptions if each] == [True]
    assert len(prompt["value"]) <= prompt["max_length"] == 4_000
    assert len(size["value"]) <= size["max_length"]
    for select in (model, start):
        assert len(select["options"]) == 25
        assert [option["default"] for option in select["options"]].count(True) == 1
        assert all(len(option.get("description") or "") <= 100 for option in select["options"])
        assert all(len(option["label"]) <= 100 for option in select["options"])
        assert all(len(option["value"]) <= 100 for option in select["options"])


@pytest.mark.parametrize(
    ("pictures", "references", "labels"),
    [
        ((), 0, ["The prompt alone"]),
        ((1,), 0, ["The prompt alone", "This picture"]),
        ((), 3, ["The prompt alone", "The 3 reference images it was made from"]),
        ((2, 4), 0, ["The prompt alone", "Picture 2", "Picture 4"]),
    ],
)
async def test_only_what_is_kept_is_offered(
    pictures: tuple[int, ...], references: int, labels: list[str]
) -> None:
    """Numbers are those of the card, also where some are kept no longer."""
    offer = FormDefaults(
        prompt="a fox",
        model="m",
        credits={"m": 1},
        size="auto",
        count=1,
        pictures=pictures,
        references=references,
        start=NOTHING,
    )
    payload = edit_form(Texts(), "easel:edited:x", offer, "en").to_dict()
    options = payload["components"][3]["component"]["options"]
    assert [option["label"] for option in options] == labels
