"""The prompts of the card samples."""

FOX = "a red fox in the snow at dawn"
SUGGESTED = (
    "a lighthouse above the sea at dusk, its lamp just lit, seen from the beach",
    "a sailing boat between mountains at dusk, long reflections on still water",
    "a fox at the edge of a forest at dusk, soft mist between the trees",
    "a small cabin by a lake at dusk, one warm window, loose watercolour",
)
LIGHTHOUSE = "a lighthouse at dusk"
LONG = (
    "A lighthouse at dusk on a granite cliff above a restless sea, painted in gouache on rough "
    "paper: long violet shadows, one warm window, gulls turning in the last light, a rusted "
    "railing in the foreground and far out the lights of a trawler coming home. Muted colours, "
    "visible brush strokes, no people, no text, wide composition with a low horizon and a lot of "
    "quiet sky above it, as if somebody had waited all day for exactly this minute."
)
REVISED = (
    "A gouache painting of a lighthouse on a granite cliff at dusk, its lamp just lit, with long "
    "violet shadows, gulls, a rusted railing, and the lights of a distant trawler on the sea."
)
ARABIC = "منارة عند الغروب فوق بحر هادئ، بألوان مائية وضوء دافئ من نافذة واحدة"
CHINESE = (
    "黄昏时分的灯塔，海面平静，远处有一艘归航的渔船，"
    "水彩画风格，柔和的紫色与橙色，画面上方留出大片宁静的天空"
)
