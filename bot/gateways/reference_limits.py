"""The pictures that a model accepts, as references and for operations."""

from dataclasses import dataclass
from typing import Literal, get_args

from bot.core.models import PictureFormat, Reference, ValueOption
from bot.gateways.sizes import Positive

MASK_TRANSPORTS = ("json_images_objects", "multipart", "call")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceLimits:
    """The reference pictures that a model accepts: at most ``max_count`` of ``max_bytes`` each.

    ``mask_max_bytes`` is None if the model accepts no mask. With the transport ``call`` the
    gateway's own call says how they travel. ``excludes`` are options that it does not take together
    with a reference.
    """

    max_count: Positive
    max_bytes: Positive
    transport: Literal[
        "json_image_urls", "json_image_data_uris", "json_images_objects", "multipart", "call"
    ] = "call"
    formats: tuple[PictureFormat, ...] = get_args(PictureFormat)
    mask_max_bytes: Positive | None = None
    excludes: tuple[ValueOption, ...] = ()

    def __post_init__(self) -> None:
        if self.mask_max_bytes and self.transport not in MASK_TRANSPORTS:
            raise ValueError(f"a mask travels only by {' or '.join(MASK_TRANSPORTS)}")

    def accepts(self, reference: Reference) -> bool:
        """Tell whether a picture may be sent as it is."""
        return reference.bytes <= self.max_bytes and reference.format in self.formats


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationAbility:
    """What the calls for an operation take: so many pictures, and these sizes or ratios."""

    least: int
    pictures: ReferenceLimits
    sizes: tuple[str, ...] = ()
