"""The prompt parser: finds the words of a prompt that the painter can draw."""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

from playground.art.texture import seeded

# A word in Latin letters is matched whole, with its common endings ("mountain" finds "mountains");
# Chinese is written without spaces and is matched anywhere.
MOOD_WORDS: Mapping[str, str] = {
    "neon": "neon cyberpunk synthwave vaporwave retrowave 霓虹 赛博",
    "storm": "storm stormy thunderstorm tempest thunder lightning hurricane gale 风暴 暴风 雷",
    "winter": "winter snow ice icy frost frozen christmas arctic polar 雪 冬 冰",
    "autumn": "autumn fall maple october harvest pumpkin 秋 枫",
    "dusk": "dusk twilight evening gloaming 黄昏 傍晚 暮",
    "sunset": "sunset sundown golden 日落 夕阳 落日",
    "dawn": "dawn sunrise daybreak morning 黎明 日出 清晨 早晨 曙光",
    "night": "night midnight moon moonlit moonlight nocturn dark star starry 夜 月 星空",
    "mist": "mist fog foggy misty haze hazy cloudy 雾",
    "spring": "watercolor watercolour aquarelle spring pastel 水彩 春",
    "day": "day noon sunny summer bright blue 白天 夏 晴",
}

SUBJECT_WORDS: Mapping[str, str] = {
    "fox": "fox foxes vixen 狐",
    "lighthouse": "lighthouse beacon 灯塔",
    "balloon": "balloon airship zeppelin 热气球 气球",
    "boat": "boat ship sail sailing sailboat yacht schooner 船 帆",
    "cabin": "cabin hut cottage house home barn 小屋 房子",
}

BACKDROP_WORDS: Mapping[str, str] = {
    "forest": "forest wood woods woodland tree trees jungle pine birch 森林 树",
    "sea": "sea ocean wave waves beach coast island harbour harbor surf 海",
    "mountain": "mountain mountains peak peaks alps hill hills valley lake river volcano 山 湖",
}

WEATHER_WORDS: Mapping[str, str] = {
    "rain": "rain rainy raining drizzle downpour 雨",
    "snow": "snow snowy snowing snowfall blizzard winter christmas 雪",
}

# The backdrops that suit a subject; the first one unless another is asked for.
SUBJECT_BACKDROPS: Mapping[str, tuple[str, ...]] = {
    "fox": ("forest", "mountain"),
    "lighthouse": ("sea",),
    "balloon": ("mountain", "sea", "forest"),
    "boat": ("sea", "mountain"),
    "cabin": ("mountain", "forest", "sea"),
}
_ENDINGS = ("", "s", "es", "y", "ing")
_DEFAULT_MOODS = ("dusk", "sunset", "night", "dawn", "day", "mist", "autumn")


@dataclass(frozen=True, slots=True)
class ParsedPrompt:
    """What to paint. Without a backdrop, nothing in the prompt can be drawn."""

    backdrop: str | None
    subject: str | None
    mood: str
    weather: frozenset[str]
    is_moonlit: bool
    is_watercolour: bool


@lru_cache(maxsize=32)
def parse_prompt(prompt: str) -> ParsedPrompt:
    """Parse a prompt; a mood that it leaves open depends on its hash, so is always the same."""
    text = prompt.casefold()
    words = frozenset(re.findall(r"\w+", text))
    subject = next(iter(_found(SUBJECT_WORDS, text, words)), None)
    moods = _found(MOOD_WORDS, text, words)
    return ParsedPrompt(
        backdrop=_backdrop(subject, _found(BACKDROP_WORDS, text, words)),
        subject=subject,
        mood=moods[0] if moods else seeded("brief", text).choice(_DEFAULT_MOODS),
        weather=frozenset(_found(WEATHER_WORDS, text, words)),
        is_moonlit=_says("moon moonlit moonlight 月", text, words),
        is_watercolour=_says("watercolor watercolour aquarelle 水彩", text, words),
    )


def _backdrop(subject: str | None, asked: list[str]) -> str | None:
    if subject is None:
        return asked[0] if asked else None
    suited = SUBJECT_BACKDROPS[subject]
    return next((backdrop for backdrop in asked if backdrop in suited), suited[0])


def _found(table: Mapping[str, str], text: str, words: Set[str]) -> list[str]:
    return [name for name, spoken in table.items() if _says(spoken, text, words)]


def _says(spoken: str, text: str, words: Set[str]) -> bool:
    return any(_contains(text, words, word) for word in spoken.split())


def _contains(text: str, words: Set[str], word: str) -> bool:
    if not word.isascii():
        return word in text
    return not words.isdisjoint(word + ending for ending in _ENDINGS)
