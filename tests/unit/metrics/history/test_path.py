"""A path tells whose time it was; the report adds paths up."""

import pytest
from desk_metrics.history.findings import where_time_goes
from desk_metrics.history.model import build_events
from desk_metrics.history.path import Phase, Reassignment, TicketPath, trace_path
from desk_metrics.history.rows import ExportRow
from desk_metrics.history.tallies import MOST_NAMES, OTHERS, Tallies, is_ping_pong

from tests.support.metrics_exports import row


def path_of(*rows: ExportRow) -> TicketPath:
    return trace_path(build_events(rows, "/history/t", str))


def hours(path: TicketPath) -> list[tuple[str, str, str, float]]:
    return [(s.team, s.phase, s.reason, s.minutes / 60) for s in path.intervals]


def test_every_open_hour_belongs_to_one_team_and_phase() -> None:
    path = path_of(
        row(1, "new", team="A"),
        row(2, "in_progress", team="A"),
        row(4, "waiting", waiting="vendor", word="Spare part", team="A"),
        row(8, "in_progress", team="B"),
        row(9, "resolved", team="B"),
        row(20, "in_progress", team="B"),
        row(21, "closed", team="B"),
    )
    assert hours(path) == [
        ("A", Phase.QUEUED, "", 1),
        ("A", Phase.WORKED_ON, "", 2),
        ("A", Phase.WAITING, "Spare part", 4),
        ("B", Phase.WORKED_ON, "", 1),
        ("B", Phase.WORKED_ON, "", 1),
    ]
    assert (path.minutes, path.own_minutes) == (9 * 60, 5 * 60)
    assert path.reassignments == [Reassignment("A", "B", 7 * 60)]
    assert (path.first_team, path.team, path.resolver) == ("A", "B", "B")
    assert (path.reopenings, path.is_over, path.is_routine) == (1, True, False)


def test_a_wait_goes_on_over_a_change_of_team() -> None:
    path = path_of(
        row(1, "waiting", waiting="vendor", word="Part", team="A"),
        row(2, "waiting", waiting="vendor", word="Part", team="B"),
        row(4, "resolved", team="B"),
    )
    assert path.pauses == [("Part", 3 * 60)]


def test_two_waits_for_the_same_are_two() -> None:
    path = path_of(
        row(1, "waiting", waiting="vendor", word="Part"),
        row(2, "in_progress"),
        row(3, "waiting", waiting="vendor", word="Part"),
        row(5, "resolved"),
    )
    assert path.pauses == [("Part", 60), ("Part", 120)]


def test_an_open_ticket_is_counted_to_its_last_event() -> None:
    path = path_of(row(1, "new"), row(3, "in_progress"))
    assert (path.minutes, path.is_over) == (120, False)


def test_a_change_of_team_after_the_resolution_is_no_reassignment() -> None:
    path = path_of(
        row(1, "new", team="A"), row(2, "resolved", team="A"), row(3, "resolved", team="B")
    )
    assert path.reassignments == []
    assert path.moves == 2
    assert path.resolver == "A"


def test_back_to_the_queue_of_the_same_team() -> None:
    path = path_of(
        row(1, "in_progress", team="A"), row(2, "new", team="A"), row(3, "resolved", team="A")
    )
    assert (path.requeues, path.is_routine) == (1, True)


def test_ping_pong_is_a_ticket_given_straight_back() -> None:
    def moves(*teams: str) -> TicketPath:
        return path_of(*(row(at + 1, "new", team=team) for at, team in enumerate(teams)))

    assert is_ping_pong(moves("A", "B", "A"))
    assert not is_ping_pong(moves("A", "B", "C", "A"))


def made_report(copies: int = 10, top: int = 10):  # type: ignore[no-untyped-def]
    """Ten easy tickets about mail, ten hard ones about printing, one that is not over."""
    tallies = Tallies()
    for _ in range(copies):
        tallies.add(
            path_of(
                row(1, "new", team="A"),
                row(2, "in_progress", team="A"),
                row(3, "resolved", team="A"),
            ),
            "Mail",
        )
        tallies.add(
            path_of(
                row(1, "new", team="A"),
                row(2, "in_progress", team="B"),
                row(3, "waiting", waiting="vendor", word="Part", team="B"),
                row(8, "resolved", team="B"),
                row(10, "in_progress", team="B"),
                row(11, "resolved", team="B"),
            ),
            "Printing",
        )
    tallies.add(path_of(row(1, "new"), row(2, "in_progress")), "")
    return where_time_goes(tallies, top=top)


