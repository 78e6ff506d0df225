"""The select under several pictures and its buttons, in Discord's limits."""

import re
from pathlib import Path

import pytest

from bot.core.i18n.texts import Texts
from bot.core.models import Picture
from bot.discord_ui.buttons import ResultButton, result_buttons
from bot.discord_ui.deletion_question import DeletionAnswer, DeletionButton
from bot.discord_ui.picture_controls import (
    ChosenPicture,
    ModelOffer,
    PictureButton,
    PictureOffers,
    PictureSelect,
    picture_buttons,
)
from bot.discord_ui.picture_names import posted_numbers, resampled_name
from bot.jobs.courier import JobResult

JOB = "01a3185c-5000-700a-b6a8-d324a1149f9a"  # the same in all processes that collect tests
SNOWFLAKE = 10**19
TEMPLATES = [
    each.__discord_ui_compiled_template__
    for each in (ResultButton, PictureSelect, PictureButton, DeletionButton)
]


def result(*, kept: bool) -> JobResult:
    """Return a result of two pictures."""
    picture = Picture(Path("x.png"), "png", 8, 8, 9)
    return JobResult((picture, picture), 2, 1, 2, None, None, kept=kept)


@pytest.mark.parametrize(("kept", "rows"), [(True, 3), (False, 2)])
async def test_only_what_is_kept_can_be_chosen(kept: bool, rows: int) -> None:
    """The disk refused the files: a choice that always fails is none."""
    numbers = result(kept=kept).kept_numbers
    view = result_buttons(Texts(), JOB, "en", pictures=numbers)
    assert len(view.to_components()) == rows


@pytest.mark.parametrize("numbers", [(), (1,), (3,), (1, 2)])
async def test_one_picture_has_a_button_instead_of_a_select(numbers: tuple[int, ...]) -> None:
    """It keeps its number where it is the last of several that is left."""
    rows = result_buttons(Texts(), JOB, "en", pictures=numbers).to_components()
    ids = [item["custom_id"] for row in rows for item in row["components"]]
    only = f"easel:one:choose:{JOB}:{numbers[0]}" if len(numbers) == 1 else None
    assert [each for each in ids if ":choose:" in each] == ([only] if only else [])
    assert [len(row["components"]) for row in rows[:2]] == [3, 4 if only else 3]


@pytest.mark.parametrize("is_called", [True, False])
async def test_there_is_one_way_to_enlarge(is_called: bool) -> None:
    """Resampling beside an enlargement that is paid would only make people choose wrongly."""
    offer = ModelOffer("m", 2)
    offers = PictureOffers(
        reference=offer, enlarging=offer if is_called else None, may_resample=True, may_post=False
    )
    chosen = ChosenPicture(JOB, 2)
    (row,) = picture_buttons(Texts(), chosen, "en", offers).to_components()
    ids = [item["custom_id"].removesuffix(f":{JOB}:2") for item in row["components"]]
    last = f"easel:one:enlarge:{JOB}:2:2" if is_called else "easel:one:resample"
    assert ids == [f"easel:one:vary:{JOB}:2:2", "easel:one:use", last]
    label = "Enlarge · 2 credits" if is_called else "Enlarge 2× (resampled) · free"
    assert row["components"][-1]["label"] == label


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
async def test_everything_stays_within_discords_limits(locale: str) -> None:
    """Five rows, 25 options, labels of 80 and ids of 100 characters (components/reference)."""
    view = result_buttons(Texts(), JOB, locale, pictures=range(1, 60))
    chosen, offer = ChosenPicture(JOB, 10), ModelOffer("m" * 200, 10**11, is_other=True)
    offers = PictureOffers(reference=offer, enlarging=offer, may_resample=True, may_post=True)
    buttons = picture_buttons(Texts(), chosen, locale, offers)
    rows = [*view.to_components(), *buttons.to_components()]
    assert len(view.to_components()) <= 5
    for item in (item for row in rows for item in row["components"]):
        assert len(item["custom_id"]) <= 100
        assert len(item.get("label") or "") <= 80
        assert len(item.get("options", ())) <= 25


@pytest.mark.parametrize(
    "custom_id",
    [
        str(PictureButton("vary", ChosenPicture(JOB, 10), credits=10**11).item.custom_id),
        str(PictureButton("enlarge", ChosenPicture(JOB, 10), credits=10**11).item.custom_id),
        str(PictureButton("resample", ChosenPicture(JOB, 10)).item.custom_id),
        str(PictureButton("choose", ChosenPicture(JOB, 10)).item.custom_id),
        str(PictureButton("post", ChosenPicture(JOB, 1)).item.custom_id),
        str(DeletionButton(DeletionAnswer(JOB, is_yes=True, asked_id=SNOWFLAKE)).item.custom_id),
        f"easel:picture:{JOB}",
        f"easel:delete:{JOB}",
    ],
)
def test_an_id_is_read_by_one_kind_of_component(custom_id: str) -> None:
    """discord.py would hand a click to each of them."""
    assert len(custom_id) <= 100
    assert [bool(re.fullmatch(each, custom_id)) for each in TEMPLATES].count(True) == 1


def test_a_message_tells_which_pictures_it_shows() -> None:
    """By the names of the job's files; references and larger copies are none."""
    mine = f"easel-{JOB[-8:]}"
    enlarged = resampled_name(JOB, 4, "jpeg")
    names = [f"{mine}-10.png", f"{mine}-2.webp", f"{mine}-references.webp", "easel-12345678-3.png"]
    names.append(enlarged)
    assert posted_numbers(JOB, names) == [2, 10]
