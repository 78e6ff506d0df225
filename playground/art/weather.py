"""Weather in front of everything: lightning, rain and snow."""

from playground.art.colour import WHITE, mix
from playground.art.scene import Scene
from playground.art.shapes import Shape, ellipse, rough_line, stroke


def weather(scene: Scene) -> None:
    """Draw the weather that the prompt asks for."""
    asked, mood = scene.prompt.weather, scene.prompt.mood
    if mood == "storm":
        _lightning(scene)
    if "rain" in asked or mood == "storm":
        _rain(scene)
    if "snow" in asked or (mood == "winter" and scene.rng.random() < 0.5):
        _snow(scene)


def _lightning(scene: Scene) -> None:
    rng, unit, canvas = scene.rng, scene.unit, scene.canvas
    top = (scene.light.x, scene.horizon * rng.uniform(0.0, 0.2))
    foot = (top[0] + unit * rng.gauss(0, 0.08), scene.horizon)
    bolt = rough_line(rng, top, foot, wobble=unit * 0.1)
    forks = [stroke(bolt, unit * 0.007, unit * 0.002)]
    for x, y in (bolt[start] for start in rng.sample(range(6, 22), 3)):
        tip = (x + unit * rng.gauss(0, 0.12), y + unit * rng.uniform(0.06, 0.16))
        fork = rough_line(rng, (x, y), tip, wobble=unit * 0.03)
        forks.append(stroke(fork, unit * 0.004, unit * 0.001))
    canvas.glow(bolt[8], unit * 0.7, scene.palette.glow, strength=0.4)
    canvas.light(forks, scene.palette.glow, strength=1.0, blur=unit * 0.012)
    canvas.fill(forks, mix(scene.palette.light, WHITE, 0.7))


def _rain(scene: Scene) -> None:
    """Draw slanting rain in three distances."""
    rng, unit = scene.rng, scene.unit
    slant = rng.uniform(0.12, 0.3) * scene.facing
    tone = mix(scene.palette.haze, WHITE, 0.45)
    for count, long, opacity in ((420, 0.03, 0.16), (220, 0.06, 0.22), (70, 0.11, 0.26)):
        drops: list[Shape] = []
        for _ in range(int(count * scene.width / unit)):
            x, y = rng.uniform(-0.1, 1.1) * scene.width, rng.uniform(-0.1, 1) * scene.height
            fall = unit * long * rng.uniform(0.6, 1.3)
            path = [(x, y), (x - fall * slant, y + fall)]
            drops.append(stroke(path, unit * 0.0006, unit * 0.0016))
        scene.canvas.fill(drops, tone, opacity=opacity)
    scene.canvas.mist(scene.height * 0.3, scene.height, scene.palette.haze, rng, strength=0.12)


def _snow(scene: Scene) -> None:
    """Draw falling snow in three distances, the near flakes out of focus."""
    distances = ((300, 0.0016, 0.75, 0.0), (130, 0.003, 0.8, 0.0008), (34, 0.0075, 0.6, 0.0028))
    rng, unit = scene.rng, scene.unit
    for count, size, opacity, blur in distances:
        flakes: list[Shape] = []
        for _ in range(int(count * scene.width / unit)):
            x, y = rng.uniform(0, scene.width), rng.uniform(0, scene.height)
            flakes.append(ellipse(x, y, max(unit * size * rng.uniform(0.6, 1.4), 0.7)))
        scene.canvas.fill(flakes, WHITE, opacity=opacity, blur=unit * blur)
