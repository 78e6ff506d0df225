"""Prepare the mask of a request as its call sends it: with transparency, or in black and white."""

from dataclasses import replace
from typing import Literal

from bot.core.errors.base import EaselError
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed
from bot.gateways.events import GatewayRequest
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.request.fields import call_for
from bot.images.conversion import two_tone_mask
from bot.images.decoding import in_pixel_thread

_TONES: dict[str, Literal["black", "white"]] = {"mask-black": "black", "mask-white": "white"}


async def with_prepared_mask(
    request: GatewayRequest, model: ModelAbilities, gateway: Gateway
) -> GatewayRequest:
    """Return the request with the mask that its call sends; raise GatewayFailure if it is lost."""
    call = call_for(request, model, gateway) if request.mask else None
    tone = _TONES.get(call.mask_name) if call else None
    if request.mask is None or tone is None:
        return request
    try:
        path = await in_pixel_thread(two_tone_mask, request.mask, tone, folder=request.folder)
    except (EaselError, OSError) as lost:
        raise GatewayFailure(
            kind=GatewayErrorKind.REFERENCE_LOST,
            gateway=gateway.name,
            billed=Billed.NO,
            param="mask",
            detail="the mask cannot be decoded",
        ) from lost
    wanted = request.image_request
    mask = wanted.mask and replace(wanted.mask, bytes=path.stat().st_size)
    return replace(request, mask=path, image_request=replace(wanted, mask=mask))