def test_the_report_ranks_with_numbers() -> None:
    path = made_report()
    [mail] = path.automate
    assert (mail.topic, mail.tickets, mail.routine_tickets) == ("Mail", 10, 10)
    assert mail.median_hours == pytest.approx(2, rel=0.03)
    assert mail.hours_to_win == pytest.approx(20, rel=0.03)
    [printing] = path.engineer_out
    assert (printing.topic, printing.hard_tickets, printing.hours_lost) == ("Printing", 10, 80)
    assert (printing.handed_on_share, printing.reopened_share, printing.months) == (1, 1, 1)
    [giver] = path.hand_on
    assert (giver.team, giver.given, giver.per_ticket, giver.mostly_to) == ("A", 10, 0.5, "B")
    [wait] = path.waits
    assert (wait.reason, wait.times, wait.hours) == ("Part", 10, 50)
    assert [queue.team for queue in path.queues] == ["A", "(not named)"]
    assert [interval.name for interval in path.reopened_teams] == ["B"]


def test_the_report_adds_up() -> None:
    path = made_report()
    assert (path.tickets, path.over, path.reopenings) == (21, 20, 10)
    assert path.open_hours == 10 * 2 + 10 * 8 + 1
    shares = path.queued_share + path.worked_on_share + path.waiting_share
    assert shares == pytest.approx(1, abs=0.001)
    assert path.first_team_is_last_share == 0.5
    assert path.reassignments_per_ticket == pytest.approx(10 / 21, abs=0.001)


def test_the_report_says_it_in_sentences() -> None:
    path = {interval.code: interval.params for interval in made_report().sentences}
    automate = path["history.automate-first"]
    assert (automate["topic"], automate["routine"], automate["tickets"]) == ("Mail", 10, 10)
    assert path["history.engineer-out"]["topic"] == "Printing"
    giver = path["history.hands-on-most"]
    assert (giver["team"], giver["count"], giver["taker"]) == ("A", 10, "B")
    wait = path["history.waits-longest"]
    assert (wait["reason"], wait["count"], wait["hours"]) == ("Part", 10, 50)


def test_each_sentence_names_the_first_of_its_ranking() -> None:
    tallies = Tallies()
    for topic, copies in (("Mail", 10), ("Wifi", 30), ("Keys", 20)):
        for _ in range(copies):
            tallies.add(path_of(row(1, "new", team="A"), row(3, "resolved", team="A")), topic)
    report = where_time_goes(tallies)
    assert [entry.topic for entry in report.automate] == ["Wifi", "Keys", "Mail"]
    assert [entry.topic for entry in report.most_repeated] == ["Wifi", "Keys", "Mail"]
    told = {sentence.code: sentence.params for sentence in report.sentences}
    assert told["history.automate-first"]["topic"] == "Wifi"
    assert told["history.automate-first"]["tickets"] == 30
    assert told["history.comes-most-often"]["topic"] == "Wifi"


def test_too_few_tickets_are_no_pattern_and_none_no_report() -> None:
    assert made_report(copies=9).automate == ()
    empty = where_time_goes(Tallies())
    assert (empty.tickets, empty.first_opened, empty.sentences) == (0, None, ())
    assert empty.first_team_is_last_share is None


def test_a_log_without_teams_has_no_figures_of_teams() -> None:
    tallies = Tallies()
    tallies.add(path_of(row(1, "new"), row(2, "resolved")), "")
    path = where_time_goes(tallies)
    assert path.reassignments_per_ticket is path.handed_on_share is path.ping_pong_share is None
    assert [interval.code for interval in path.sentences] == ["history.no-topics"]


def test_names_without_end_do_not_fill_memory() -> None:
    tallies = Tallies()
    interval = path_of(row(1, "new"), row(2, "resolved"))
    for number in range(MOST_NAMES + 50):
        tallies.add(interval, f"topic {number}")
    assert len(tallies.topics) == MOST_NAMES + 1
    assert tallies.topics[OTHERS].tickets == 50
