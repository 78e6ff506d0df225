"""What /settings, /preferences and /preset show, however much was set."""

import pytest
from discord.app_commands import Choice

from bot.core.i18n.texts import Texts
from bot.core.models import ImageOptions
from bot.discord_ui.settings_embeds import DefaultOptions, SettingsEmbeds, preset_page_count
from bot.preferences.stored_preferences import PersonalPreferences, Preset, ServerSettings

LONG = "**m** <@1> https://evil.example \u202e\u200b" + "x" * 4_000
PAINTED = DefaultOptions("m", "1x1", 1)
MANY = tuple(range(10**18, 10**18 + 500))


@pytest.fixture
def settings_embeds() -> SettingsEmbeds:
    """Return the embeds in English."""
    return SettingsEmbeds(Texts())


def test_the_largest_server_fits_on_its_card(settings_embeds: SettingsEmbeds) -> None:
    """Every channel, every role, two hundred models: no mention is cut, the rest is counted."""
    models = tuple(f"model-{number}" for number in range(200))
    settings = ServerSettings(models=models, channels=MANY, roles=MANY, moderation="low")
    embed = settings_embeds.changed_settings(
        settings, PAINTED, models=models, unmoderated=models, locale="en"
    )
    assert len(embed) < 6_000
    values = {str(field.name): str(field.value) for field in embed.fields}
    assert all(len(value) <= 1_024 for value in values.values())
    for name, mark in (("Channels", "<#"), ("Roles", "<@&")):
        *mentions, rest = values[name].replace(" and ", ", ").split(", ")
        assert all(mention.startswith(mark) and mention[-1] == ">" for mention in mentions)
        assert rest == f"{500 - len(mentions)} more"


def test_strangers_words_are_shown_as_they_were_typed(settings_embeds: SettingsEmbeds) -> None:
    """A model may be called anything by its operator, a preset by anybody."""
    options = ImageOptions(
        prompt=LONG, model=LONG, size=LONG, n=1, quality=LONG, style=LONG, background=LONG
    )
    presets = [Preset("<@1>https://" + "*" * 38, options, 0)] * 1_000
    embed = settings_embeds.presets(presets, 100, "en")
    assert 2_000 < len(str(embed.description)) <= 4_096
    assert "<@1>" not in str(embed.description)
    assert "https://" not in str(embed.description)
    card = settings_embeds.preferences(
        PersonalPreferences(), DefaultOptions(LONG, LONG, 1, LONG), locale="en", changed=True
    )
    assert "https://" not in str(card.fields[0].value)
    assert len(str(card.fields[0].value)) <= 1_024


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (10, 1), (11, 2), (1_000, 100)])
def test_ten_stand_on_a_page(settings_embeds: SettingsEmbeds, count: int, pages: int) -> None:
    """And every one of them on exactly one."""
    presets = [Preset(f"name{number}", ImageOptions(n=1), 0) for number in range(count)]
    assert preset_page_count(presets) == pages
    shown = "\n".join(
        str(settings_embeds.presets(presets, page, "en").description)
        for page in range(1, pages + 1)
    )
    assert [f"**name{number}**" for number in range(count)] == [
        line for line in shown.splitlines() if line.startswith("**")
    ]


def test_the_default_is_marked_in_its_place(settings_embeds: SettingsEmbeds) -> None:
    """Whatever its case; a long name gives way to the mark."""
    long = "x" * 100
    offered = [Choice(name="a", value="a"), Choice(name=long, value=long)]
    marked = settings_embeds.mark_default(offered, "X" * 100, "en")
    assert [choice.value for choice in marked] == ["a", long]
    assert marked[0].name == "a"
    assert len(marked[1].name) <= 100
    assert [choice.name for choice in settings_embeds.mark_default(offered, None, "en")] == [
        "a",
        long,
    ]
