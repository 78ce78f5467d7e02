"""Moments: every usual form, one order of day and month for a file, a window that is believed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_contracts.errors import Invalid
from desk_metrics.history.exports.forms import Order, parse_moment
from desk_metrics.history.exports.mapping import Mapping, Times
from desk_metrics.history.exports.moments import Moments
from desk_metrics.history.exports.store import load_mapping
from desk_metrics.history.rows import Fault
from desk_metrics.history.worker import Import
from desk_metrics.sla.worktime import instant

from tests.support.metrics_exports import NOW, TICKETS, Discard, csv_file, histories_of

EVE = "2025-12-24T08:30:00+00:00"
COMMON = TICKETS.model_copy(update={"times": Times()})


def read(text: str, order: Order | None = None, zone: str = "UTC") -> str:
    us = Moments(Times(zone=zone, order=order))(text)
    return "" if us is None else instant(us).isoformat()


@pytest.mark.parametrize(
    "text",
    [
        "2025-12-24T08:30:00Z",
        "2025-12-24T09:30:00+0100",
        "2025-12-24T09:30:00+01:00",
        "2025-12-24T08:30:00.000Z",
        "2025-12-24T08:30:00,000Z",
        "2025-12-24 08:30",
        "2025-12-24 8:30",
        "2025-12-24 08:30:00 UTC",
        "2025-12-24 09:30:00 +0100",
        "2025-12-24 09:30 GMT+1",
        "2025-12-24 09:30 CET",
        "2025/12/24 08:30",
        "20251224083000",
        "24.12.2025 08:30",
        "24.12.2025, 08:30:00",
        "24.12.2025 um 8:30 Uhr",
        "24.12.25 08.30 Uhr",
        "24. 12. 2025 08:30",
        "24. Dezember 2025 08:30",
        "Mi, 24. Dez. 2025, 08:30",
        "24 Dec 2025 08:30",
        "24-Dec-2025 08:30:00",
        "24/Dec/25 8:30 AM",
        "Dec 24, 2025 8:30 AM",
        "December 24, 2025 at 8:30 am",
        "Wednesday, December 24, 2025 8:30 a.m.",
        "Wed, 24 Dec 2025 08:30:00 +0000",
        "Wed Dec 24 08:30:00 2025",
        "Wed Dec 24 08:30:00 UTC 2025",
        "24/12/2025 08:30",
        "12/24/2025 8:30 AM",
        "12/24/25 8:30\u202fAM",
        "12-24-2025 08:30",
        "1766565000",
        "1766565000.0",
        "1766565000000",
        "/Date(1766565000000)/",
        "\u0661\u0662/24/2025 8:30 AM",
    ],
)
def test_common_forms_are_one_moment(text: str) -> None:
    assert read(text) == EVE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "8:30 AM",
        "24.12.",
        "2025-13-01",
        "2026-02-30",
        "30/02/2026",
        "2025-12-24 25:00",
        "12/24/2025 13:30 PM",
        "24.12.2025 08:60",
        "2025-12-24 09:30 CST",
        "24 Foo 2025",
        "25/24/2025",
        "0000-00-00 00:00:00",
        "2025-12-24 08:30 +99:99",
        "24.13.2025",
        "12.24.2025",
        "45650.354",
        "1" * 40,
    ],
)
def test_what_fits_no_form_is_no_moment(text: str) -> None:
    assert read(text) == ""


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12/24/2025 12:00 AM", "2025-12-24T00:00:00+00:00"),
        ("12/24/2025 12:30 PM", "2025-12-24T12:30:00+00:00"),
        ("12/24/2025 8:30 PM", "2025-12-24T20:30:00+00:00"),
        ("24.12.2025 24:00", "2025-12-25T00:00:00+00:00"),
        ("24. März 2026", "2026-03-24T00:00:00+00:00"),
        ("Mar 24, 2026", "2026-03-24T00:00:00+00:00"),
        ("24 Mai 2026 14:00 MESZ", "2026-05-24T12:00:00+00:00"),
    ],
)
def test_noon_midnight_and_names_of_months(text: str, moment: str) -> None:
    assert read(text) == moment


def test_wall_time_is_of_the_zone_and_an_offset_goes_before_it() -> None:
    assert read("24.12.2025 09:30", zone="Europe/Berlin") == EVE
    assert read("24.06.2025 10:30", zone="Europe/Berlin") == "2025-06-24T08:30:00+00:00"
    assert read("2025-12-24T08:30:00Z", zone="Asia/Tokyo") == EVE


def test_two_numbers_that_could_both_be_the_month_need_an_order() -> None:
    assert read("03/04/2026") == ""
    assert read("03/04/2026", Order.DAY_FIRST)[:10] == "2026-04-03"
    assert read("03/04/2026", Order.MONTH_FIRST)[:10] == "2026-03-04"
    assert read("03/03/2026")[:10] == "2026-03-03"
    assert read("24/12/2025", Order.MONTH_FIRST) == ""
    # A dot means that the day comes first, whatever else is in the file.
    assert read("03.04.2026", Order.MONTH_FIRST)[:10] == "2026-04-03"
    assert parse_moment("03.04.2026", None) == datetime(2026, 4, 3)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("order", "day"), [(Order.DAY_FIRST, "2026-04-03"), (Order.MONTH_FIRST, "2026-03-04")]
)
def test_a_given_order_chooses_among_given_formats(order: Order, day: str) -> None:
    times = Times(formats=("%d/%m/%Y", "%m/%d/%Y"), order=order)
    us = Moments(times)("03/04/2026")
    assert us is not None
    assert instant(us).date().isoformat() == day


def opened(folder: Path, *dates: str, mapping: Mapping = COMMON) -> tuple[list[str], Import]:
    rows = "".join(f"{n},{date}\n" for n, date in enumerate(dates, 10))
    histories, run = histories_of(csv_file(folder, f"no,opened\n{rows}"), mapping)
    return [events[0].event.time.date().isoformat() for events in histories], run


@pytest.mark.parametrize(
    ("decides", "first", "order"),
    [
        ("13/04/2026", "2026-04-03", "day-first"),
        ("04/13/2026", "2026-03-04", "month-first"),
        ("13-04-26 8:30 PM", "2026-04-03", "day-first"),
    ],
)
def test_one_date_decides_for_the_whole_file_wherever_it_stands(
    tmp_path: Path, decides: str, first: str, order: str
) -> None:
    moments, run = opened(tmp_path, "03/04/2026", *["05/05/2026"] * 50, decides)
    assert moments[0] == first
    assert not run.summary.refused
    assert f"are read {order}: '{decides}' in row 53" in run.summary.notes[0]


def test_a_file_that_does_not_decide_asks(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"'03/04/2026' in row 2\).*--dates day-first or"):
        opened(tmp_path, "03/04/2026", "05/06/2026", "2026-03-02")


def test_a_file_that_contradicts_itself_asks(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"contradict.*13/04/2026.*04/13/2026.*--dates"):
        opened(tmp_path, "13/04/2026", "04/13/2026")


def test_what_somebody_said_decides_and_other_rows_are_refused(tmp_path: Path) -> None:
    mapping = load_mapping("glpi", order=Order.MONTH_FIRST)
    rows = '"7";"a";"New";"03-04-2026 09:00"\n"8";"b";"New";"13-04-2026 09:00"\n'
    text = f'"ID";"Title";"Status";"Opening date"\n{rows}'
    [events], run = histories_of(csv_file(tmp_path, text), mapping)
    assert events[0].event.time.date().isoformat() == "2026-03-04"
    assert run.summary.refused == {Fault.BAD_TIME: 1}


def test_one_odd_date_among_many_is_refused_by_itself(tmp_path: Path) -> None:
    moments, run = opened(tmp_path, "03/04/2026", *["13/04/2026"] * 150, "04/13/2026")
    assert moments[0] == "2026-04-03"
    assert run.summary.refused == {Fault.BAD_TIME: 1}
    assert run.summary.is_whole


def test_formats_of_a_mapping_that_disagree_are_decided_for_the_file_too(tmp_path: Path) -> None:
    times = Times(formats=("%d/%m/%Y", "%m/%d/%Y", "iso"))
    mapping = TICKETS.model_copy(update={"times": times})
    assert opened(tmp_path, "03/04/2026", "04/13/2026", mapping=mapping)[0][0] == "2026-03-04"
    with pytest.raises(Invalid, match="--dates"):
        opened(tmp_path, "03/04/2026", mapping=mapping)
    sole = TICKETS.model_copy(update={"times": Times(formats=("%m/%d/%Y",))})
    assert opened(tmp_path, "03/04/2026", mapping=sole)[0] == ["2026-03-04"]


def test_each_file_has_its_own_order(tmp_path: Path) -> None:
    paths = [
        csv_file(tmp_path, f"no,opened\n{n},03/04/2026\n{n}0,{date}\n", f"{n}.csv")
        for n, date in enumerate(("13/04/2026", "04/13/2026"), 1)
    ]
    run = Import(paths, COMMON, now=NOW)
    histories = [events for _, events in run.read_histories(Discard())]
    days = {events[0].row: [] for events in histories}  # type: dict[int, list[str]]
    for events in histories:
        days[events[0].row].append(events[0].event.time.date().isoformat())
    assert sorted(days[2]) == ["2026-03-04", "2026-04-03"]
    assert len([note for note in run.summary.notes if "are read" in note and "first" in note]) == 2


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        ("1999-12-31T23:59:59Z", "lies before 2000"),
        ("1970-01-01", "lies before 2000"),
        ("0001-01-01", "lies before 2000"),
        ("2026-11-02T00:00:01Z", "in the future"),
        ("9999-12-31", "in the future"),
    ],
)
def test_moments_outside_the_window_are_refused_with_their_reason(
    tmp_path: Path, date: str, reason: str
) -> None:
    rejects = Discard()
    path = csv_file(tmp_path, f"no,opened\n1,{date}\n2,2000-01-01T00:00:00Z\n3,2026-11-02T00:00Z\n")
    run = Import([path], COMMON, now=datetime(2026, 11, 1, tzinfo=UTC))
    assert len(list(run.read_histories(rejects))) == 2
    assert run.summary.refused == {Fault.BAD_TIME: 1}
    assert reason.encode() in rejects.lines[0]


def test_the_account_names_the_zone_only_where_it_was_needed(tmp_path: Path) -> None:
    _, run = opened(tmp_path, "2026-03-02 08:00")
    assert "read as wall time of UTC; --zone gives another" in run.summary.notes[0]
    _, run = opened(tmp_path, "2026-03-02T08:00Z")
    assert not [note for note in run.summary.notes if "--zone" in note]
