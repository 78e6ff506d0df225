"""Where the models may paint that the operator marked as age-restricted."""

from bot.core.errors.options import ModelAgeRestricted
from bot.core.models import Requester
from bot.gateways.catalogue import Catalogue


class AgeRestriction:
    """Tells who may use which models where they ask; everybody may use a model without the mark."""

    def __init__(self, catalogue: Catalogue, *, allowed_in_direct_messages: bool) -> None:
        self._catalogue = catalogue
        self._allowed_in_direct_messages = allowed_in_direct_messages

    def allows(self, model: str, requester: Requester) -> bool:
        """Tell whether a model may paint where somebody asks; the terminal may use all."""
        if requester.is_operator or not self._catalogue.is_age_restricted(model):
            return True
        if requester.age_restricted is None:
            return self._allowed_in_direct_messages
        return requester.age_restricted

    def check(self, model: str, requester: Requester) -> None:
        """Raise ModelAgeRestricted where a model may not paint."""
        if not self.allows(model, requester):
            raise ModelAgeRestricted(model=model)
