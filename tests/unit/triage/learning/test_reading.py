"""History files as learning reads them: line by line, and refused with the line."""

import gzip
import json
from pathlib import Path

import pytest
from desk_contracts.errors import Invalid, NotFound
from desk_contracts.events.tickets import TicketOpened
from desk_triage.learning.commands import read_file

LINE = json.dumps(
    {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/history/ours",
        "type": "desk.ticket.opened.v1",
        "subject": "t-1",
        "time": "2025-01-06T08:00:00Z",
        "sequence": "1",
        "sourcefile": "export.csv",
        "sourcerow": "7",
        "sourcestate": "New",
        "data": {
            "code": "K7M2-Q9PG",
            "kind": "incident",
            "title": "The antenna bends",
            "requester": "ana",
            "channel": "mail",
        },
    }
)


@pytest.mark.parametrize("name", ["history.jsonl", "history.jsonl.gz"])
def test_a_line_is_an_event_and_where_it_came_from_is_passed_over(
    tmp_path: Path, name: str
) -> None:
    file, text = tmp_path / name, f"{LINE}\n".encode()
    file.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    (event,) = read_file(file)
    assert (event.subject, event.sequence) == ("t-1", 1)
    assert isinstance(event.data, TicketOpened)


@pytest.mark.parametrize("line", ["not JSON", "[]", "{}", LINE.replace("opened", "no-such")])
def test_a_line_that_is_no_event_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text(f"{LINE}\n{line}\n")
    with pytest.raises(Invalid, match="as `desk import` writes them") as refused:
        list(read_file(file))
    assert refused.value.message.startswith(f"{file}:2: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="`desk import` writes one"):
        list(read_file(tmp_path / "history.jsonl"))
