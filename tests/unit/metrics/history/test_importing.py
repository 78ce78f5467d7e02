"""A run over files: every row accounted for, files whole, bytes repeatable."""

import json
from pathlib import Path

import pytest
from desk_contracts.errors import Invalid, NotFound
from desk_contracts.events.tickets import TicketTriaged
from desk_metrics.history.exports.mapping import Mapping
from desk_metrics.history.exports.store import load_mapping
from desk_metrics.history.rows import Fault
from desk_metrics.history.store import format_line, read_history
from desk_metrics.history.worker import Import, ImportSummary, Places

from tests.support.metrics_exports import NOW, TICKETS, UPDATES, csv_file, histories_of, list_types

LOG = """no,at,n,state,team,moves,kept
2,01/07/2026 12:00,0,New,A,0,true
1,01/07/2026 12:00,0,New,A,0,true
1,01/07/2026 14:00,2,Done,B,1,true
1,01/07/2026 13:00,1,Active,B,1,true
1,01/07/2026 13:00,1,Active,B,1,true
,01/07/2026 13:00,1,Active,B,1,true
2,never,1,Done,A,5,false
2,02/07/2026 12:00,1,Odd,A,5,false
"""


def test_every_row_is_used_or_refused_and_nothing_else(tmp_path: Path) -> None:
    histories, run = histories_of(csv_file(tmp_path, LOG), UPDATES)
    account = run.summary
    assert (account.rows, account.used, account.refused.total()) == (8, 5, 3)
    assert account.is_whole
    assert account.refused == {Fault.DUPLICATE: 1, Fault.NO_TICKET: 1, Fault.BAD_TIME: 1}
    assert account.remarked == {Fault.OUT_OF_ORDER: 1, Fault.UNKNOWN_STATE: 1}
    assert [list_types(events) for events in histories] == [
        ["opened", "assigned", "assigned", "started", "resolved"],
        ["opened", "assigned"],
    ]


def test_an_import_writes_four_files(tmp_path: Path) -> None:
    places = Places.beside(tmp_path / "out.jsonl")
    account = Import([csv_file(tmp_path, LOG)], UPDATES, now=NOW).write(places)
    rejects = [json.loads(line) for line in places.rejects.read_text().splitlines()]
    assert sorted((entry["row"], entry["fault"], entry["used"]) for entry in rejects) == [
        (4, "out-of-order", True),
        (6, "duplicate", False),
        (7, "no-ticket", False),
        (8, "bad-time", False),
        (9, "unknown-state", True),
    ]
    assert all(entry["file"].endswith("log.csv") and entry["reason"] for entry in rejects)
    figures = [json.loads(line) for line in places.figures.read_text().splitlines()]
    assert [(entry["number"], entry["kept"]) for entry in figures] == [
        ("1", "true"),
        ("2", "false"),
    ]
    assert json.loads(places.differences.read_text()) == {
        "ticket": "2",
        "figure": "reassignments",
        "log": "5",
        "history": "0",
    }
    assert (account.compared, account.agreeing) == ({"reassignments": 2}, {"reassignments": 1})
    assert {entry.name for entry in tmp_path.glob("*")} == {
        "log.csv",
        "out.jsonl",
        "out.rejects.jsonl",
        "out.figures.jsonl",
        "out.differences.jsonl",
    }


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_what_is_written_is_read_again_as_it_was(tmp_path: Path, name: str) -> None:
    log = csv_file(tmp_path, LOG)
    Import([log], UPDATES, now=NOW).write(Places.beside(tmp_path / name))
    histories, _ = histories_of(log, UPDATES)
    assert list(read_history(tmp_path / name)) == [
        [entry._replace(file=0) for entry in events] for events in histories
    ]


def test_two_imports_give_the_same_bytes_however_small_the_runs(tmp_path: Path) -> None:
    log = csv_file(tmp_path, LOG)
    for name, run in (("a.jsonl", 2), ("b.jsonl", 1000)):
        Import([log], UPDATES, run=run, now=NOW).write(Places.beside(tmp_path / name))
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_more_runs_than_files_may_be_open_are_merged_in_steps(tmp_path: Path) -> None:
    rows = "".join(f"{n % 7},01/07/2026 {n % 24:02}:00,{n},Active,A,0,true\n" for n in range(250))
    log = csv_file(tmp_path, LOG.splitlines()[0] + "\n" + rows)
    small, run = histories_of(log, UPDATES, run=2)
    assert small == histories_of(log, UPDATES)[0]
    assert run.summary.used == 250


def test_several_files_are_one_history(tmp_path: Path) -> None:
    head, *rows = LOG.splitlines()
    parts = [
        csv_file(tmp_path, "\n".join([head, *part]), f"{number}.csv")
        for number, part in enumerate((rows[:2], rows[2:]))
    ]
    run = Import(parts, UPDATES, now=NOW)
    run.write(Places.beside(tmp_path / "out.jsonl"))
    assert run.summary.tickets == 2
    assert run.summary.is_whole


