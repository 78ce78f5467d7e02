"""Notify's folds at a real unit of work: once per cause, in order, on the right topic."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk_charter import load_charter
from desk_contracts import AnyEvent, Event
from desk_contracts.envelope import number_event
from desk_contracts.events.notifications import Audience, MessageKind, Notified
from desk_contracts.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_contracts.events.tickets import TicketAssigned
from desk_contracts.message import verbatim
from desk_notify.adapters.directories.charter import read_directory
from desk_notify.rules import people, team_topics
from desk_notify.rules.model import Ticket

from tests.support.notify_desk import ANA, BEN, NOON, directory, event, opened
from tests.support.notify_handlers import Bus

CHARTER = Path(__file__).parents[3] / "charter"


def life() -> tuple[AnyEvent, AnyEvent]:
    return number_event(event(opened()), 1), number_event(event(TicketAssigned(team="network")), 2)


EXPECTED = [
    (ANA, MessageKind.TICKET_RECEIVED),
    ("network", MessageKind.TICKET_ASSIGNED),
    (ANA, MessageKind.TICKET_ASSIGNED),
]


async def test_each_message_is_on_its_recipients_topic_under_their_key() -> None:
    bus = Bus()
    await bus.reads(*life())
    assert [(message.topic, message.key) for message in bus.published.messages] == [
        ("desk.notifications.people", ANA.encode()),
        ("desk.notifications.network", b"network"),
        ("desk.notifications.people", ANA.encode()),
    ]
    assert bus.recipients() == EXPECTED


async def test_twice_and_out_of_order_says_the_same_once() -> None:
    bus = Bus()
    first, second = life()
    await bus.reads(second)
    assert bus.recipients() == []
    await bus.reads(first, second, first)
    assert bus.recipients() == EXPECTED


async def test_a_message_knows_its_cause() -> None:
    bus = Bus()
    first, second = life()
    await bus.reads(first, second)
    assigned = [event for event in bus.published.events() if event.causation_id == second.id]
    assert len(assigned) == 2
    assert {item.time for item in assigned} == {second.time}
    again = Bus()
    await again.reads(first, second)
    assert again.published.messages == bus.published.messages


async def test_one_event_tells_every_person_of_a_problem() -> None:
    bus = Bus()
    problem = ProblemDetected(
        service="vpn",
        title=verbatim("VPN fails"),
        tickets=("t-1",), people=(ANA, BEN),
        team="network",
        message=verbatim("We know."),
    )  # fmt: skip
    cause = event(problem, "p-1")
    await bus.reads(cause)
    await bus.reads(cause)
    assert sorted(recipient for recipient, _ in bus.recipients()) == [ANA, BEN, "network"]


async def test_a_ticket_learns_nothing_from_strange_topics() -> None:
    bus = Bus()
    message = _notified("network", Audience.TEAM)
    await bus.reads(message)
    assert await bus.tickets.load([message.subject]) == {}


async def test_the_team_of_a_stopped_runbook_hears_of_it_until_the_problem_is_over() -> None:
    """Nobody else does, and what is repeated is the same message."""
    bus = Bus()
    about = {"service": "", "title": verbatim("Stopped"), "tickets": (), "people": ()}
    opened = {**about, "team": "network", "message": verbatim("We look."), "status": "proposed"}
    detected = ProblemDetected.model_validate({**opened, "runbook": "clean", "stop": "fleet"})
    goes_on = ProblemUpdated.model_validate({**about, "explanation": (verbatim("It goes on."),)})
    over = ProblemResolved.model_validate({**about, "resolution": verbatim("Gone.")})
    changes = [event(goes_on, "p-1", cause=f"u-{number}") for number in range(2)]
    await bus.reads(event(detected, "p-1"), changes[0])
    await bus.reads(changes[0], event(over, "p-1"), changes[1])
    sent = [event.data for event in bus.published.events()]
    titles = [data.title for data in sent if isinstance(data, Notified)]
    assert titles == ["One cause? Stopped", "News of a problem: Stopped", "Problem over: Stopped"]
    assert {recipient for recipient, _ in bus.recipients()} == {"network"}


async def test_the_end_of_a_problem_reaches_its_tickets() -> None:
    bus = Bus()
    await bus.reads(life()[0])
    over = ProblemResolved(
        service="vpn",
        title=verbatim("V"),
        tickets=("t-1",),
        people=(),
        resolution=verbatim("Fixed."),
    )
    await bus.reads(event(over, "p-1"))
    state = (await bus.tickets.load(["t-1"]))["t-1"].state
    assert isinstance(state, Ticket)
    assert state.problems_over == ("p-1",)


def _notified(recipient: str, audience: Audience) -> Event[Notified]:
    data = Notified(
        audience=audience, recipient=recipient, kind=MessageKind.TICKET_CHANGED, title="T", body="B"
    )
    id = f"m-{recipient}"
    return Event(id=id, source="/desk/notify", subject=recipient, time=NOON, data=data)


@pytest.mark.parametrize(
    ("recipient", "audience", "has_mail", "channels"),
    [
        ("network", Audience.TEAM, True, ["log:", "mailto:net@desk.example"]),
        ("network", Audience.TEAM, False, ["log:"]),
        (ANA, Audience.PERSON, True, [f"mailto:{ANA}"]),
        (ANA, Audience.PERSON, False, []),
        ("nobody", Audience.PERSON, True, []),
    ],
)
async def test_a_message_becomes_deliveries_once(
    recipient: str, audience: Audience, channels: list[str], *, has_mail: bool
) -> None:
    bus = Bus(has_mail=has_mail)
    message = _notified(recipient, audience)
    await bus.carries(message)
    bus.clock.advance(timedelta(hours=1))
    await bus.carries(message)
    stored = await bus.dispatches.load([message.id])
    states = [item.state for item in stored.values() if item.state is not None]
    assert [delivery.channel for state in states for delivery in state.deliveries] == channels
    assert all(delivery.changed_at == NOON for state in states for delivery in state.deliveries)


async def test_the_log_channel_writes_a_line_for_teams_that_want_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bus = Bus(has_mail=False)
    await bus.carries(_notified("network", Audience.TEAM), _notified(ANA, Audience.PERSON))
    lines = [line for line in capsys.readouterr().out.splitlines() if "message_sent" in line]
    assert len(lines) == 1
    assert "network" in lines[0]


def test_the_default_charter_gives_a_directory() -> None:
    desk_directory = read_directory(load_charter(CHARTER), "https://desk.example/", "de")
    profile = desk_directory.owner_of("vpn")
    assert (profile.name, profile.title) == ("network", "Network and remote access")
    assert (profile.language, profile.zone.key) == ("de", "Europe/Berlin")
    assert desk_directory.owner_of("unknown").name == "service-care"
    assert desk_directory.service("vpn") == "Remote access (VPN)"
    assert desk_directory.link("K7M2-Q9PG") == "https://desk.example/tickets/K7M2-Q9PG"


def _opened_in(language: str, hour: int) -> AnyEvent:
    return event(opened(language), f"t-{hour}")._replace(
        time=datetime(2026, 3, 2, hour, tzinfo=UTC)
    )


def test_an_earlier_ticket_told_again_does_not_change_the_language() -> None:
    first, latest = _opened_in("en", 8), _opened_in("de", 9)
    decision = people.react(None, "ana", latest, directory())
    assert decision is not None
    assert decision[0].language == "de"
    assert people.react(decision[0], "ana", first, directory()) is None


def test_a_problem_told_again_after_many_updates_calls_its_team_once() -> None:
    problem = ProblemDetected(
        service="vpn",
        title=verbatim("VPN"),
        tickets=("t-1",),
        people=(),
        team="network",
        message=verbatim("x"),
    )
    decision = team_topics.react(None, event(problem, "p-1"), directory())
    assert decision is not None
    assert len(decision[1]) == 1
    assert team_topics.react(decision[0], event(problem, "p-1"), directory()) is None
