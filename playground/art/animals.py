"""A fox, as a cut-paper figure."""

from playground.art.canvas import Figure
from playground.art.colour import Gradient, mix
from playground.art.shapes import closed_curve, ellipse, open_curve, points

_FOX_BODY = points(
    "0.17,0.6 0.215,0.5 0.215,0.4 0.185,0.27 0.18,0.14 0.185,0.055 0.245,0.03 "
    "0.25,0.0 0.14,0.0 0.11,0.05 0.09,0.0 -0.08,-0.005 -0.2,0.015 -0.255,0.1 "
    "-0.255,0.22 -0.2,0.36 -0.11,0.49 -0.045,0.6 -0.01,0.7 0.08,0.74"
)
_FOX_HEAD = points(
    "-0.02,0.69 0.0,0.77 0.045,0.825 0.12,0.845 0.19,0.825 0.245,0.775 0.32,0.735 "
    "0.405,0.7 0.41,0.682 0.36,0.662 0.27,0.645 0.2,0.605 0.11,0.585 0.03,0.61"
)
_FOX_TAIL = points(
    "-0.17,0.03 -0.32,-0.005 -0.5,0.02 -0.62,0.12 -0.66,0.26 -0.63,0.4 -0.585,0.46 "
    "-0.565,0.36 -0.52,0.25 -0.42,0.19 -0.3,0.18 -0.2,0.16"
)
_FOX_TAIL_TIP = points(
    "-0.585,0.46 -0.565,0.36 -0.545,0.29 -0.585,0.31 -0.61,0.27 -0.655,0.29 -0.63,0.4"
)
_FOX_CHEEK = points(
    "0.4,0.688 0.3,0.7 0.22,0.705 0.16,0.66 0.09,0.65 0.06,0.6 0.15,0.575 0.22,0.605 0.3,0.648"
)
_FOX_BIB = points("0.13,0.6 0.2,0.585 0.216,0.5 0.212,0.4 0.188,0.3 0.165,0.4 0.125,0.5")
_FOX_FRONT_SOCK = points(
    "0.182,0.19 0.183,0.06 0.246,0.032 0.25,0.0 0.14,0.0 0.125,0.06 0.135,0.15"
)
_FOX_HIND_SOCK = points("0.05,0.035 0.1,0.03 0.105,0.0 -0.05,-0.004 -0.04,0.02")


def fox(figure: Figure) -> None:
    """Draw a sitting fox in profile, one unit tall, its tail curled behind it."""
    palette = figure.palette
    coat = mix(palette.accent, (232, 112, 44), 0.55)
    cream = mix(palette.light, coat, 0.1)
    fur = Gradient((mix(coat, palette.light, 0.12), coat, mix(coat, palette.near, 0.22)))
    tail, body = closed_curve(_FOX_TAIL), closed_curve(_FOX_BODY)
    figure.fill(fur, tail)
    figure.fill(cream, closed_curve(_FOX_TAIL_TIP))
    figure.shade(mix(coat, palette.near, 0.55), tail, side="bottom", strength=0.7)
    far_ear = closed_curve(points("0.125,0.83 0.185,0.985 0.205,0.81"), steps=3)
    figure.fill(mix(coat, palette.near, 0.45), far_ear)
    figure.fill(fur, body)
    back = "left" if figure.facing > 0 else "right"
    figure.shade(mix(coat, palette.near, 0.6), body, side=back, strength=0.6)
    haunch = [
        *open_curve(points("0.07,0.03 0.075,0.15 0.03,0.26 -0.06,0.29")),
        *open_curve(points("-0.06,0.275 0.015,0.24 0.055,0.145 0.045,0.03")),
    ]
    figure.fill(mix(coat, palette.near, 0.35), haunch, opacity=0.55)
    figure.fill(cream, closed_curve(_FOX_BIB))
    socks = closed_curve(_FOX_FRONT_SOCK), closed_curve(_FOX_HIND_SOCK)
    figure.fill(mix(palette.near, coat, 0.12), *socks)
    _fox_face(figure)


def _fox_face(figure: Figure) -> None:
    palette = figure.palette
    coat = mix(palette.accent, (232, 112, 44), 0.55)
    dark = mix(palette.near, coat, 0.08)
    figure.fill(Gradient((mix(coat, palette.light, 0.15), coat)), closed_curve(_FOX_HEAD))
    figure.fill(mix(palette.light, coat, 0.1), closed_curve(_FOX_CHEEK))
    ear = points("0.01,0.78 0.035,0.9 0.075,1.02 0.125,0.93 0.15,0.83")
    ear_tip = points("0.05,0.945 0.075,1.022 0.11,0.955 0.08,0.93")
    inner_ear = points("0.05,0.81 0.072,0.92 0.118,0.83")
    eye = points("0.2,0.738 0.222,0.757 0.253,0.748 0.228,0.735")
    figure.fill(coat, closed_curve(ear, steps=4))
    figure.fill(dark, closed_curve(ear_tip, steps=4))
    figure.fill(mix(palette.light, coat, 0.3), closed_curve(inner_ear, steps=4))
    figure.fill(dark, ellipse(0.405, 0.692, 0.021, 0.018), closed_curve(eye, steps=4))
