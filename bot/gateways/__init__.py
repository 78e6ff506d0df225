"""Talking to image endpoints: what models can do, one exchange, and who serves what."""
