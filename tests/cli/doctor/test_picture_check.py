"""The place of the pictures: the doctor says what a start would refuse."""

from pathlib import Path

from bot.cli.doctor.finding import Sign
from tests.cli.doctor.installation import Installation, of
from tests.images.fake_s3 import BUCKET, KEY_ID, REGION, SECRET, FakeS3, fake_s3


def variables(s3: FakeS3, **changes: str) -> dict[str, str]:
    """Return what an operator sets for a bucket."""
    return {
        "CONTENT_STORE_URL": f"s3://{BUCKET}/easel",
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": s3.url,
        **changes,
    }


async def test_a_bucket_is_really_written_and_left_as_it_was(installation: Installation) -> None:
    """A key that may only read would lose every picture."""
    async with fake_s3() as s3:
        installation.set(**variables(s3))
        found = of(await installation.examined(), "pictures")
        assert (found.sign, found.facts) == (
            Sign.FINE,
            f"s3://{BUCKET}/easel can be read and written",
        )
        assert s3.objects == {}
    assert list(installation.folder.iterdir()) == []


async def test_a_wrong_secret_is_told_and_not_shown(installation: Installation) -> None:
    """The operator may post the doctor's output when asking for help."""
    async with fake_s3() as s3:
        wrong = variables(s3, AWS_SECRET_ACCESS_KEY="another-secret")
        assert await installation.reported(**wrong) == 1
    said = "\n".join(installation.said)
    assert "refuses the bucket pictures (access denied): correct" in said
    assert not [key for key in ("another-secret", KEY_ID, SECRET) if key in said]


async def test_a_storage_that_is_off_and_a_missing_folder(
    installation: Installation, tmp_path: Path
) -> None:
    """Each with what to look at."""
    async with fake_s3() as s3:
        pass
    installation.set(**variables(s3))
    found = of(await installation.examined(), "pictures")
    assert (found.sign, found.facts) == (Sign.WRONG, f"s3://{BUCKET}/easel does not answer")
    there = str(tmp_path / "mount")
    found = of(await installation.examined(CONTENT_STORE_URL=there), "pictures")
    assert (found.sign, found.facts) == (Sign.WRONG, "cannot be kept")
    assert "mount or create it" in found.fix
