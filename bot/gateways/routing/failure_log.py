"""Log the failure of a request at a gateway."""

import structlog

from bot.core.errors.gateway import GatewayFailure
from bot.gateways.events import GatewayRequest

log = structlog.get_logger()


def log_failure(event: str, request: GatewayRequest, failure: GatewayFailure) -> None:
    """Log everything that the operator can know of a failure."""
    log.warning(
        event,
        gateway=failure.gateway,
        model=request.image_request.model,
        kind=failure.kind.value,
        billed=failure.billed.value,
        http_status=failure.http_status,
        request_id=failure.request_id,
        retry_after_s=failure.retry_after_s,
        detail=failure.detail,
    )
