"""A path tells whose time it was; the report adds paths up."""

import pytest
from desk_metrics.history.findings import WhereTimeGoes
from desk_metrics.history.model import build_events
from desk_metrics.history.months import TrendDirection
from desk_metrics.history.path import Pause, Phase, Reassignment, TicketPath, trace_path
from desk_metrics.history.quotients import hours_of
from desk_metrics.history.rows import ExportRow, expand
from desk_metrics.history.sentences import where_time_goes
from desk_metrics.history.tallies import MOST_NAMES, OTHERS, Tallies, is_ping_pong

from tests.support.metrics_exports import HOUR, row


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
    assert path.pauses == [Pause("Part", 3 * 60, "A", to_the_end=True)]


def test_two_waits_for_the_same_are_two() -> None:
    path = path_of(
        row(1, "waiting", waiting="vendor", word="Part"),
        row(2, "in_progress"),
        row(3, "waiting", waiting="vendor", word="Part"),
        row(5, "resolved"),
    )
    assert path.pauses == [
        Pause("Part", 60),
        Pause("Part", 120, is_again=True, to_the_end=True),
    ]


def test_a_wait_is_again_only_soon_after_the_last_one_ended() -> None:
    path = path_of(
        row(1, "waiting", waiting="vendor", word="Part"),
        row(2, "in_progress"),
        row(3.5, "waiting", waiting="vendor", word="Part"),
        row(5, "in_progress"),
        row(6, "resolved"),
    )
    assert path.pauses == [Pause("Part", 60), Pause("Part", 90)]


def test_a_path_is_told_by_phases_and_by_teams() -> None:
    path = path_of(
        row(1, "new", team="A"),
        row(2, "in_progress", team="B"),
        row(3, "resolved", team="B"),
        row(5, "in_progress", team="B"),
        row(6, "closed", team="B"),
    )
    worked, rest = Phase.WORKED_ON, Phase.AT_REST
    assert path.phases == (Phase.QUEUED, worked, rest, worked, rest)
    assert path.route == ("A", "B")
    assert path.rows == 5


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


def easy(number: int) -> TicketPath:
    return path_of(
        *(
            row(at, state, team="A", ticket=f"E{number}")
            for at, state in ((1, "new"), (2, "in_progress"), (3, "resolved"))
        )
    )


def hard(number: int) -> TicketPath:
    steps = (
        row(1, "new", team="A"),
        row(2, "in_progress", team="B"),
        row(3, "waiting", waiting="vendor", word="Part", team="B"),
        row(8, "resolved", team="B"),
        row(10, "in_progress", team="B"),
        row(11, "resolved", team="B"),
    )
    return path_of(*(step._replace(ticket=f"H{number}") for step in steps))


def made_report(copies: int = 10, top: int = 10) -> WhereTimeGoes:
    """Easy tickets about mail that kept their SLA, hard ones about printing that did not, and one
    that is not over."""
    tallies = Tallies()
    for number in range(copies):
        tallies.add(easy(number), "Mail", is_kept=True)
        tallies.add(hard(number), "Printing", is_kept=False)
    tallies.add(path_of(row(1, "new"), row(2, "in_progress")), "")
    return where_time_goes(tallies, top=top)


def test_the_report_ranks_with_numbers_and_examples() -> None:
    report = made_report()
    # Printing comes as often and takes as long each time, but never stays with its first team.
    [mail] = report.automate
    assert (mail.topic, mail.tickets, mail.team) == ("Mail", 10, "A")
    assert (mail.one_hop_share, mail.one_team_share, mail.evenness) == (1, 1, 1)
    assert (mail.sameness, mail.alike) == (1, 10)
    assert mail.median_hours == pytest.approx(2, rel=0.03)
    assert mail.examples == ("E0", "E1", "E2")


def test_hours_of_a_topic_are_told_by_their_quarters() -> None:
    tallies = Tallies()
    for hours in range(1, 21):
        steps = (row(1, "new", ticket=f"{hours}"), row(1 + hours, "resolved", ticket=f"{hours}"))
        tallies.add(path_of(*steps), "Mail")
    [mail] = where_time_goes(tallies).most_repeated
    quarters = (mail.q1_hours, mail.median_hours, mail.q3_hours)
    assert quarters == pytest.approx((5, 10, 15), rel=0.03)


def test_what_costs_most_is_ranked_by_hours_and_counts() -> None:
    report = made_report()
    assert [(entry.topic, entry.alike) for entry in report.most_repeated] == [
        ("Mail", 10),
        ("Printing", 0),
    ]
    [hardest] = report.engineer_out
    assert (hardest.topic, hardest.hard_tickets, hardest.hours_lost) == ("Printing", 10, 80)
    assert (hardest.handed_on_share, hardest.reopened_share, hardest.months) == (1, 1, 1)
    assert hardest.examples == ("H0", "H1", "H2")
    [giver] = report.hand_on
    assert (giver.team, giver.given, giver.per_ticket, giver.mostly_to) == ("A", 10, 0.5, "B")
    [wait] = report.waits
    assert (wait.reason, wait.times, wait.hours) == ("Part", 10, 50)
    [sign] = report.wait_signs
    assert (sign.team, sign.to_the_end, sign.waits, sign.hours) == ("B", 10, 10, 50)
    assert [queue.team for queue in report.queues] == ["A", "(not named)"]
    assert [interval.name for interval in report.reopened_teams] == ["B"]


