"""Both real logs end to end: what the history says agrees with the logs' own columns."""

import json
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk_charter.dated_calendars import ROUND_THE_CLOCK, DatedCalendar
from desk_charter.slas import SlaPolicy
from desk_contracts.events.sla import ClockName, SlaMet
from desk_contracts.events.tickets import TicketAssigned, WaitingFor
from desk_metrics.history.exports.store import load_mapping
from desk_metrics.history.findings import WhereTimeGoes
from desk_metrics.history.fitting import fit, measure_verdict
from desk_metrics.history.model import Imported
from desk_metrics.history.path import TicketPath, trace_path
from desk_metrics.history.sentences import where_time_goes
from desk_metrics.history.store import read_history
from desk_metrics.history.tallies import Tallies
from desk_metrics.history.worker import Import, ImportSummary, Places
from desk_metrics.sla.decide import decide
from desk_metrics.sla.model import TicketClocks, evolve
from desk_metrics.sla.policies import Edition, PolicyBook

DATA = Path(os.environ.get("DESK_DATA", "../shared/data"))
# Tickets that the SLA engine judges as well; all of them would take minutes.
SOME = 300

pytestmark = pytest.mark.timeout(900)


def imported(name: str, path: str, folder: Path) -> tuple[ImportSummary, Places]:
    log = DATA / path
    if not log.is_file():
        pytest.skip(f"there is no {log}; DESK_DATA names the folder with the real logs")
    places = Places.beside(folder / f"{name}.jsonl.gz")
    return Import([log], load_mapping(name)).write(places), places


@pytest.fixture(scope="module")
def uci(tmp_path_factory: pytest.TempPathFactory) -> tuple[ImportSummary, Places]:
    log = "uci_incident/incident_event_log.csv.gz"
    return imported("uci", log, tmp_path_factory.mktemp("uci"))


@pytest.fixture(scope="module")
def bpi13(tmp_path_factory: pytest.TempPathFactory) -> tuple[ImportSummary, Places]:
    return imported("bpi13", "bpi13/incidents.csv.gz", tmp_path_factory.mktemp("bpi13"))


@pytest.fixture(scope="module")
def paths(uci: tuple[ImportSummary, Places]) -> dict[str, TicketPath]:
    return {events[0].event.subject: trace_path(events) for events in read_history(uci[1].history)}


def reported(paths: list[TicketPath]) -> WhereTimeGoes:
    tallies = Tallies()
    for path in paths:
        tallies.add(path, path.category)
    return where_time_goes(tallies)


def test_every_row_of_the_uci_log_is_used(uci: tuple[ImportSummary, Places]) -> None:
    account, _ = uci
    assert account.is_whole
    assert (account.rows, account.used, account.tickets) == (86_075, 86_075, 15_048)
    assert account.remarked == {"contradiction": 3, "out-of-order": 1}


def test_the_uci_log_agrees_with_its_own_columns(uci: tuple[ImportSummary, Places]) -> None:
    account, places = uci
    differing = {name: account.compared[name] - account.agreeing[name] for name in account.compared}
    # docs/import.md says why each of these differs.
    assert differing == {
        "reassignments": 52,
        "reopenings": 1,
        "updates": 5_647,
        "resolved": 176,
        "closed": 29,
    }
    assert account.compared == {
        "reassignments": 15_048,
        "reopenings": 15_048,
        "updates": 15_048,
        "resolved": 14_132,
        "closed": 15_048,
    }
    counted = Counter(
        json.loads(line)["figure"] for line in places.differences.read_text().splitlines()
    )
    assert counted == differing


def test_the_differences_of_the_uci_log_are_of_the_kinds_described(
    uci: tuple[ImportSummary, Places],
) -> None:
    """More was counted than the published rows show, and later rows repeat the state."""
    for line in uci[1].differences.read_text().splitlines():
        entry = json.loads(line)
        if entry["figure"] in ("reassignments", "updates"):
            assert int(entry["log"]) > int(entry["history"])
        elif entry["figure"] in ("resolved", "closed"):
            assert entry["log"] > entry["history"]


def test_where_the_time_of_the_uci_log_goes(paths: dict[str, TicketPath]) -> None:
    report = reported(list(paths.values()))
    assert (report.tickets, report.over, report.reopenings) == (15_048, 15_048, 194)
    assert report.first_team_is_last_share == pytest.approx(0.643, abs=0.001)
    assert report.median_hours_to_resolve == pytest.approx(16.9, rel=0.03)
    assert report.p90_hours_to_resolve == pytest.approx(360, rel=0.03)
    assert [wait.reason for wait in report.waits] == [
        "Awaiting User Info",
        "Awaiting Vendor",
        "Awaiting Problem",
        "Awaiting Evidence",
    ]
    assert all((report.automate, report.engineer_out, report.hand_on, report.queues))
    assert all((report.passed_on, report.ping_pong, report.wait_signs, report.paths))


