"""Laws of the import: arrival order never matters, no number is missing, time adds up."""

import csv
from itertools import pairwise
from pathlib import Path
from random import Random

from desk_contracts import Codec
from desk_contracts.events.tickets import State, WaitingFor
from desk_metrics.history.model import build_events, sort_rows
from desk_metrics.history.path import Phase, trace_path
from desk_metrics.history.rows import RESTING, ExportRow
from desk_metrics.history.tallies import Tallies
from desk_metrics.history.worker import Import, Places
from desk_metrics.sla.worktime import micros
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.metrics_exports import HOUR, UPDATES, Discard

CODEC = Codec()
TEAMS = st.sampled_from(["", "A", "B", "C"])


@st.composite
def updates(draw: st.DrawFn) -> list[ExportRow]:
    """The rows of one ticket as a log might have them, any state after any other."""
    count = draw(st.integers(1, 12))
    rows = []
    for number in range(count):
        state = draw(st.sampled_from(["", *State]))
        waiting = draw(st.sampled_from(WaitingFor)) if state == State.WAITING else ""
        made = ExportRow("T", draw(st.integers(1, 40)) * HOUR, number, 0, number + 2, state=state)
        rows.append(
            made._replace(
                waiting=waiting,
                word=draw(st.sampled_from(["x", "y"])) if state else "",
                team=draw(TEAMS),
                member=draw(st.sampled_from(["", "Ann"])),
                priority=draw(st.sampled_from(["", "P1", "P3"])),
                category=draw(st.sampled_from(["", "Mail"])),
                opened=draw(st.sampled_from([None, HOUR])),
            )
        )
    return rows


@given(updates(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_matters(rows: list[ExportRow], random: Random) -> None:
    shuffled = random.sample(rows, len(rows))
    assert sort_rows(rows)[0] == sort_rows(shuffled)[0]


@given(updates())
def test_numbers_have_no_gap_times_go_forward_and_ids_are_unique(rows: list[ExportRow]) -> None:
    events = [imported.event for imported in build_events(sort_rows(rows)[0], "/t", str)]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert [event.time for event in events] == sorted(event.time for event in events)
    assert len({event.id for event in events}) == len(events)
    for event in events:
        message = CODEC.encode(event)
        assert CODEC.decode(message.key, message.value, message.headers) == event


@given(updates())
def test_open_time_is_told_once_and_whole(rows: list[ExportRow]) -> None:
    """Against a simple second reckoning: between two rows the state of the first one holds.

    A row without anything new is no event, and an open ticket is counted to its last event.
    """
    ordered, _ = sort_rows(rows)
    events = build_events(ordered, "/t", str)
    path = trace_path(events)
    end = micros(events[-1].event.time)
    begun = min(ordered[0].at, ordered[0].opened or ordered[0].at)
    state, minutes, waited, opened = str(State.NEW), 0.0, 0.0, begun
    for row in ordered:
        passed = max(0, min(row.at, end) - opened) / 60_000_000
        minutes += passed if state not in RESTING else 0
        waited += passed if state == State.WAITING else 0
        state, opened = row.state or state, row.at
    assert path.minutes == minutes
    assert sum(s.minutes for s in path.intervals if s.phase is Phase.WAITING) == waited
    assert sum(pause.minutes for pause in path.pauses) == waited
    assert path.is_over == (state in RESTING)


@given(updates())
def test_a_path_ends_at_rest_exactly_when_the_ticket_is_over(rows: list[ExportRow]) -> None:
    path = trace_path(build_events(sort_rows(rows)[0], "/t", str))
    phases = path.phases
    assert (bool(phases) and phases[-1] is Phase.AT_REST) == path.is_over
    # No phase follows itself, and those with open time are those that had any.
    assert all(before is not after for before, after in pairwise(phases))
    assert {*phases} - {Phase.AT_REST} == {interval.phase for interval in path.intervals}


@given(updates())
def test_reassignments_lead_from_the_first_team_to_the_last(rows: list[ExportRow]) -> None:
    path = trace_path(build_events(sort_rows(rows)[0], "/t", str))
    assert all(
        imported.giver and imported.taker and imported.giver != imported.taker
        for imported in path.reassignments
    )
    tallies = Tallies()
    tallies.add(path, "topic")
    assert sum(team.given for team in tallies.teams.values()) == len(path.reassignments)
    assert sum(team.taken for team in tallies.teams.values()) == len(path.reassignments)


ROWS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(["01/07/2026 10:00", "02/07/2026 10:00", "soon", ""]),
        st.sampled_from(["New", "Active", "Wait User", "Done", "Odd"]),
        st.sampled_from(["A", "B", "?"]),
    ),
    max_size=30,
)


@settings(max_examples=25)
@given(ROWS, st.randoms(use_true_random=False))
def test_a_shuffled_file_gives_the_same_history_and_every_row_is_accounted_for(
    tmp_path_factory: object, rows: list[tuple[int, str, str, str]], random: Random
) -> None:
    numbered = [(ticket, at, n, state, team) for n, (ticket, at, state, team) in enumerate(rows)]
    folder = tmp_path_factory.mktemp("log")  # type: ignore[attr-defined]
    histories = [
        _tell_changes(folder / f"{name}.csv", part)
        for name, part in (("a", numbered), ("b", random.sample(numbered, len(numbered))))
    ]
    assert histories[0] == histories[1]


def _tell_changes(
    path: Path, rows: list[tuple[int, str, int, str, str]]
) -> list[tuple[object, ...]]:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["no", "at", "n", "state", "team"])
        writer.writerows(rows)
    run = Import([path], UPDATES, run=7)
    rejects = Discard()
    histories = [
        (imported.event, imported.word)
        for _, events in run.read_histories(rejects)
        for imported in events
    ]
    assert run.summary.rows == len(rows)
    assert run.summary.is_whole
    assert len(rejects.lines) == run.summary.refused.total() + run.summary.remarked.total()
    assert Places.beside(path).rejects.name.endswith(".rejects.jsonl")
    return list(histories)
