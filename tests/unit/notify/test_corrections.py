"""What was told and late facts show not to be so is corrected: once, and to whoever was told."""

from desk_contracts.events.notifications import MessageKind
from desk_contracts.events.sla import SlaAtRisk, SlaBreached, SlaCancelled
from desk_contracts.events.tickets import TicketAssigned, TicketResolved
from desk_contracts.message import message, verbatim

from tests.support.notify_desk import NOON, Story, opened, sla, to
from tests.support.notify_silence import assigned, breached


def taken_back(untrue: str = "breached", cycle: int = 1) -> SlaCancelled:
    because = message("sla.late-facts")
    return sla(SlaCancelled, because=because, untrue=untrue, cycle=cycle)


CORRECTED = [MessageKind.SLA_CORRECTED]


def test_a_team_that_was_told_of_a_breach_hears_once_that_there_was_none() -> None:
    story = assigned()
    story.ticket_sees(breached())
    story.ticket_sees(
        TicketAssigned(team="service-care"), TicketResolved(by="n-1", resolution=verbatim(""))
    )
    messages = story.ticket_sees(taken_back())
    assert [message.recipient for message in messages] == ["network"]
    assert to("network", messages) == CORRECTED
    assert not messages[0].urgent
    assert story.ticket_sees(taken_back()) == []


def test_who_was_not_told_hears_of_no_correction() -> None:
    story = assigned()
    assert story.ticket_sees(taken_back()) == []
    story.ticket_sees(breached(inherited=True))
    assert story.ticket_sees(taken_back()) == []
    story.ticket_sees(breached())
    assert story.ticket_sees(taken_back(cycle=2)) == []
    assert story.ticket_sees(sla(SlaCancelled, because=message("sla.withdrawn"))) == []
    assert to("network", story.ticket_sees(taken_back())) == CORRECTED


def test_that_it_was_at_risk_is_corrected_only_if_that_was_not_so_either() -> None:
    risk = sla(SlaAtRisk, percent=50, due=NOON)
    story = assigned()
    story.ticket_sees(risk)
    assert story.ticket_sees(taken_back("breached")) == []
    story.ticket_sees(risk)
    messages = story.ticket_sees(taken_back("at_risk"))
    assert to("network", messages) == CORRECTED
    assert "at risk" in messages[0].body
    story.ticket_sees(risk, breached())
    assert len(story.ticket_sees(taken_back())) == 1


def test_what_was_taken_back_before_its_ticket_was_known_is_never_told() -> None:
    story = Story()
    story.ticket_sees(breached(), taken_back())
    assert MessageKind.SLA_BREACHED not in [see.kind for see in story.ticket_sees(opened())]


def test_what_was_told_first_of_many_slas_is_corrected_too() -> None:
    story = assigned()
    for cycle in range(1, 60):
        story.ticket_sees(sla(SlaBreached, due=NOON, cycle=cycle))
    assert to("network", story.ticket_sees(taken_back(cycle=1))) == CORRECTED
