"""retention.yaml: what it may say, and how long records are kept by it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk_charter import CharterSource
from desk_charter.load import load_charter
from desk_charter.problems import InvalidCharter
from desk_charter.retention import RETENTION, Records, find_time_kept
from desk_platform.clock import FakeClock

from tests.support.charter_folder import CharterFolder

GOOD = """\
retention:
  - {name: two-months, kinds: [incident], texts_days: 60}
  - {name: a-quarter, records: [runs], records_days: 90}
"""


def problems(folder: CharterFolder, text: str) -> list[str]:
    (Path(folder.path) / "retention.yaml").write_text(text, encoding="utf-8")
    try:
        load_charter(folder.path, (RETENTION,))
    except InvalidCharter as invalid:
        return [str(problem) for problem in invalid.problems]
    return []


def test_rules_are_read_and_say_how_long_records_are_kept(folder: CharterFolder) -> None:
    assert problems(folder, GOOD) == []
    clock = FakeClock(datetime(2026, 3, 2, tzinfo=UTC))
    source = CharterSource(folder.path, clock, obeyed=(RETENTION,))
    assert find_time_kept(source, Records.RUNS) == timedelta(days=90)
    # Of these no rule speaks.
    assert find_time_kept(source, Records.DELIVERIES) == timedelta(days=400)


@pytest.mark.parametrize(
    ("before", "after", "line", "sentence"),
    [
        (", texts_days: 60", "", 2, "write 'kinds' and 'texts_days' together"),
        ("kinds: [incident], ", "", 2, "write 'kinds' and 'texts_days' together"),
        (", records_days: 90", "", 3, "write 'records' and 'records_days' together"),
        ("records: [runs], ", "", 3, "write 'records' and 'records_days' together"),
        ("records: [runs], records_days: 90", "records: []", 3, "write 'kinds' with"),
        (
            "records: [runs]",
            "kinds: [question], texts_days: 30, records: [runs]",
            3,
            "'texts_days', or 'records'",
        ),
        ("records_days: 90", "records_days: 29", 3, "30"),
        ("records: [runs]", "records: [logs]", 3, "deliveries"),
        ("records: [runs]", "records: [runs, runs]", 3, "'runs' stands in an earlier rule"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(
    folder: CharterFolder, before: str, after: str, line: int, sentence: str
) -> None:
    assert before in GOOD
    refused = problems(folder, GOOD.replace(before, after, 1))
    assert len(refused) == 1, refused
    assert refused[0].startswith(f"retention.yaml:{line}: ")
    assert sentence in refused[0]
