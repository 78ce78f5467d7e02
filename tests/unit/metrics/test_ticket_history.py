"""What measures read from the facts of a ticket, the whole of it written out."""

from desk_metrics.measures.contributions import Contribution, Slice
from desk_metrics.measures.skills import contribute_skills
from desk_metrics.measures.ticket_history import Interval, TicketHistory, read_ticket_history
from desk_metrics.sla.facts import Fact, FactKind

OPENED = Fact(1, 10, FactKind.OPENED, ("incident", "vpn", "sales", "event", "cause"))


def test_a_team_is_come_to_when_another_had_it_before_and_not_when_it_is_named_again() -> None:
    teams = ("network", "network", "", "network", "mail", "network")
    facts = [
        OPENED,
        *(Fact(at, at * 10, FactKind.ASSIGNED, (team,)) for at, team in enumerate(teams, 2)),
    ]
    history = read_ticket_history(facts, "Bonn", 0, 1_000)
    assert history == TicketHistory(
        opened=10,
        group="sales",
        priority="",
        slice=Slice("incident", "vpn", "network", "Bonn"),
        intervals=(Interval(10, None, "", False),),
        touched=None,
        handovers=(60, 70),
        teams=((20, "network"), (60, "mail"), (70, "network")),
    )
    assert list(contribute_skills(history, "wifi")) == [
        Contribution("came|network|wifi", 20, 20),
        Contribution("passed|network|wifi", 60, 60),
        Contribution("came|mail|wifi", 60, 60),
        Contribution("passed|mail|wifi", 70, 70),
    ]
    assert list(contribute_skills(history, "")) == [Contribution("not_placed", 20, 20)]
