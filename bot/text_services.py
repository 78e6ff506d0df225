"""The services that ask a chat model: none of them is there without TEXT_MODEL, but the billing."""

from dataclasses import dataclass

from bot.base_services import BaseServices
from bot.gateways.routing.router import Router
from bot.gateways.text_client import TextClient, TextModel
from bot.images.vision_copies import VisionCopies
from bot.jobs.job_ending import JobDependencies
from bot.jobs.text_billing import TextBilling
from bot.jobs.text_requests import TextRequests, TextTerms


@dataclass(frozen=True, slots=True)
class TextServices:
    """The billing, which ends what an earlier process left, and the requests."""

    billing: TextBilling
    requests: TextRequests | None


def open_text_services(base: BaseServices, deps: JobDependencies, router: Router) -> TextServices:
    """Return them as the settings say."""
    settings = base.settings
    billing = TextBilling(
        database=base.database,
        ledger=deps.ledger,
        alerts=base.alerts,
        liveness=base.liveness,
        clock=base.clock,
        metrics=base.metrics,
        max_requests_per_minute=settings.text_requests_per_minute,
        records_presses=settings.has_server,
    )
    if not settings.text_model:
        return TextServices(billing, None)
    model = TextModel(
        name=settings.text_model, gateway=settings.text_gateway, constants=settings.text_body
    )
    requests = TextRequests(
        TextClient(router, model, base.clock),
        billing,
        VisionCopies(base.content_store, deps.references),
        deps.moderation,
        TextTerms(credits=settings.text_credits, price=settings.text_price or 0),
        base.clock,
    )
    return TextServices(billing, requests)
