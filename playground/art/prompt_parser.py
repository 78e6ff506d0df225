"""The prompt parser: finds the words of a prompt that the painter can draw."""

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache, partial

from playground.art.texture import seeded

# A word in Latin letters is matched whole, with its common endings ("mountain" finds "mountains");
# Chinese is written without spaces and is matched anywhere.
MOOD_WORDS: Mapping[str, str] = {
    "neon": "neon cyberpunk synthwave vaporwave retrowave 霓虹 赛博",
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
    "boat": "boat ship sail sailing sailboat yacht schooner 船 帆",
    "cabin": "cabin hut cottage house home barn 小屋 房子",
}

BACKDROP_WORDS: Mapping[str, str] = {
    "forest": "forest wood woods woodland tree trees jungle pine birch 森林 树",
    "sea": "sea ocean wave waves beach coast island harbour harbor surf 海",
    "mountain": "mountain mountains peak peaks alps hill hills valley lake river volcano 山 湖",
}

# The backdrops that suit a subject; the first one unless another is asked for.
SUBJECT_BACKDROPS: Mapping[str, tuple[str, ...]] = {
    "fox": ("forest", "mountain"),
    "lighthouse": ("sea",),
    "boat": ("sea", "mountain"),
    "cabin": ("mountain", "forest", "sea"),
}
_SNOW = "snow snowy snowing snowfall blizzard winter christmas 雪"
_MOON = "moon moonlit moonlight 月"
_WATERCOLOUR = "watercolor watercolour aquarelle 水彩"
_ENDINGS = ("", "s", "es", "y", "ing")
_DEFAULT_MOODS = ("dusk", "sunset", "night", "dawn", "day", "mist", "autumn")


@dataclass(frozen=True, slots=True)
class ParsedPrompt:
    """What to paint. Without a backdrop, nothing in the prompt can be drawn."""

    backdrop: str | None
    subject: str | None
    mood: str
    is_snowing: bool
    is_moonlit: bool
    is_watercolour: bool


@lru_cache(maxsize=32)
def parse_prompt(prompt: str, negative: str = "") -> ParsedPrompt:
    """Parse a prompt; a mood that it leaves open depends on its hash, so is always the same.

    What the ``negative`` prompt names is left out, unless nothing else could be drawn.
    """
    text = prompt.casefold()
    asked, excluded = _spoken_in(prompt), _spoken_in(negative)

    def says(spoken: str) -> bool:
        return asked(spoken) and not excluded(spoken)

    subject = next((name for name, spoken in SUBJECT_WORDS.items() if asked(spoken)), None)
    backdrops = [name for name, spoken in BACKDROP_WORDS.items() if says(spoken)]
    if subject:
        suited = SUBJECT_BACKDROPS[subject]
        backdrops = [*(name for name in backdrops if name in suited), *suited]
        backdrops = [name for name in backdrops if not excluded(BACKDROP_WORDS[name])] or [
            suited[0]
        ]
    mood = next((name for name, spoken in MOOD_WORDS.items() if says(spoken)), None)
    moods = [name for name in _DEFAULT_MOODS if not excluded(MOOD_WORDS[name])]
    return ParsedPrompt(
        backdrop=next(iter(backdrops), None),
        subject=subject if subject and not excluded(SUBJECT_WORDS[subject]) else None,
        mood=mood or seeded("brief", text).choice(moods or _DEFAULT_MOODS),
        is_snowing=says(_SNOW),
        is_moonlit=says(_MOON),
        is_watercolour=says(_WATERCOLOUR),
    )


def weight_of(word: str) -> int:
    """Return how much of a picture a word decides: 2 for what is drawn, 1 for its light, or 0."""
    says = _spoken_in(word)
    if any(map(says, (*SUBJECT_WORDS.values(), *BACKDROP_WORDS.values()))):
        return 2
    return int(any(map(says, (*MOOD_WORDS.values(), _SNOW, _MOON, _WATERCOLOUR))))


def _spoken_in(prompt: str) -> Callable[[str], bool]:
    """Return what tells whether a prompt contains one of the spoken words."""
    text = prompt.casefold()
    return partial(_says, text, frozenset(re.findall(r"\w+", text)))


def _says(text: str, words: Set[str], spoken: str) -> bool:
    """Tell whether a prompt contains one of the spoken words."""
    return any(
        not words.isdisjoint(word + ending for ending in _ENDINGS)
        if word.isascii()
        else word in text
        for word in spoken.split()
    )
