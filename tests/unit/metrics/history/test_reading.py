"""Records in the words of the desk: what is refused and what only remarked."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_contracts.errors import Invalid, NotFound
from desk_contracts.message import verbatim
from desk_metrics.history.exports.mapping import Mapping, Times
from desk_metrics.history.exports.model import ExportRecord
from desk_metrics.history.exports.moments import Moments
from desk_metrics.history.exports.reader import RowReader
from desk_metrics.history.exports.store import load_mapping
from desk_metrics.history.exports.text import REPLACED
from desk_metrics.history.rows import ExportRow, Fault, Remark
from desk_metrics.sla.worktime import instant

from tests.support.metrics_exports import TICKETS, UPDATES, csv_file
from tests.support.spoken import english

NOW = datetime(2026, 8, 1, tzinfo=UTC)
GOOD = {"no": "T1", "at": "01/07/2026 12:00", "n": "3", "state": "Active", "team": "A"}
TICKET = {"no": "T1", "opened": "2026-03-02T09:00:00+00:00"}


def read(mapping: Mapping, values: dict[str, str]) -> tuple[ExportRow | None, list[Remark]]:
    return RowReader(mapping, NOW).read(ExportRecord(7, values), 0)


def test_a_good_row_is_read_in_the_words_of_the_desk() -> None:
    row, remarks = read(UPDATES, {**GOOD, "prio": "1 - bad ", "cat": "?", "moves": "2"})
    assert row is not None
    assert not remarks
    assert instant(row.at).isoformat() == "2026-07-01T10:00:00+00:00"  # noon in Berlin's summer
    assert (row.ticket, row.order, row.row, row.state) == ("T1", 3, 7, "in_progress")
    assert (row.priority, row.category, row.figures) == ("P1", "", {"reassignments": "2"})


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"no": "?"}, Fault.NO_TICKET),
        ({"no": "x" * 151}, Fault.NO_TICKET),
        ({"at": ""}, Fault.NO_TIME),
        ({"at": "13/13/2026 00:00"}, Fault.BAD_TIME),
    ],
)
def test_an_update_without_ticket_or_time_is_refused(wrong: dict[str, str], fault: Fault) -> None:
    row, [remark] = read(UPDATES, GOOD | wrong)
    assert row is None
    assert (remark.fault, remark.used, remark.row) == (fault, False, 7)
    assert remark.reason


@pytest.mark.parametrize(
    ("odd", "fault"),
    [
        ({"state": "-100"}, Fault.UNKNOWN_STATE),
        ({"prio": "9"}, Fault.UNKNOWN_VALUE),
        ({"opened": "yesterday"}, Fault.BAD_TIME),
        ({"opened": "02/07/2026 12:00"}, Fault.CONTRADICTION),
        ({"opened": "01/06/2026 12:00", "closed": "01/05/2026 12:00"}, Fault.CONTRADICTION),
        ({"team": "x" * 201}, Fault.TOO_LONG),
    ],
)
def test_an_update_with_something_odd_is_used_and_remarked(
    odd: dict[str, str], fault: Fault
) -> None:
    row, [remark] = read(UPDATES, GOOD | odd)
    assert row is not None
    assert (remark.fault, remark.used) == (fault, True)


def test_a_ticket_number_of_150_signs_and_a_team_of_200_are_read_whole() -> None:
    row, remarks = read(UPDATES, GOOD | {"no": "x" * 150, "team": "y" * 200})
    assert row is not None
    assert (row.ticket, row.team, remarks) == ("x" * 150, "y" * 200, [])


def test_of_a_long_word_that_is_unknown_the_beginning_is_told() -> None:
    _, [remark] = read(UPDATES, GOOD | {"prio": "9" * 61})
    assert (remark.reason.code, remark.reason.params["word"]) == (
        "history.unknown-value",
        "9" * 60,
    )


@pytest.mark.parametrize(
    ("wrong", "fault", "reason"),
    [
        ({"opened": ""}, Fault.NO_TIME, "no date of opening"),
        ({"resolved": "soon"}, Fault.BAD_TIME, "resolved: 'soon'"),
        ({"resolved": "2026-03-01"}, Fault.CONTRADICTION, "resolved before it was opened"),
        ({"closed": "2026-03-01"}, Fault.CONTRADICTION, "closed before it was opened"),
        (
            {"resolved": "2026-03-05", "closed": "2026-03-04"},
            Fault.CONTRADICTION,
            "closed before it was resolved",
        ),
        ({"started": "2026-03-01"}, Fault.CONTRADICTION, "started before it was opened"),
        ({"state": "done"}, Fault.NO_TIME, "resolved, but no date"),
    ],
)
def test_a_ticket_whose_dates_cannot_be_true_is_refused(
    wrong: dict[str, str], fault: Fault, reason: str
) -> None:
    row, [remark] = read(TICKETS, TICKET | wrong)
    assert row is None
    assert (remark.fault, remark.used) == (fault, False)
    assert reason in english(remark.reason)


def test_a_broken_record_is_refused_and_a_mended_one_remarked() -> None:
    reader = RowReader(TICKETS, NOW)
    assert reader.read(ExportRecord(3, broken="too short"), 0) == (
        None,
        [Remark(Fault.UNREADABLE, False, 0, 3, "", verbatim("too short"))],
    )
    row, [remark] = reader.read(ExportRecord(3, TICKET, mended=REPLACED), 0)
    assert row is not None
    assert remark.fault is Fault.ENCODING


def test_moments_are_read_in_every_format_of_the_mapping() -> None:
    read_moment = Moments(
        Times(formats=("epoch_ms", "epoch", "%d.%m.%y", "iso"), zone="Asia/Tokyo")
    )
    wanted = {
        "1.7e9": 1_700_000_000_000_000 // 1000,
        "02.01.70": 15 * 3_600_000_000,
        "1970-01-02T00:00:00Z": 24 * 3_600_000_000,
    }
    for text, us in wanted.items():
        assert read_moment(text) == us
    assert Moments(Times(formats=("epoch",)))("86400") == 24 * 3_600_000_000
    assert read_moment("9" * 30) is None
    assert read_moment("nothing") is None


def test_alternatives_and_joined_columns() -> None:
    columns = {
        "ticket": "no",
        "opened": "opened",
        "category": ["a", "b"],
        "title": {"first": ["x", "y"]},
    }
    mapping = Mapping.model_validate(
        {"name": "m", "shape": "tickets", "source": "/m", "columns": columns, "nulls": ["-"]}
    )
    row, _ = read(mapping, {**TICKET, "a": "Mail", "b": "Full", "x": "-", "y": "Help"})
    assert row is not None
    assert (row.category, row.title) == ("Mail / Full", "Help")
    assert RowReader(mapping, NOW).columns() == {"no", "opened", "a", "b"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name: [", "this is not YAML"),
        ("name: m", "m.yaml:1: shape: Field required"),
        (
            "{name: m, shape: tickets, source: /m, columns: {ticket: a}, states: {x: waiting}}",
            "who",
        ),
        ("{name: m, shape: tickets, source: /m, columns: {ticket: a}, states: {x: gone}}", "state"),
        ("{name: m, shape: tickets, source: /m, columns: {ticket: a}, times: {zone: X}}", "zone"),
        (
            "{name: m, shape: tickets, source: /m, columns: {ticket: a}, values: {team: {a: b}}}",
            "'team' takes any text",
        ),
        (
            "{name: m, shape: tickets, source: /m, columns: {ticket: a}, values: {kind: {a: b}}}",
            "'b' is no kind",
        ),
        (
            "{name: m, shape: tickets, source: /m, columns: {ticket: a}, figures: {x: y}}",
            "compared are only",
        ),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused_with_its_place(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        load_mapping(str(csv_file(tmp_path, text, "m.yaml")))


def test_a_missing_mapping_names_those_there_are() -> None:
    with pytest.raises(NotFound, match="servicenow"):
        load_mapping("nonesuch")


def test_the_zone_of_a_mapping_can_be_given() -> None:
    assert load_mapping("osticket", "Europe/Berlin").times.zone == "Europe/Berlin"
    with pytest.raises(Invalid, match="not a known time zone"):
        load_mapping("osticket", "Mars/Base")
