"""The brief: what a prompt asks for, as far as this painter understands words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from playground.art.texture import chance

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
    "night": "night midnight moon moonlit moonlight nocturn dark star starry firefly fireflies "
    "夜 月 星空",
    "mist": "mist fog foggy misty haze hazy cloudy 雾",
    "garden": "watercolor watercolour aquarelle spring pastel 水彩 春",
    "day": "day noon sunny summer bright blue 白天 夏 晴",
}

SUBJECT_WORDS: Mapping[str, str] = {
    "fox": "fox foxes vixen 狐",
    "cat": "cat cats kitten kitty 猫",
    "whale": "whale orca 鲸",
    "station": "station satellite spaceship spacecraft starship astronaut 空间站 飞船",
    "rocket": "rocket shuttle 火箭",
    "lighthouse": "lighthouse beacon 灯塔",
    "castle": "castle fortress palace tower dragon knight 城堡",
    "balloon": "balloon airship zeppelin 热气球 气球",
    "boat": "boat ship sail sailing sailboat yacht schooner 船 帆",
    "cabin": "cabin hut cottage house home barn 小屋 房子",
    "space": "space planet galaxy cosmos cosmic nebula saturn jupiter mars orbit alien "
    "太空 宇宙 行星 星球",
    "abstract": "abstract composition pattern geometric bauhaus minimal shapes 抽象",
    "city": "city skyline skyscraper town street urban tokyo york metropolis building "
    "downtown 城市 都市",
    "garden": "garden flower flowers floral bouquet rose tulip daisy poppy blossom meadow 花",
    "desert": "desert dune dunes sahara cactus oasis camel pyramid 沙漠",
    "forest": "forest wood woods woodland tree trees jungle pine birch 森林 树",
    "sea": "sea ocean wave waves beach coast island harbour harbor surf 海",
    "mountain": "mountain mountains peak peaks alps hill hills valley lake river volcano 山 湖",
}

WEATHER_WORDS: Mapping[str, str] = {
    "rain": "rain rainy raining drizzle downpour 雨",
    "snow": "snow snowy snowing snowfall blizzard winter christmas 雪",
    "leaves": "autumn fall maple leaves 秋 落叶",
    "fireflies": "firefly fireflies 萤火虫",
    "aurora": "aurora northern 极光",
    "birds": "bird birds gull gulls seagull geese 鸟 海鸥",
}

# Where a motif feels at home, and which other places it also accepts.
HOMES: Mapping[str, tuple[str, ...]] = {
    "fox": ("forest", "mountain", "desert", "city"),
    "cat": ("city", "mountain", "sea", "forest", "desert"),
    "whale": ("sea",),
    "station": ("space",),
    "rocket": ("space", "desert", "mountain"),
    "lighthouse": ("sea",),
    "castle": ("mountain", "sea", "forest", "desert"),
    "balloon": ("mountain", "desert", "sea", "city", "forest"),
    "boat": ("sea", "mountain"),
    "cabin": ("mountain", "forest", "sea", "desert"),
}
PLACES = ("space", "abstract", "city", "garden", "desert", "forest", "sea", "mountain")
_OWN_MOOD = {"desert": "desert", "space": "space", "garden": "garden"}
_ANY_MOOD = ("dusk", "sunset", "night", "dawn", "day", "mist", "autumn")
_DREAMS = ("abstract", "abstract", "abstract", "mountain", "sea", "forest", "desert")


@dataclass(frozen=True, slots=True)
class Brief:
    """What to paint: a place, perhaps something in it, the mood and the weather."""

    place: str
    motif: str | None
    mood: str
    weather: frozenset[str]
    moonlit: bool
    watercolour: bool

    @property
    def subject(self) -> str:
        """Name what the picture is of."""
        return self.motif or self.place


def read(prompt: str) -> Brief:
    """Read a prompt; what it leaves open is decided by its hash, so always alike."""
    words = prompt.casefold()
    whim = chance("brief", words)
    subjects = _found(SUBJECT_WORDS, words)
    moods = _found(MOOD_WORDS, words)
    weather = frozenset(_found(WEATHER_WORDS, words))
    if "aurora" in weather:
        moods = ["night"]
    motif = next((subject for subject in subjects if subject in HOMES), None)
    place = _place(motif, subjects) or whim.choice(_DREAMS)
    default = _OWN_MOOD.get(place) or whim.choice(_ANY_MOOD)
    return Brief(
        place=place,
        motif=motif,
        mood=_mood(place, moods, default),
        weather=weather,
        moonlit=_says("moon moonlit moonlight 月", words),
        watercolour=_says("watercolor watercolour aquarelle 水彩", words),
    )


def _place(motif: str | None, subjects: list[str]) -> str | None:
    asked = [subject for subject in subjects if subject in PLACES]
    if motif is None:
        return asked[0] if asked else None
    homes = HOMES[motif]
    return next((place for place in asked if place in homes), homes[0])


def _mood(place: str, moods: list[str], default: str) -> str:
    """Settle on one mood; space is always dark, whatever the hour."""
    if place == "space":
        return "neon" if "neon" in moods else "space"
    return moods[0] if moods else default


def _found(table: Mapping[str, str], words: str) -> list[str]:
    return [name for name, spoken in table.items() if _says(spoken, words)]


def _says(spoken: str, words: str) -> bool:
    return any(_heard(word, words) for word in spoken.split())


def _heard(word: str, words: str) -> bool:
    if not word.isascii():
        return word in words
    return re.search(rf"\b{word}(s|es|y|ing)?\b", words) is not None
