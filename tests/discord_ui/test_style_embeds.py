"""The list of styles, however much was saved."""

import pytest

from bot.core.i18n.texts import Texts
from bot.core.models import ImageOptions, Reference
from bot.discord_ui.style_embeds import STYLES_ON_A_PAGE, StyleEmbeds, StylePage
from bot.preferences.server_styles import MAX_STYLES, ServerStyle
from tests.discord_ui.test_job_embeds_limits import assert_discord_takes
from tests.discord_ui.test_quota_embeds import HOSTILE

PICTURE = Reference("ab" * 32, "webp", 1)


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("filler", HOSTILE)
def test_the_longest_page_is_accepted(filler: str, locale: str) -> None:
    """Whatever admins typed, the list is shown, and its pictures are found."""
    long = (filler * 2_000)[:2_000]
    options = ImageOptions(
        prompt=long,
        model=long,
        size=long,
        n=10,
        quality=long,
        style=long,
        background=long,
        negative=long,
        strength=100,
    )
    styles = [ServerStyle(long[:50], options, 0, PICTURE)] * STYLES_ON_A_PAGE
    page = StylePage(styles, {PICTURE: b"x"}, 19, 20, MAX_STYLES)
    embeds = StyleEmbeds(Texts())
    shown, files = embeds.page(page, locale), embeds.files(page, locale)
    assert_discord_takes(shown)
    assert [each.thumbnail.url for each in shown[1:]] == [
        f"attachment://{file.filename}" for file in files
    ]
    names = embeds.names(styles * 20, locale, limit=500)
    assert len(names) <= 600


def test_a_style_tells_what_it_leaves_out_and_how_far_it_departs() -> None:
    """Whoever chooses it pays for that as well."""
    style = ServerStyle("Ink", ImageOptions(prompt="{prompt}", negative="*cars*", strength=35))
    page = StylePage([style], {}, 1, 1, 1)
    described = StyleEmbeds(Texts()).page(page, "en")[1].description
    assert str(described).endswith("without \\*cars\\* · strength 35%")
