"""Palettes: a few colours for each mood, chosen to agree with one another."""

from dataclasses import dataclass

from playground.art.colour import Rgb, from_hex, mix


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one picture."""

    sky: tuple[Rgb, ...]  # from the zenith down to the horizon
    far: Rgb  # the most distant land
    near: Rgb  # the foreground
    light: Rgb  # the disc of sun or moon, and anything white
    glow: Rgb  # the light that sun or moon sheds
    lamp: Rgb  # windows, lanterns
    accent: Rgb  # one saturated colour: a sail, a fox, a stripe
    dark: bool  # stars are out and lamps are lit

    @property
    def haze(self) -> Rgb:
        """Return the colour of the air at the horizon."""
        return self.sky[-1]

    def land(self, nearness: float) -> Rgb:
        """Return the colour of land between the horizon (0) and the foreground (1)."""
        return mix(self.far, self.near, nearness)


# Mood, sky from top to horizon (5), far, near, light, glow, lamp, accent, dark.
_TABLE = """
dusk   1d2448 4b3768 a44f74 ec8766 ffcf94 9a5875 15152d fff0cf ff9d5c ffdf98 e4573d dark
dusk   252a55 54508a 9d7bab e3a5a9 f8d8b8 8a76a6 1a1b38 fff3dd f3a59a ffe3a6 d9556f dark
dusk   12303f 235d6b 5f9a94 eebf8f ffd9a3 5f8f90 0c1f2c fff2d2 ffb878 ffe09a e0624a dark
sunset 41548c 9a6d92 ee8a68 ffbd73 ffe3a8 c77a70 2a1a34 fff4d2 ffb35e ffe6a4 d8432f
sunset 8e2440 cf3f3d f2713f fba94f fde09a bd4a48 260f25 fff2c8 ff9a48 ffe9a8 f7c948
night  060a20 0e1a40 1c3469 3a5d94 6f8fb4 33548a 040714 f6f1dc 8fb2e6 ffcf7a e0604a dark
night  04131c 0a2a38 174a56 3c7f7d 86b59a 2f6a6e 020c12 f3f2da 8fd3bd ffd68a e8774f dark
night  0d0a22 231a45 46306f 75538f b08aa8 5a4180 090615 fbefdc b99be0 ffcb82 e9605a dark
dawn   6d86b8 a9a9d2 e0b9ca f9d0c4 ffe9d2 b9a9ca 2c3657 fff7e6 ffc9a8 ffe7b0 dd6a66
dawn   7bb0b8 b3d0c6 f0e3c4 ffd9b0 ffc79a a9c0b4 1f4048 fffbe9 ffcf94 ffe9b4 e5684c
day    3c8cae 74b8c8 b3dbd6 e2efdb fbf3dc 8fc0c0 123e4d fffbea fff0bd ffe7a6 e8603f
day    5fa3b5 9cc7c4 d9dfc4 f6e3bd fbd9a8 a7bf9f 23423e fff8e2 ffe4a3 ffe3a0 d9583b
winter 84a8ca adc8de d3e1ea ecf0ee fbf3e9 b6cade 25405a ffffff fdebd0 ffdf9c c8453c
winter 1e3358 3d5b8c 7b93b8 b9c3d6 f0d9d0 8fa4c6 142440 fdfaf2 f2c9bd ffdb94 d5504a dark
autumn d9b98e ecd0a0 f7e0b4 fbe9c6 fdf0d6 dfae72 3a1d18 fffaea ffdf9a ffd987 d2502a
autumn 8fa6a0 c3c2a2 ead3a0 f6d393 f8c57c d29a5e 2f1c1c fff6df ffcf80 ffd987 c2451f
neon   0a0622 260e52 641a80 c6318f ff6f91 5c2085 07041a ffe3f3 ff4fa3 5ff2ea 23e0e0 dark
neon   03121c 082c42 0d5a70 1f9c93 8fe3a2 12607a 020a14 eafff0 3fe0b4 ff5fa8 ff3f8e dark
spring f3e6d8 f6e9de f8ede0 f9efe2 faf1e4 bcd0b4 2f5a4a fffdf5 ffe2c4 ffd88a e0605e
spring dfeae6 e7efe6 eff2e4 f5f2e2 f9f0e0 a9cbbf 24514f fffdf5 fff0c8 f6c95f d9577f
mist   8d9ca3 aab5b7 c6cbc7 dcdcd2 ebe6d8 b3bdbc 26343a fbf7ea f4e6c8 ffdf9c c9573f
mist   7fa39a a3bfae c6d6bf e0e4cb f1ecd4 a6c2b0 17393a fffbe8 f6ecc0 ffe39e d7603f
"""


def _read_table() -> dict[str, list[Palette]]:
    moods: dict[str, list[Palette]] = {}
    for row in _TABLE.strip().splitlines():
        mood, *codes = row.split()
        sky, (far, near, light, glow, lamp, accent) = codes[:5], map(from_hex, codes[5:11])
        is_dark = codes[-1] == "dark"
        palette = Palette(tuple(map(from_hex, sky)), far, near, light, glow, lamp, accent, is_dark)
        moods.setdefault(mood, []).append(palette)
    return moods


MOODS = _read_table()
