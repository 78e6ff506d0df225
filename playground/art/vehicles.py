"""A sailing boat."""

from playground.art.canvas import Figure
from playground.art.colour import Gradient, mix
from playground.art.shapes import open_curve, points, stroke


def boat(figure: Figure) -> None:
    """Draw a sloop under sail, one unit from waterline to masthead."""
    palette = figure.palette
    hull = mix(palette.near, palette.accent, 0.22)
    cloth = mix(palette.light, palette.glow, 0.12)
    main_sail = [
        *open_curve(points("0,0.97 -0.1,0.62 -0.27,0.32 -0.4,0.2")),
        *open_curve(points("-0.4,0.2 -0.2,0.165 -0.005,0.17")),
    ]
    jib = [
        *open_curve(points("0.035,0.9 0.16,0.55 0.3,0.3 0.43,0.17")),
        *open_curve(points("0.43,0.17 0.22,0.18 0.05,0.2")),
    ]
    figure.fill(Gradient((cloth, mix(cloth, palette.haze, 0.35))), main_sail)
    figure.fill(palette.accent, jib)
    folds = mix(palette.sky[1], palette.near, 0.3)
    figure.shade(folds, main_sail, side="right", strength=0.55)
    figure.shade(palette.near, jib, side="left", strength=0.6)
    mast = stroke([(0.012, 0.06), (0.012, 1.0)], 0.016, 0.009)
    boom = stroke([(0.01, 0.165), (-0.42, 0.19)], 0.012, 0.008)
    figure.fill(palette.near, mast, boom)
    keel = points("-0.36,0.095 0.46,0.115 0.34,0 0.2,-0.02 -0.2,-0.02 -0.31,0.01")
    figure.fill(Gradient((hull, palette.near)), keel)
    figure.fill(palette.light, stroke([(-0.355, 0.085), (0.45, 0.103)], 0.014), opacity=0.8)
    pennant = open_curve(points("0.012,1 -0.05,1.005 -0.1,0.985"))
    figure.fill(palette.accent, [*pennant, (0.012, 0.96)])
