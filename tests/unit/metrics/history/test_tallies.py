"""What the report counts by name: how many names there is room for, and which come first."""

import pytest
from desk_metrics.history.findings import ReopenedTickets
from desk_metrics.history.model import build_events
from desk_metrics.history.path import TicketPath, trace_path
from desk_metrics.history.sentences import where_time_goes
from desk_metrics.history.tallies import OTHERS, PathTally, ReturnTally, Tallies, TopicTally

from tests.support.metrics_exports import row


def path_of(ticket: str, *steps: tuple[str, str]) -> TicketPath:
    """One step an hour: its state and its team."""
    rows = [
        row(hour, state, team=team, ticket=ticket) for hour, (state, team) in enumerate(steps, 1)
    ]
    return trace_path(build_events(rows, "/history/t", str))


def test_pairs_ways_returns_and_resolvers_have_room_for_five_thousand_names() -> None:
    tallies = Tallies()
    topic = tallies.topics["Mail"] = TopicTally()
    # There and back are two pairs of teams.
    tallies.pairs.update((f"{number}", "") for number in range(4_998))
    tallies.routes |= {(f"{number}",): PathTally() for number in range(4_999)}
    tallies.returns |= {(f"{number}", ""): ReturnTally() for number in range(4_999)}
    topic.resolvers.update(f"{number}" for number in range(4_999))
    for number, team in enumerate(("A", "A", "B")):
        states = ("in_progress", "in_progress", "in_progress", "resolved")
        teams = (team, "Z", team, team)
        tallies.add(path_of(f"T{number}", *zip(states, teams, strict=True)), "Mail")
    pairs, returns, routes = tallies.pairs, tallies.returns, tallies.routes
    assert [pairs[pair] for pair in (("A", "Z"), ("Z", "A"), ("B", "Z"))] == [2, 2, 0]
    assert [returns[pair].times for pair in (("A", "Z"), (OTHERS, OTHERS))] == [2, 1]
    assert [routes[way].tickets for way in (("A", "Z", "A"), (OTHERS,))] == [2, 1]
    assert [topic.resolvers[team] for team in ("A", "B")] == [2, 0]
    assert (len(pairs), len(topic.resolvers)) == (5_000, 5_000)
    assert (len(returns), len(routes)) == (5_001, 5_001)


@pytest.mark.parametrize(("moves", "route"), [(12, "ABABABABABAB"), (13, "ABABABABABAB…")])
def test_a_way_is_told_up_to_its_twelfth_step(moves: int, route: str) -> None:
    teams = ("AB" * 7)[:moves]
    tallies = Tallies()
    tallies.add(
        path_of("T", *(("in_progress", team) for team in teams), ("resolved", teams[-1])), ""
    )
    assert list(tallies.routes) == [tuple(route)]


@pytest.mark.parametrize(
    ("whole", "figures"), [(3, []), (4, ["tickets", "median_hours_to_resolve"])]
)
def test_four_whole_months_make_a_trend(whole: int, figures: list[str]) -> None:
    tallies = Tallies()
    # The first month begins in its middle, and the last is the thin rest.
    for place, tickets in enumerate([40] * (whole + 1) + [3]):
        for number in range(tickets):
            start = 24 + place * 30.5 * 24
            steps = (row(start, "in_progress"), row(start + 5, "resolved"))
            named = [step._replace(ticket=f"{place}-{number}") for step in steps]
            tallies.add(trace_path(build_events(named, "/history/t", str)), "")
    trends = where_time_goes(tallies).trends
    assert [trend.figure for trend in trends] == figures
    assert {trend.months for trend in trends} <= {4}


def test_of_topics_that_came_back_as_often_the_one_with_fewer_tickets_is_first() -> None:
    tallies = Tallies()
    straight = (("in_progress", "A"), ("resolved", "A"))
    back = (*straight, *straight)
    for topic, came_back, stayed in (
        ("Mail", 1, 2),
        ("Print", 1, 1),
        ("Wifi", 2, 9),
        ("Web", 1, 1),
    ):
        for number in range(came_back + stayed):
            steps = back if number < came_back else straight
            tallies.add(path_of(f"{topic} {number}", *steps), topic)
    tallies.add(path_of("Phone", *straight), "Phone")
    assert where_time_goes(tallies).reopened_topics == (
        ReopenedTickets(
            name="Wifi", tickets=11, reopened=2, share=0.1818, examples=("Wifi 0", "Wifi 1")
        ),
        ReopenedTickets(name="Print", tickets=2, reopened=1, share=0.5, examples=("Print 0",)),
        ReopenedTickets(name="Web", tickets=2, reopened=1, share=0.5, examples=("Web 0",)),
        ReopenedTickets(name="Mail", tickets=3, reopened=1, share=0.3333, examples=("Mail 0",)),
    )
