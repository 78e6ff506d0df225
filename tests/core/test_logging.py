"""Logs: what an operator reads, and what nobody may read there."""

import json
import logging

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.logging import SECRET_SHAPES, Redactor, configure

SECRET = "planted-secret-value"


@pytest.mark.parametrize(
    "text",
    [
        f"key {SECRET}",
        "Authorization: Bearer abc.def-123",
        "sk-proj-abcdef123456",
        "PATCH /webhooks/123456/aW50ZXJhY3Rpb24tdG9rZW4.x-y_z/messages/@original",
        "POST https://discord.com/api/v10/interactions/123456/aW50ZXJhY3Rpb24/callback",
        "token MTE0NTY3ODkwMTIzNDU2Nzg5MA.GabcDE.abcdefghijklmnopqrstuvwxyz01234567890",
    ],
)
def test_secrets_are_taken_out_of_text(text: str) -> None:
    """Whatever looks like a key or token never reaches a log line."""
    clean = Redactor([SECRET]).clean(text)
    assert "[hidden]" in clean
    for secret in (SECRET, "abc.def-123", "sk-proj", "aW50ZXJ", "GabcDE"):
        assert secret not in clean


_PIECES = [
    *(
        "Bearer",
        "bearer ",
        " ",
        "\n",
        "\t",
        '"',
        "sk-",
        "sk_",
        "/webhooks/",
        "/interactions/",
        "123",
    ),
    *("a", "-", "_", ".", "..", "x" * 6, "y" * 23, "z" * 27, "w" * 30, "/", "é", "图"),
]


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
@example(f"{'y' * 23}.{'x' * 6}.{'z' * 27}")
@example(f"{'y' * 28}.{'x' * 6}.{'z' * 45}")
@example("sk-" + "x" * 6)
@example("Bearer\ta")
@example("/webhooks/1/a")
@example("/interactions/1/a")
def test_no_shape_is_missed_for_speed(text: str) -> None:
    """A value that is not searched, because nothing can be in it, must hold nothing."""
    assert (Redactor().clean(text) != text) == (SECRET_SHAPES.search(text) is not None)


def test_plain_text_stays_as_it_is() -> None:
    """A redactor that hides everything would hide the defect, too."""
    text = "gateway.refused model=dall-e-3 status=429 request=req_0123"
    assert Redactor([SECRET, ""]).clean(text) == text


@pytest.mark.parametrize("style", ["console", "json"])
def test_records_of_any_library_pass_the_redactor(
    style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A traceback from a library is as safe as a line of ours."""
    configure(level="DEBUG", style="json" if style == "json" else "console", secrets=[SECRET])
    structlog.get_logger().info("ours", note=SECRET, prompt="a private prompt", n=1)
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("theirs").exception("failed with %s", SECRET)
    printed = capsys.readouterr().err
    assert "ours" in printed
    assert "theirs" in printed
    assert "ValueError" in printed
    assert SECRET not in printed
    assert "private" not in printed


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A log collector reads every line by itself."""
    configure(level="INFO", style="json", secrets=[])
    structlog.get_logger().info("gateway.refused", model="dall-e-3", ms=12)
    record = json.loads(capsys.readouterr().err)
    assert (record["event"], record["model"], record["ms"]) == ("gateway.refused", "dall-e-3", 12)
    assert record["level"] == "info"


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    """An operator who asks for warnings gets only these."""
    configure(level="WARNING", style="console", secrets=[])
    structlog.get_logger().info("chatty")
    logging.getLogger("discord.http").debug("headers")
    assert capsys.readouterr().err == ""


def test_what_gateways_do_can_have_another_level(capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal says it in sentences, and still shows the other errors."""
    configure(level="ERROR", style="console", secrets=[], gateway_level="CRITICAL")
    structlog.get_logger("bot.gateways.routing.router").error("gateway.down")
    assert capsys.readouterr().err == ""
    structlog.get_logger("bot.jobs.job_run").error("job.defect")
    configure(level="ERROR", style="console", secrets=[])
    structlog.get_logger("bot.gateways.routing.router").error("gateway.down")
    shown = capsys.readouterr().err
    assert "job.defect" in shown
    assert "gateway.down" in shown
