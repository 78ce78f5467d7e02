"""A message is in one language: what the desk found out is told in its reader's, too."""

from desk_contracts.events.problems import ProblemDetected
from desk_contracts.events.tickets import How, TicketAssigned, TicketResolved
from desk_contracts.message import message

from tests.support.notify_desk import ANA, Story, directory, opened

WHY = (
    message("routing.owner-of-service", team="Network", service="Remote access (VPN)"),
    message("priority.affected-people", count=12),
)


def test_a_team_reads_why_a_ticket_comes_to_it_in_its_own_language() -> None:
    story = Story(directory("de"))
    [_, notice] = story.ticket_sees(opened(), TicketAssigned(team="network", explanation=WHY))[:2]
    assert notice.recipient == "network"
    assert "Network ist für Remote access (VPN) zuständig." in notice.body
    assert "12 Personen melden dieselbe Störung." in notice.body


def test_an_employee_reads_of_a_problem_and_a_repair_in_their_own_language() -> None:
    story = Story()
    story.ticket_sees(opened("de"), TicketAssigned(team="network"))
    story.happens(opened("de"), "t-1")
    notices = story.happens(
        ProblemDetected(
            service="vpn",
            title=message("problem.title", service="Remote access (VPN)"),
            tickets=("t-1",),
            people=(ANA,),
            team="network",
            message=message("problem.known", service="Remote access (VPN)", team="Network"),
        ),
        "p-1",
    )
    [hers] = [item for item in notices if item.recipient == ANA]
    assert "Störung: Remote access (VPN)" in hers.title
    assert "Es liegt beim Team „Network“." in hers.body
    healed = message("resolution.repaired", title="Gateway neu gestartet")
    [solved] = story.ticket_sees(
        TicketResolved(by="automation", how=How.AUTOMATION, resolution=healed)
    )
    assert "Die automatische Reparatur hat gewirkt" in solved.body
