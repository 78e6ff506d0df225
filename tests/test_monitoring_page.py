"""docs/monitoring.md: its table is the code's, and its settings work."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.core.metrics import ALL_METRICS, Metric
from bot.monitoring.exposition import Exposition

PAGE = (Path(__file__).parent.parent / "docs" / "monitoring.md").read_text()
LOGROTATE = shutil.which("logrotate", path="/usr/sbin:/usr/bin:/sbin:/bin")


def row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.meaning} |"


def test_the_table_has_every_metric_as_the_code_has_it() -> None:
    """An operator writes alerts by this table: a name that is not served never fires."""
    shown = re.findall(r"^\| `easel_.*\|$", PAGE, re.MULTILINE)
    assert shown == [row(metric) for metric in ALL_METRICS]


def test_the_page_names_only_metrics_that_are_served() -> None:
    """Examples are copied first of all."""
    text, _ = Exposition().show(())
    served = set(re.findall(r"^# TYPE (\w+)", text.decode(), re.MULTILINE))
    served |= {f"{name}{end}" for name in served for end in ("_bucket", "_count", "_sum")}
    named = set(re.findall(r"\b(?:easel|process)_[a-z_]+[a-z]\b", PAGE))
    assert named - served == set()


@pytest.mark.skipif(LOGROTATE is None, reason="there is no logrotate here")
def test_the_log_goes_on_in_the_same_file_after_logrotate(tmp_path: Path) -> None:
    """A bot that wrote on into a file that was moved away would fill the disk unseen."""
    assert LOGROTATE is not None
    (tmp_path / "logs").mkdir(mode=0o755)
    log = tmp_path / "logs" / "easel.log"
    (block,) = re.findall(r"^/var/log/easel/easel\.log \{\n.*?^\}", PAGE, re.MULTILINE | re.DOTALL)
    settings = tmp_path / "logrotate.conf"
    settings.write_text(block.replace("/var/log/easel/easel.log", str(log)))
    settings.chmod(0o644)
    with log.open("a") as writing:
        print("before", file=writing, flush=True)
        command = [LOGROTATE, "--force", "--state", str(tmp_path / "state"), str(settings)]
        subprocess.run(command, check=True)
        print("after", file=writing, flush=True)
    assert log.read_text() == "after\n"
    assert [path.name for path in log.parent.glob("*.gz")] == ["easel.log.1.gz"]
