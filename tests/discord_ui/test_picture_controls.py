"""The select under several pictures and its buttons, in Discord's limits."""

import re
from pathlib import Path

import pytest

from bot.core.i18n.texts import Texts
from bot.core.models import Picture
from bot.discord_ui.buttons import ResultButton, result_buttons
from bot.discord_ui.deletion_question import DeletionAnswer, DeletionButton
from bot.discord_ui.message_attachments import posted_numbers
from bot.discord_ui.picture_controls import (
    ChosenPicture,
    PictureButton,
    PictureSelect,
    ReferenceOffer,
    picture_buttons,
)
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


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
async def test_everything_stays_within_discords_limits(locale: str) -> None:
    """Five rows, 25 options, labels of 80 and ids of 100 characters (components/reference)."""
    view = result_buttons(Texts(), JOB, locale, pictures=range(1, 60))
    chosen, offer = ChosenPicture(JOB, 10), ReferenceOffer(10**11, "m" * 200)
    buttons = picture_buttons(Texts(), chosen, locale, offer=offer, may_post=True)
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
    """By the names of the job's files; those of other jobs and the references are none."""
    mine = f"easel-{JOB[-8:]}"
    names = [f"{mine}-10.png", f"{mine}-2.webp", f"{mine}-references.webp", "easel-12345678-3.png"]
    assert posted_numbers(JOB, names) == [2, 10]
