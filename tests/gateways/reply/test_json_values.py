from pathlib import Path

import pytest

from bot.gateways.reply.download_spool import DownloadSpool
from bot.gateways.reply.json_values import parse_json
from bot.gateways.reply.streaming_json import StreamingJson


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, "b": nul', {"a": 1}),
        ('{"a": [1, 2', {"a": [1]}),
        ('{"a": [1, 2]', {"a": [1, 2]}),
        ('{"a": "x", "b": -', {"a": "x"}),
        ('{"a": "x", "b": "y', {"a": "x"}),
        ('{"a": {"b": "x"}, "c"', {"a": {"b": "x"}}),
        ('{"a": true}', {"a": True}),
        ('{"a', None),
    ],
)
def test_json_that_was_cut_has_every_whole_value(text: str, value: object, tmp_path: Path) -> None:
    """A number or a word at the end may be half of one."""
    with DownloadSpool(tmp_path, "s", pictures=1) as spool:
        json_reader = StreamingJson(spool)
        json_reader.feed(text.encode())
        assert parse_json(json_reader) == value
