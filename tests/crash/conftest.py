import pytest

# So that a failure shows what differs, not only that something does.
pytest.register_assert_rewrite(
    "tests.crash.invariants", "tests.crash.discord_crash", "tests.crash.wire_invariants"
)
