"""Words beside the cards, at their longest."""

from bot.delivery.notes import Notes
from bot.domain import ImageRequest, Job, JobState, Requester, new_job_id
from bot.i18n.texts import Texts

NOTES = Notes(Texts())
# Every letter has to be disarmed.
JOB = Job(
    new_job_id(0),
    ImageRequest("*" * 4000, "_" * 200, "auto", 1),
    Requester(1, 2, "Ada"),
    1,
    1_800_000_000_000,
)


def test_the_longest_history_fits_into_an_embed() -> None:
    """Discord refuses a description above 4,096 characters, and the person would see nothing."""
    embed = NOTES.history([(JOB, JobState.DONE)] * 25)
    assert len(str(embed.description)) <= 4096
    assert len(str(embed.description).splitlines()) == 25


def test_the_longest_choice_fits_into_a_select() -> None:
    """A label has at most 100 characters."""
    assert len(NOTES.past_label(25, JOB)) <= 100
