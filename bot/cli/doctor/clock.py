"""Check this machine's clock against those of Discord and the gateways."""

from bot.cli.doctor.finding import Finding, fine, warning, wrong

WARN_ABOVE_MS = 5_000
FAIL_ABOVE_MS = 60_000
_FIX = "Turn on time synchronisation on this machine (on Linux: timedatectl set-ntp true)."


def check_clock(ahead_ms: dict[str, int | None]) -> Finding:
    """Compare with the first of these that sent its time."""
    for whose, ahead in ahead_ms.items():
        if ahead is not None:
            return _compared(ahead, whose)
    return warning("clock", "not checked because no answer contained the time")


def _compared(ahead_ms: int, whose: str) -> Finding:
    off_ms = abs(ahead_ms)
    side = "ahead of" if ahead_ms > 0 else "behind"
    facts = f"{off_ms / 1000:.1f} s {side} {whose}"
    if off_ms > FAIL_ABOVE_MS:
        return wrong("clock", facts, _FIX)
    return warning("clock", facts, _FIX) if off_ms > WARN_ABOVE_MS else fine("clock", facts)
