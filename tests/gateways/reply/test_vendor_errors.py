"""Errors in the shapes of several vendors; the code knows none of them by name."""

import pytest

from tests.gateways.reply.test_error_classifier import judge, said

FLAGGED = {"reasons": ["violence"], "flagged_input": "a", "provider_name": "x"}
ARK = {"code": "OutputImageSensitiveContentDetected", "message": "Request ID: 7"}
VENDORS: list[tuple[int, object, str, str]] = [
    # OpenRouter: codes are numbers, and the cause may be in the metadata
    (402, {"error": {"code": 402, "message": "Insufficient credits"}}, "quota", "no"),
    (403, {"error": {"code": 403, "message": "x", "metadata": FLAGGED}}, "moderation", "no"),
    (200, {"error": {"code": 429, "message": "x"}}, "rate-limited", "no"),
    (200, {"error": {"code": 402, "message": "x"}}, "quota", "no"),
    (200, {"error": {"code": 502, "message": "x"}}, "upstream", "no"),
    (200, {"error": {"code": 403, "message": "x", "metadata": FLAGGED}}, "moderation", "no"),
    (
        502,
        {"error": {"code": 502, "message": "x", "metadata": {"error_type": "refusal"}}},
        "moderation",
        "maybe",
    ),
    (
        400,
        {"error": {"code": 400, "message": "x", "metadata": {"raw": "content_policy broken"}}},
        "moderation",
        "no",
    ),
    (
        400,
        {"error": {"code": 400, "message": "x", "metadata": {"raw": {"error": "moderated"}}}},
        "moderation",
        "no",
    ),
    (
        400,
        {"error": {"code": 400, "message": "x", "metadata": {"raw": None}}},
        "invalid-request",
        "no",
    ),
    (529, {"error": {"code": 529, "message": "x"}}, "upstream", "maybe"),
    # Google: a list, and 400 for a wrong key
    (
        400,
        [{"error": {"code": 400, "message": "API key not valid. x", "status": "INVALID_ARGUMENT"}}],
        "auth",
        "no",
    ),
    (
        404,
        [{"error": {"code": 404, "message": "x", "status": "NOT_FOUND"}}],
        "model-unavailable",
        "no",
    ),
    # xAI
    (400, {"code": "x", "error": "Incorrect API key provided: xai***"}, "auth", "no"),
    (200, {"block_reason": "violence", "data": []}, "moderation", "no"),
    (200, {"block_reason": None, "data": [{"url": "", "b64_json": None}]}, "no-image", "maybe"),
    # Azure
    (200, {"created": 1, "error": {"code": "contentFilter", "message": "x"}}, "moderation", "no"),
    # Ark
    (200, {"data": [{"error": ARK}], "usage": {"generated_images": 0}}, "moderation", "no"),
    (200, {"data": [{"error": {"code": "InternalError", "message": "x"}}]}, "upstream", "no"),
    # SiliconFlow
    (
        400,
        {"code": 20012, "message": "Model does not exist.", "data": None},
        "model-unavailable",
        "no",
    ),
    (403, {"code": 30003, "message": "Model disabled.", "data": None}, "model-unavailable", "no"),
    (401, {"code": 30014, "message": "Token is invalid.", "data": None}, "auth", "no"),
    # new-api
    (400, said("x", "prompt_blocked", "prompt_blocked"), "moderation", "no"),
    (400, said("x", "sensitive_words_detected", "new_api_error"), "moderation", "no"),
    (500, said("x", {"odd": 1}, "new_api_error"), "upstream", "maybe"),
    # OpenAI, by way of relays that keep only its words
    (
        400,
        said("Your request was rejected by the safety system.", None, "Aihubmix_api_error"),
        "moderation",
        "no",
    ),
    # Midjourney, Replicate, Kling
    (400, {"code": 9, "description": "Image denied"}, "moderation", "no"),
    (400, {"description": "Request cancelled due to output filters"}, "moderation", "no"),
    (422, {"detail": "The input was flagged as sensitive. (E005)"}, "moderation", "no"),
    (
        400,
        {"description": "Our AI moderators feel it is against"},
        "moderation",
        "no",
    ),
]


@pytest.mark.parametrize(("status", "body", "kind", "billed"), VENDORS)
def test_what_vendors_answer(status: int, body: object, kind: str, billed: str) -> None:
    """Each in its own shape; none is named in the code."""
    verdict = judge(status, body)
    assert (verdict.kind, verdict.billed) == (kind, billed)