def test_what_goes_with_broken_slas_of_the_uci_log(
    uci: tuple[ImportSummary, Places], paths: dict[str, TicketPath]
) -> None:
    """Counted a second way: from the column `made_sla` of each ticket's figures."""
    tallies = Tallies()
    verdicts = Counter[bool]()
    for figures in map(json.loads, uci[1].figures.read_text().splitlines()):
        kept = figures["kept"] == "true"
        verdicts[kept] += 1
        tallies.add(paths[figures["ticket"]], "", is_kept=kept)
    breaches = where_time_goes(tallies).breaches
    assert breaches is not None
    assert (breaches.evaluated, breaches.broken) == (verdicts.total(), verdicts[False])
    shares = [group.share or 0 for group in breaches.by_handovers]
    # The more often it was handed on, the more often its SLA was broken.
    assert [group.group for group in breaches.by_handovers] == ["0", "1", "2", "3+"]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(0.27, abs=0.01)
    assert shares[-1] == pytest.approx(0.75, abs=0.01)
    assert sum(group.evaluated for group in breaches.by_month) == breaches.evaluated


def test_a_log_that_was_cut_shows_no_trend(paths: dict[str, TicketPath]) -> None:
    """Of the UCI log three months are whole; what follows is the rest of a cut."""
    report = reported(list(paths.values()))
    whole = [month.month for month in report.months if month.is_whole]
    assert whole == ["2016-03", "2016-04", "2016-05"]
    assert report.trends == ()
    assert "history.few-months" in {item.code for item in report.sentences}


def test_the_sla_behind_made_sla_is_fitted_and_agrees(
    uci: tuple[ImportSummary, Places], paths: dict[str, TicketPath]
) -> None:
    verdicts = [
        measure_verdict(figures["ticket"], paths[figures["ticket"]], kept=figures["kept"] == "true")
        for figures in map(json.loads, uci[1].figures.read_text().splitlines())
    ]
    fitted = fit(verdicts)
    assert fitted is not None
    assert (fitted.calendar, fitted.until) == ("Mon-Fri all day", "closed")
    assert fitted.baseline == pytest.approx(0.638, abs=0.005)
    assert fitted.agreement_held_out > 0.99
    assert min(fitted.kept_found, fitted.broken_found) > 0.98


def test_the_sla_engine_judges_the_history_as_the_measures_do(
    uci: tuple[ImportSummary, Places],
) -> None:
    """The engine that runs live folds imported events: kept if and only if the time was enough."""
    goal = timedelta(hours=20)
    policy = SlaPolicy(
        title="as in the log",
        name="twenty-hours",
        clock=ClockName.RESOLUTION,
        default=True,
        target=goal,
        calendar="always",
        pause_on=tuple(WaitingFor),
    )
    always = DatedCalendar(name="always", title="always", zone="UTC", week=ROUND_THE_CLOCK)
    since = datetime(2016, 1, 1, tzinfo=UTC)
    edition = Edition(version="1", since=since, policies=(policy,), calendars=(always,))
    book = PolicyBook([edition])
    compared = 0
    for place, events in enumerate(read_history(uci[1].history)):
        path = trace_path(events)
        if place >= SOME:
            break
        if path.reopenings:
            continue
        compared += 1
        is_kept = path.own_minutes <= goal.total_seconds() / 60
        assert _kept(events, book) == is_kept, path.number
    assert compared > SOME / 2


def _kept(events: list[Imported], book: PolicyBook) -> bool:
    state = TicketClocks(ticket=events[0].event.subject)
    for entry in events:
        state = evolve(state, entry.event)
    transitions = decide(state, book, events[-1].event.time + timedelta(days=400)).events
    return any(isinstance(event.data, SlaMet) for event in transitions)


def test_every_row_of_the_volvo_log_is_used(bpi13: tuple[ImportSummary, Places]) -> None:
    account, _ = bpi13
    assert account.is_whole
    assert (account.rows, account.used, account.tickets) == (65_533, 65_533, 7_554)
    assert not account.remarked


def test_the_volvo_log_agrees_with_a_plain_count_of_its_rows(
    bpi13: tuple[ImportSummary, Places],
) -> None:
    """Its three columns have no figures of their own, so its rows are counted a second way."""
    over = waits = requeues = 0
    for events in read_history(bpi13[1].history):
        path = trace_path(events)
        over += path.is_over
        waits += len(path.pauses)
        requeues += sum(isinstance(entry.event.data, TicketAssigned) for entry in events)
    assert over == 7_546  # 5,573 end closed, 1,882 and 90 resolved, 1 cancelled
    assert waits > 0
    assert requeues > 0