def test_the_report_adds_up() -> None:
    report = made_report()
    assert (report.tickets, report.over, report.reopenings) == (21, 20, 10)
    assert report.open_hours == 10 * 2 + 10 * 8 + 1
    shares = (report.queued_share, report.worked_on_share, report.waiting_share)
    assert sum(share or 0 for share in shares) == pytest.approx(1, abs=0.001)
    assert report.first_team_is_last_share == report.at_front_share == 0.5
    assert report.reassignments_per_ticket == pytest.approx(10 / 21, abs=0.001)


def test_broken_slas_are_told_by_what_goes_with_them() -> None:
    breaches = made_report().breaches
    assert breaches is not None
    assert (breaches.evaluated, breaches.broken, breaches.share) == (20, 10, 0.5)
    groups = [(group.group, group.share, group.examples) for group in breaches.by_handovers]
    assert groups == [("0", 0, ()), ("1", 1, ("H0", "H1", "H2"))]


def test_ways_have_their_share_and_what_they_broke() -> None:
    report = made_report()
    assert [(way.steps, way.share, way.broken_share) for way in report.routes] == [
        (("A",), 0.5, 0),
        (("A", "B"), 0.5, 1),
    ]
    assert report.paths[0].steps == ("queued", "worked_on", "at_rest")


def test_the_way_of_a_ticket_is_told_once_it_is_over() -> None:
    tallies = Tallies()
    tallies.add(path_of(row(1, "new", team="A"), row(2, "resolved", team="A")), "Mail")
    tallies.add(path_of(row(1, "new", team="A"), row(2, "in_progress", team="B")), "Mail")
    report = where_time_goes(tallies)
    assert [way.steps for way in report.routes] == [("A",)]
    assert [way.steps for way in report.paths] == [("queued", "at_rest")]


def test_a_ticket_given_straight_back_has_its_time_away() -> None:
    tallies = Tallies()
    path = path_of(
        row(1, "new", team="A"),
        row(2, "in_progress", team="B"),
        row(5, "in_progress", team="A"),
        row(6, "resolved", team="A"),
    )
    tallies.add(path, "Mail")
    [back] = where_time_goes(tallies).ping_pong
    assert (back.team, back.other, back.times, back.tickets) == ("A", "B", 1, 1)
    assert (back.hours, back.examples) == (3, ("T",))


def test_the_first_sentences_are_of_the_longest_wait_and_the_team_that_hands_on_most() -> None:
    tallies = Tallies()
    for number, (reason, giver) in enumerate([("Part", "A"), ("Part", "A"), ("Answer", "C")]):
        path = path_of(
            row(1, "in_progress", team=giver, ticket=f"{number}"),
            row(2, "waiting", waiting="vendor", word=reason, team="B", ticket=f"{number}"),
            row(4, "resolved", team="B", ticket=f"{number}"),
        )
        tallies.add(path, "Mail")
    report = where_time_goes(tallies)
    assert [(team.team, team.given) for team in report.hand_on] == [("A", 2), ("C", 1)]
    assert [wait.reason for wait in report.waits] == ["Part", "Answer"]
    sentences = {item.code: item.params for item in report.sentences}
    assert sentences["history.waits-longest"]["reason"] == "Part"
    assert sentences["history.hands-on-most"]["team"] == "A"


def test_the_report_says_it_in_sentences() -> None:
    sentences = {item.code: item.params for item in made_report().sentences}
    automate = sentences["history.automate-first"]
    assert (automate["topic"], automate["tickets"]) == ("Mail", 10)
    assert automate["examples"] == ("E0", "E1", "E2")
    assert sentences["history.engineer-out"]["topic"] == "Printing"
    giver = sentences["history.hands-on-most"]
    assert (giver["team"], giver["count"], giver["taker"]) == ("A", 10, "B")
    wait = sentences["history.waits-longest"]
    assert (wait["reason"], wait["count"], wait["hours"]) == ("Part", 10, 50)
    broken = sentences["history.breaches-by-handovers"]
    assert (broken["least_share"], broken["most_share"]) == (0, 1)
    assert sentences["history.few-months"]["count"] == 0


