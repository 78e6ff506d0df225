"""Presses and reactions: what somebody did once counts once, whichever processes hear of it."""

import hashlib
from dataclasses import dataclass

# The same person's re-roll reactions to the same message count once in this time.
REACTION_MS = 10_000


@dataclass(frozen=True, slots=True)
class Press:
    """Something that somebody did to ask for pictures; it counts once ``within_ms``, None: ever."""

    id: int
    within_ms: int | None = None


def interaction_press(interaction_id: int) -> Press:
    """Return a command, a pressed button or a sent form."""
    return Press(interaction_id)


def reaction_press(message_id: int, user_id: int) -> Press:
    """Return a reaction of a person, whose number is a hash and below 0: others are Discord's."""
    text = f"{message_id}:{user_id}".encode()
    hashed = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())
    return Press(-1 - hashed % 2**62, REACTION_MS)
