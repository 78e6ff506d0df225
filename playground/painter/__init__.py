"""The painter: an OpenAI-compatible endpoint on loopback that draws pictures from the prompt."""

from playground.painter.replies import MASTER, MODEL
from playground.painter.server import make_app, painter

__all__ = ["MASTER", "MODEL", "make_app", "painter"]
