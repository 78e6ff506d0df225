"""Replicate through a gateway: the model in the path, the fields in ``input``."""

from collections.abc import Sequence

from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import PICTURE_PATH, FakeVendor, is_number, is_text
from tests.gateways.sample_pictures import b64, picture_bytes

TASK_ID = "gm3qorzdhgbfurvjtvhg6dckhu"
MODEL = "black-forest-labs/flux-schnell"
INPUTS = {"prompt", "aspect_ratio", "num_outputs", "output_format", "output_quality", "go_fast"}
INPUTS |= {"seed"}
RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")


def prediction(status: str, *, http: int = 200, **more: object) -> JsonReply:
    """Return a prediction; its own addresses lead to Replicate, where our key is unknown."""
    home = f"https://api.replicate.com/v1/predictions/{TASK_ID}"
    fields = {"id": TASK_ID, "model": MODEL, "version": "hidden", "status": status, "logs": ""}
    unset: JsonBody = {
        "input": {},
        "output": None,
        "error": None,
        "completed_at": None,
        "metrics": {},
    }
    urls = {"get": home, "cancel": f"{home}/cancel"}
    return JsonReply({**fields, **unset, "urls": urls, **more}, http)


STARTING = prediction("starting", http=201)
PROCESSING = prediction("processing")
ONE = prediction("succeeded", output=PICTURE_PATH)
INLINE = prediction("succeeded", output=[f"data:image/png;base64,{b64(picture_bytes())}"])
AT_ONCE = prediction("succeeded", http=201, output=[PICTURE_PATH])
FAILED = prediction("failed", error="CUDA out of memory")
CANCELED = prediction("canceled")
EMPTY = prediction("succeeded", output=[])
GONE = JsonReply({"detail": "The requested resource could not be found.", "status": 404}, 404)


def problem(status: int, title: str, detail: str) -> JsonReply:
    """Return an error."""
    return JsonReply({"title": title, "detail": detail, "status": status}, status)


UNPAID = problem(402, "Insufficient credit", "You have insufficient credit to run this model.")
THROTTLED = problem(429, "Too many requests", "Request was throttled.")


class FakeReplicate(FakeVendor):
    """Strict about ``input``; a model that does not exist has no path."""

    submit_path = f"/replicate/v1/models/{MODEL}/predictions"
    task_path = "/replicate/v1/predictions/{task_id}"
    task_id = TASK_ID

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return problem(401, "Unauthenticated", "You did not pass a valid authentication token")

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Check every field."""
        given = body.get("input")
        right = (
            body.keys() == {"input"}
            and isinstance(given, dict)
            and given.keys() <= INPUTS
            and is_text(given.get("prompt"), 4000)
            and is_number(given.get("num_outputs", 1), 1, 4)
            and given.get("aspect_ratio", "1:1") in RATIOS
            and is_number(given.get("seed", 0), 0, 2**32 - 1)
        )
        return None if right else problem(422, "Input validation failed", "- input is wrong")

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Announce the prediction."""
        return STARTING

    def default_task_replies(self) -> Sequence[JsonReply]:
        """Return as many pictures as were ordered."""
        given = self.bodies[-1]["input"]
        assert isinstance(given, dict)
        return PROCESSING, prediction(
            "succeeded", output=[PICTURE_PATH] * given.get("num_outputs", 1)
        )
