from dataclasses import replace
from pathlib import Path

import pytest
from yarl import URL

from bot.core.models import Reference, ReferenceSource
from bot.gateways.reply.sent_pictures import SentPictures

SENT = "https://cdn.discordapp.com/attachments/1/22/a%20fox.png?ex=1&is=2&hm=3"
POSTED = SENT.replace("a%20fox", "easel-0123abcd-1")
SOURCES = {
    "a message": (SENT, ReferenceSource("22/a fox.png", channel_id=1, message_id=5)),
    "a job": (POSTED, ReferenceSource("easel-0123abcd-1.png", job_id="j")),
}


@pytest.mark.parametrize(("url", "source"), SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize("is_restarted", [False, True])
def test_the_address_of_a_reference_is_recognised(
    url: str, source: ReferenceSource, is_restarted: bool
) -> None:
    """Also after a restart, which forgets the address, and where another host serves it."""
    reference = Reference("0" * 64, "png", 10, url=url, fetched_at=1, source=source)
    sent = SentPictures((replace(reference, url=None) if is_restarted else reference,))
    assert sent.include(URL(url))
    assert sent.include(URL(url.replace("ex=1", "ex=9")))
    assert not sent.include(URL(url.replace("-1.png", "-2.png").replace("22/a", "23/a")))
    assert not sent.include(URL(url.replace("cdn.discordapp.com", "cdn.example")))


def test_without_references_nothing_is_one(tmp_path: Path) -> None:
    """A request of words alone."""
    (tmp_path / "a").write_bytes(b"a")
    assert not SentPictures().include(URL(SENT))
    assert not SentPictures().include(tmp_path / "a")
