"""The painter: an OpenAI-compatible endpoint on loopback that draws procedural posters."""

from playground.painter.responses import MASTER, MODEL
from playground.painter.server import make_app, painter

__all__ = ["MASTER", "MODEL", "make_app", "painter"]