def test_a_second_row_of_a_ticket_is_refused_where_a_row_is_a_ticket(tmp_path: Path) -> None:
    text = "no,opened,resolved\n1,2026-03-02,2026-03-04\n1,2026-03-01,2026-03-03\n"
    [events], run = histories_of(csv_file(tmp_path, text), TICKETS)
    assert events[0].event.time.day == 2
    assert run.summary.refused == {Fault.DUPLICATE: 1}
    assert run.summary.is_whole


def test_a_mapping_for_another_export_is_told_at_once(tmp_path: Path) -> None:
    log = csv_file(tmp_path, "number,opened_at\n1,2\n")
    with pytest.raises(Invalid, match=r"no column at, n, no, state.*It has: number, opened_at"):
        histories_of(log, UPDATES)


def test_a_run_that_fails_leaves_no_half_file(tmp_path: Path) -> None:
    log = csv_file(tmp_path, "number\n1\n")
    with pytest.raises(Invalid):
        Import([log], UPDATES, now=NOW).write(Places.beside(tmp_path / "out.jsonl"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["log.csv"]


def test_a_history_file_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    log = csv_file(tmp_path, LOG)
    histories, _ = histories_of(log, UPDATES)
    lines = [format_line(entry, "log.csv") for events in histories for entry in events]
    path = tmp_path / "h.jsonl"
    for wrong, sentence in (
        ([b"{\n"], "h.jsonl:1: not JSON"),
        ([b"[]\n"], "not a JSON object"),
        ([b"{}\n"], "h.jsonl:1: "),
        ([lines[0], lines[2]], "h.jsonl:2: event 3"),
        ([lines[1]], "h.jsonl:1: event 2"),
    ):
        path.write_bytes(b"".join(wrong))
        with pytest.raises(Invalid, match=sentence):
            list(read_history(path))
    with pytest.raises(NotFound, match="desk import"):
        list(read_history(tmp_path / "none.jsonl"))


def summary_of(
    folder: Path, text: str, mapping: Mapping = TICKETS, name: str = "a.csv"
) -> ImportSummary:
    return Import([csv_file(folder, text, name)], mapping, now=NOW).write(
        Places.beside(folder / "out.jsonl")
    )


def test_columns_that_never_held_anything_are_named(tmp_path: Path) -> None:
    text = "no,opened,team,state,house\n1,2026-03-02T08:00Z,,open,\n2,2026-03-02T08:00Z,-,open,\n"
    [note] = summary_of(tmp_path, text).notes
    assert note == (
        "No row held anything for: assigned, responded, started, resolved, closed, changed,"
        " building (house)."
    )
    [note] = summary_of(tmp_path, text.replace(",-,", ",,")).notes
    assert "team (team)" in note


def test_what_cannot_be_seen_is_no_value_and_hides_no_word(tmp_path: Path) -> None:
    text = "no,opened,state,team\n1,2026-03-02T08:00Z,op\u200ben,\u200b\n\u2800,2026-03-02,open,A\n"
    account = summary_of(tmp_path, text)
    assert account.refused == {Fault.NO_TICKET: 1}
    assert Fault.UNKNOWN_STATE not in account.remarked


def test_repeated_columns_are_joined_and_two_states_are_one(tmp_path: Path) -> None:
    text = (
        "Summary,Issue key,Status,Status,Created,Component/s,Component/s,Labels,Labels,Priority\n"
        "a,D-1,Open,,23/Mar/26 9:15 AM,Access,Rooms,x,,High\n"
        "b,D-2,,Open,23/Mar/26 9:15 AM,,Printing,,,High\n"
        "c,D-3,Open,Done,23/Mar/26 9:15 AM,,,,,High\n"
    )
    path = csv_file(tmp_path, text)
    histories, run = histories_of(path, load_mapping("jira-service-management"))
    triaged = [entry.event.data for events in histories for entry in events]
    said_of = [data.category for data in triaged if isinstance(data, TicketTriaged)]
    assert said_of == ["Access, Rooms", "Printing", "unknown"]
    assert run.summary.remarked == {Fault.UNKNOWN_STATE: 1}


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("none/out.jsonl", "There is no folder"),
        ("a.csv", "is an export that is read"),
        ("folder", "is a folder"),
    ],
)
def test_what_is_written_never_takes_an_exports_place(
    tmp_path: Path, out: str, sentence: str
) -> None:
    (tmp_path / "folder").mkdir()
    path = csv_file(tmp_path, "no,opened\n1,2026-03-02\n", "a.csv")
    with pytest.raises(Invalid, match=sentence):
        Import([path], TICKETS, now=NOW).write(Places.beside(tmp_path / out))
    assert path.read_text() == "no,opened\n1,2026-03-02\n"


def test_a_file_of_many_columns_names_some_of_them_and_nothing_that_acts(tmp_path: Path) -> None:
    names = ",".join(f"c{n}" for n in range(1_000))
    with pytest.raises(Invalid, match="and 961 more") as refused:
        summary_of(tmp_path, f"\x1b[2Jx,{names}\n")
    assert "\x1b" not in refused.value.message
    assert len(refused.value.message) < 1_000
