"""Suggestions: prompts for a picture or for other words, which the painter can draw."""

from collections.abc import Sequence

from PIL import Image, ImageStat

from playground.art.texture import seeded

_SUBJECTS = (
    "a lighthouse above the sea",
    "a sailing boat between mountains",
    "a fox at the edge of a forest",
    "a small cabin by a lake",
)
_DARK, _BRIGHT = 80, 170  # of 255
_TINGE = 12  # so much more red than blue, or less, is warm or cold


def suggest_for_picture(picture: Image.Image) -> Sequence[str]:
    """Return four prompts with the light of a picture."""
    small = picture.convert("RGB").resize((8, 8))
    mood = _mood(small)
    subjects = seeded("seer", small.tobytes().hex()).sample(_SUBJECTS, len(_SUBJECTS))
    endings = (mood, f"{mood}, seen from afar", f"{mood}, after rain", f"{mood}, watercolour")
    return [f"{subject} {ending}" for subject, ending in zip(subjects, endings, strict=True)]


def suggest_for_words(words: str) -> Sequence[str]:
    """Return one prompt that says more than the words."""
    return [f"{words.strip()}, at dusk, in soft mist, seen from afar"]


def _mood(picture: Image.Image) -> str:
    """Return words for the light of a picture, which the painter knows."""
    red, green, blue = ImageStat.Stat(picture).mean
    brightness = (red + green + blue) / 3
    if brightness < _DARK:
        return "under a starry night sky"
    if red - blue > _TINGE:
        return "at sunset" if brightness < _BRIGHT else "in autumn"
    if blue - red > _TINGE:
        return "at dusk" if brightness < _BRIGHT else "in fresh snow"
    return "in morning mist"