def test_where_nothing_goes_the_same_way_this_is_said() -> None:
    tallies = Tallies()
    for number in range(40):
        path = path_of(
            row(1, "in_progress", team="A", ticket=str(number)),
            row(1 + number**2, "resolved", team="A", ticket=str(number)),
        )
        tallies.add(path, "Access")
    report = where_time_goes(tallies)
    [access] = report.automate
    assert access.sameness is not None
    assert access.sameness < 0.5
    assert "history.automate-nothing" in [item.code for item in report.sentences]


def test_each_sentence_names_the_first_of_its_ranking() -> None:
    tallies = Tallies()
    for topic, copies in (("Mail", 10), ("Wifi", 30), ("Keys", 20)):
        for _ in range(copies):
            tallies.add(path_of(row(1, "new", team="A"), row(3, "resolved", team="A")), topic)
    report = where_time_goes(tallies)
    assert [entry.topic for entry in report.automate] == ["Wifi", "Keys", "Mail"]
    assert [entry.topic for entry in report.most_repeated] == ["Wifi", "Keys", "Mail"]
    params = {sentence.code: sentence.params for sentence in report.sentences}
    assert params["history.automate-first"]["topic"] == "Wifi"
    assert params["history.automate-first"]["tickets"] == 30
    assert params["history.comes-most-often"]["topic"] == "Wifi"


def test_too_few_tickets_are_no_pattern_and_none_no_report() -> None:
    assert made_report(copies=9).automate == ()
    empty = where_time_goes(Tallies())
    assert (empty.tickets, empty.first_opened, empty.sentences) == (0, None, ())
    assert empty.first_team_is_last_share is empty.median_hours_to_resolve is None
    assert empty.reopened_share is empty.queued_share is None


def test_a_log_without_teams_has_no_figures_of_teams() -> None:
    tallies = Tallies()
    tallies.add(path_of(row(1, "new"), row(2, "resolved")), "")
    report = where_time_goes(tallies)
    assert report.reassignments_per_ticket is report.handed_on_share is None
    assert report.ping_pong_share is None
    assert [item.code for item in report.sentences] == [
        "history.headline",
        "history.no-work",
        "history.no-teams",
        "history.no-verdicts",
        "history.no-topics",
        "history.few-months",
    ]


def test_one_row_a_ticket_tells_nothing_of_what_happened_between() -> None:
    tallies = Tallies()
    for number in range(20):
        events = build_events(
            expand(
                row(1, "resolved", team="A", opened=HOUR, resolved=3 * HOUR, ticket=f"{number}")
            ),
            "/history/t",
            str,
        )
        tallies.add(trace_path(events), "Mail")
    report = where_time_goes(tallies)
    assert report.reopenings is report.handed_on_share is report.at_front_share is None
    assert report.waiting_share is report.worked_on_share is report.queued_share is None
    assert not any((report.paths, report.routes, report.passed_on, report.queues))
    [mail] = report.automate
    assert (mail.one_hop_share, mail.one_team_share) == (None, 1)
    assert "history.one-row-a-ticket" in [item.code for item in report.sentences]


def test_months_that_were_cut_make_no_trend() -> None:
    tallies = Tallies()
    month = 30.5 * 24
    for place, tickets in enumerate((40, 40, 40, 40, 40, 40, 3)):
        for number in range(tickets):
            start = 24 + place * month + number
            hours = 10 + 5 * place
            path = path_of(
                row(start, "in_progress", ticket=f"{place}-{number}"),
                row(start + hours, "resolved", ticket=f"{place}-{number}"),
            )
            tallies.add(path, "")
    report = where_time_goes(tallies)
    # The first begins in its middle, the last is the thin rest.
    assert [item.is_whole for item in report.months] == [False, *[True] * 5, False]
    trends = {trend.figure: trend for trend in report.trends}
    solving, tickets_a_month = trends["median_hours_to_resolve"], trends["tickets"]
    assert (solving.direction, solving.months) == (TrendDirection.UP, 5)
    assert (solving.first, solving.last) == pytest.approx((15, 35), rel=0.02)
    assert (tickets_a_month.direction, tickets_a_month.months) == (TrendDirection.UNCLEAR, 5)
    assert [(item.tickets, item.over) for item in report.months] == [(40, 40)] * 6 + [(3, 3)]
    figures = [item.params["figure"] for item in report.sentences if "trend" in item.code]
    assert figures == [trend.figure for trend in report.trends]


@pytest.mark.parametrize(("minutes", "hours"), [(52, 0.87), (60, 1.0), (92, 1.5)])
def test_hours_have_a_tenth_and_below_one_a_hundredth(minutes: float, hours: float) -> None:
    assert hours_of(minutes) == hours


def test_names_without_end_do_not_fill_memory() -> None:
    tallies = Tallies()
    interval = path_of(row(1, "new"), row(2, "resolved"))
    for number in range(MOST_NAMES + 50):
        tallies.add(interval, f"topic {number}")
    assert len(tallies.topics) == MOST_NAMES + 1
    assert tallies.topics[OTHERS].tickets == 50
