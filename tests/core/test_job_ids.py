"""Ids of jobs: they sort by time, and each is its own."""

from itertools import pairwise
from uuid import UUID

from bot.core.job_ids import new_job_id

NOON = 1_700_000_000_000


def test_jobs_of_one_millisecond_keep_their_order() -> None:
    """The line, the lists and the terminal sort by id; each is a UUIDv7 of its own."""
    ids = [new_job_id(NOON + at // 3000) for at in range(6000)]
    wrapped = [number for number, (a, b) in enumerate(pairwise(ids)) if a > b]
    assert len(wrapped) <= 2, "the counter begins anew only after 4096 jobs"
    assert len(set(ids)) == len(ids)
    assert {UUID(id_).version for id_ in ids} == {7}
    assert {UUID(id_).variant for id_ in ids} == {"specified in RFC 4122"}
    assert {UUID(id_).int >> 80 for id_ in ids} == {NOON, NOON + 1}
