"""What answers requests for words, as the settings and the gateways say."""

from bot.gateways.request.chat import ChatQuestion
from bot.gateways.routing.router import Router
from bot.gateways.text_call_client import TextCallClient
from bot.gateways.text_client import TextClient, TextModel
from bot.jobs.repository.text_requests import TextKind
from bot.jobs.suggestions import MOST_SHORTER, MOST_SUGGESTIONS, describing, improving
from bot.jobs.text_sources import CallSource, ChatSource, TextQuestion, TextSource, TextTerms
from bot.settings.settings import Settings


def text_sources(
    settings: Settings, router: Router, calls: TextCallClient
) -> dict[TextKind, TextSource]:
    """Return what answers each kind; TEXT_MODEL comes before the calls of gateways."""
    terms = TextTerms(credits=settings.text_credits, price=settings.text_price or 0)
    sources: dict[TextKind, TextSource] = {}
    if calls.call("describe"):
        sources["describe"] = CallSource(calls, "describe", terms, MOST_SUGGESTIONS)
    if calls.call("shorten"):
        sources["shorten"] = CallSource(calls, "shorten", terms, MOST_SHORTER)
    if settings.text_model:
        model = TextModel(
            name=settings.text_model, gateway=settings.text_gateway, constants=settings.text_body
        )
        client = TextClient(router, model, calls.clock)
        sources["describe"] = ChatSource(client, _describing, terms, MOST_SUGGESTIONS)
        sources["improve"] = ChatSource(client, _improving, terms, most=1)
    return sources


def _describing(question: TextQuestion) -> ChatQuestion:
    return describing(question.picture, question.locale)


def _improving(question: TextQuestion) -> ChatQuestion:
    return improving(question.words, question.locale)
