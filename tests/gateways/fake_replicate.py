"""Replicate through a gateway: the model in the path, the fields in ``input`` (dialects §4.2)."""

from collections.abc import Sequence

from tests.gateways.art import b64, picture
from tests.gateways.family_house import PICTURE, FamilyHouse, number, text
from tests.gateways.task_house import Json, Says

TASK_ID = "gm3qorzdhgbfurvjtvhg6dckhu"
MODEL = "black-forest-labs/flux-schnell"
INPUTS = {"prompt", "aspect_ratio", "num_outputs", "output_format", "output_quality", "go_fast"}
RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")


def prediction(status: str, *, http: int = 200, **more: object) -> Says:
    """Return a prediction; its own addresses lead to Replicate, where our key is unknown."""
    home = f"https://api.replicate.com/v1/predictions/{TASK_ID}"
    fields = {"id": TASK_ID, "model": MODEL, "version": "hidden", "status": status, "logs": ""}
    unset: Json = {"input": {}, "output": None, "error": None, "completed_at": None, "metrics": {}}
    urls = {"get": home, "cancel": f"{home}/cancel"}
    return Says({**fields, **unset, "urls": urls, **more}, http)


STARTING = prediction("starting", http=201)
PROCESSING = prediction("processing")
ONE = prediction("succeeded", output=PICTURE)
INLINE = prediction("succeeded", output=[f"data:image/png;base64,{b64(picture())}"])
AT_ONCE = prediction("succeeded", http=201, output=[PICTURE])
FAILED = prediction("failed", error="CUDA out of memory")
CANCELED = prediction("canceled")
EMPTY = prediction("succeeded", output=[])
GONE = Says({"detail": "The requested resource could not be found.", "status": 404}, 404)


def problem(status: int, title: str, detail: str) -> Says:
    """Return an error."""
    return Says({"title": title, "detail": detail, "status": status}, status)


UNPAID = problem(402, "Insufficient credit", "You have insufficient credit to run this model.")
THROTTLED = problem(429, "Too many requests", "Request was throttled.")


class FakeReplicate(FamilyHouse):
    """Strict about ``input``; a model that does not exist has no path."""

    submit_path = f"/replicate/v1/models/{MODEL}/predictions"
    task_path = "/replicate/v1/predictions/{task_id}"
    task_id = TASK_ID

    def stranger(self) -> Says:
        """Answer a wrong key."""
        return problem(401, "Unauthenticated", "You did not pass a valid authentication token")

    def refusal(self, body: Json) -> Says | None:
        """Check every field."""
        given = body.get("input")
        right = (
            body.keys() == {"input"}
            and isinstance(given, dict)
            and given.keys() <= INPUTS
            and text(given.get("prompt"), 4000)
            and number(given.get("num_outputs", 1), 1, 4)
            and given.get("aspect_ratio", "1:1") in RATIOS
        )
        return None if right else problem(422, "Input validation failed", "- input is wrong")

    def taken(self, body: Json) -> Says:
        """Announce the prediction."""
        return STARTING

    def usual_looks(self) -> Sequence[Says]:
        """Return as many pictures as were ordered."""
        given = self.bodies[-1]["input"]
        assert isinstance(given, dict)
        return PROCESSING, prediction("succeeded", output=[PICTURE] * given.get("num_outputs", 1))
