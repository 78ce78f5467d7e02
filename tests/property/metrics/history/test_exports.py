"""Any file at all is read or refused in one sentence, and every row of it is accounted for."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_contracts.errors import DeskError
from desk_metrics.history.worker import Import, Places
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.metrics_exports import TICKETS

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ENCODINGS = st.sampled_from(
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]
)
# Half characters, control characters, marks, invisible ones, and what CSV and JSON live by.
CHARACTERS = st.sampled_from([*'aäß€😀\ud83d\x00\x1b\ufeff\u202e\u200b,;"\n\r\t\\{}[]:', "\r\n"])
TEXTS = st.one_of(
    st.lists(CHARACTERS, max_size=6).map("".join),
    st.sampled_from(["1", "2", "open", "done", "A", "x" * 400, "=1+1"]),
)
DATES = st.sampled_from(
    [
        "2026-03-02 09:10:00",
        "2026-03-02T09:10:00+0100",
        "24.12.2025 08:30",
        "13/02/2026 8:30 AM",
        "1767225600",
        "9999-12-31",
        "1970-01-01",
        "0001-01-01",
        "soon",
        "",
    ]
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"no": TEXTS, "opened": DATES, "resolved": DATES, "state": TEXTS, "team": TEXTS}
    ),
    max_size=8,
)


def as_csv(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["no", "opened", "resolved", "state", "team"])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_lines(rows: list[dict[str, str]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def as_list(rows: list[dict[str, str]]) -> str:
    return json.dumps(rows)


def imported(path: Path) -> Import | None:
    """The import, or None if the file was refused in a sentence; anything else is a fault."""
    run = Import([path], TICKETS, now=NOW)
    try:
        run.write(Places.beside(path.with_name("out.jsonl")))
    except DeskError:
        return None
    assert run.summary.is_whole
    return run


@pytest.mark.parametrize(
    ("form", "name"), [(as_csv, "a.csv"), (as_lines, "a.jsonl"), (as_list, "a.json")]
)
@settings(max_examples=60, deadline=None)
@given(rows=ROWS, encoding=ENCODINGS, is_packed=st.booleans())
def test_every_row_of_an_export_is_used_or_refused(
    form: Callable[[list[dict[str, str]]], str],
    name: str,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, str]],
    encoding: str,
    is_packed: bool,
) -> None:
    path = tmp_path_factory.mktemp("made") / name
    data = form(rows).encode(encoding, "surrogatepass")
    path.write_bytes(gzip.compress(data, 1) if is_packed else data)
    run = imported(path)
    if run is not None and form is not as_csv:
        assert run.summary.rows == len(rows)
    elif run is not None:
        # A bucket of nothing but a line end makes rows that a reader cannot tell from others.
        assert run.summary.rows >= len(rows)


@settings(max_examples=200, deadline=None)
@given(
    rows=ROWS,
    data=st.data(),
    form=st.sampled_from([(as_csv, "a.csv"), (as_lines, "a.jsonl"), (as_list, "a.json")]),
)
def test_a_file_that_was_damaged_is_read_as_far_as_it_goes(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, str]],
    data: st.DataObject,
    form: tuple[Callable[[list[dict[str, str]]], str], str],
) -> None:
    made, name = form
    whole = made(rows).encode("utf-8", "surrogatepass")
    if data.draw(st.booleans()):
        whole = gzip.compress(whole, 1)
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    damaged = whole[:start] + data.draw(st.binary(max_size=6)) + whole[end:]
    path = tmp_path_factory.mktemp("made") / name
    path.write_bytes(damaged)
    imported(path)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(
        [b"", b"no,opened\n", b"[", b'{"no":1}\n', b"\x1f\x8b\x08", b"\xff\xfe", b"PK"]
    ),
    st.sampled_from(["a.csv", "a.json", "a.jsonl", "a", "a.csv.gz"]),
)
def test_any_bytes_are_refused_in_a_sentence_or_read(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("made") / name
    path.write_bytes(head + data)
    imported(path)
