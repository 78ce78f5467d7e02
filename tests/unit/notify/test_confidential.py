"""Of what is confidential only its team hears, and whoever has the ticket or asked."""

import pytest
from desk_contracts.events.problems import ProblemDetected
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.sla import SlaAtRisk
from desk_contracts.events.tickets import Channel, Kind, TicketOpened, TicketTriaged
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority, Severity, SubjectKind
from desk_notify.adapters.directories.charter import read_directory
from desk_notify.rendering.notice import Messages
from desk_notify.rules import people, team_topics, tickets
from desk_notify.rules.model import Ticket

from tests.support.confidential import DEFAULT, SERVICE, TEAM
from tests.support.notify_desk import ANA, BEN, NOON, event, sla

PLACES = {
    name: read_directory(source, "", "en")
    for name, source in [("service", SERVICE), ("team", TEAM)]
}
OPEN = read_directory(DEFAULT, "", "en")


def heard(messages: Messages) -> set[str]:
    return {message.data.recipient for message in messages}


@pytest.mark.parametrize("directory", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("written", ["crm", "CRM", "Customer Records", " customer  records "])
@pytest.mark.parametrize("is_triaged", [True, False])
def test_a_late_ticket_that_nobody_has_yet_is_told_to_the_owner_of_the_service(
    directory: object, written: str, is_triaged: bool
) -> None:
    opened = TicketOpened(
        code="K7M2-Q9PG", kind=Kind.INCIDENT, title="Wrong sums", requester=ANA,
        channel=Channel.PORTAL, service="" if is_triaged else written,
    )  # fmt: skip
    later = sla(SlaAtRisk, team="", percent=80, due=NOON)
    triaged = TicketTriaged(category="crm", priority=Priority.P3, service=written)
    for place, owner in ((directory, "business-apps"), (OPEN, DEFAULT.routing.default_team)):
        ticket: Ticket | None = None
        for item in (opened, *([triaged] if is_triaged else []), later):
            decision = tickets.react(ticket, event(item), place)  # type: ignore[arg-type]
            ticket, messages = decision or (ticket, ())
        assert heard(messages) == {owner}


@pytest.mark.parametrize("written", ["crm", "Customer Records", ""])
def test_an_alarm_is_told_to_the_owner_however_its_service_is_written(written: str) -> None:
    raised = SignalRaised(
        episode="e", detector="d", signal="down", title="It is down", severity=Severity.CRITICAL,
        subject_kind=SubjectKind.SERVICE, measurement="up", value=0, threshold=1, service=written,
    )  # fmt: skip
    decision = team_topics.react(None, event(raised, "crm"), PLACES["service"])
    assert decision is not None
    assert heard(decision[1]) == {"business-apps"}


def test_a_problem_is_told_to_those_in_it_and_to_its_team() -> None:
    problem = ProblemDetected(
        service="crm",
        title=verbatim("No records"),
        team="business-apps",
        message=verbatim("We know."),
        tickets=("t-1",), people=(ANA,), explanation=(),
    )  # fmt: skip
    cause = event(problem, "p-1")
    assert set(people.people_of(cause)) == {ANA}
    decision = people.react(None, ANA, cause, PLACES["team"])
    to_team = team_topics.react(None, cause, PLACES["team"])
    assert decision is not None
    assert to_team is not None
    assert heard(decision[1]) | heard(to_team[1]) == {ANA, "business-apps"}
    assert BEN not in heard(decision[1])
