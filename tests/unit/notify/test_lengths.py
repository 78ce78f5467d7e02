"""What is cut in a message, and where: nothing is cut that has room."""

import pytest
from desk_contracts.events.automation import Evidence, Outcome, RunEscalated, StepStatus
from desk_contracts.events.notifications import Notified
from desk_contracts.events.tickets import LinkKind, TicketAssigned, TicketLinked, TicketUpdated
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority
from desk_notify.rendering.notice import list_steps, shorten, team, truncate

from tests.support.notify_desk import Story, directory, opened, run, whole

NETWORK = team(directory().teams["network"])
MARK = " …"


def steps(*texts: str) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(step=f"s{number}", status=StepStatus.DONE, message=verbatim(text))
        for number, text in enumerate(texts)
    )


@pytest.mark.parametrize("most", [300, 400, 2_000, 8_000])
def test_what_has_room_is_whole_and_one_sign_more_is_cut_with_a_mark(most: int) -> None:
    text = "x" * most
    assert truncate(f" {text} ", most) == text
    assert truncate(text + "y", most) == "x" * (most - 2) + MARK
    assert truncate("x" * (most - 3) + "  yz", most) == "x" * (most - 3) + MARK


@pytest.mark.parametrize(("length", "is_whole"), [(400, True), (401, False)])
def test_a_fact_has_four_hundred_signs_on_one_line(length: int, *, is_whole: bool) -> None:
    text = "a \n b" + "x" * (length - 3)
    assert (shorten(text) == "a b" + "x" * (length - 3)) is is_whole
    assert len(shorten(text)) == 400


def test_the_last_ten_steps_of_a_repair_are_listed() -> None:
    lines = list_steps(steps(*(f"text {number}" for number in range(11))), NETWORK).splitlines()
    assert len(lines) == 10
    assert [line.rpartition(": ")[2] for line in lines] == [f"text {n}" for n in range(1, 11)]


def escalated(reason: int) -> Notified:
    """A repair of which very much is in doubt, and a reason of so many signs."""
    doubts = [f"{number:02}{'n' * 190}" for number in range(25)]
    happened = run(
        RunEscalated,
        outcome=Outcome.IN_DOUBT,
        team="network",
        reason=verbatim("r" * reason),
        evidence=tuple(Evidence(step=name, status=StepStatus.IN_DOUBT) for name in doubts),
    )
    [message] = Story().happens(happened, "laptop-1")
    return message


@pytest.mark.parametrize(("length", "is_whole"), [(7_999, True), (8_000, True), (8_001, False)])
def test_a_body_has_eight_thousand_signs(length: int, *, is_whole: bool) -> None:
    shortest = len(escalated(1).body)
    body = escalated(1 + length - shortest).body
    assert len(body) == min(length, 8_000)
    assert body.endswith(MARK) is not is_whole


def test_what_a_ticket_is_called_now_is_what_a_message_says() -> None:
    story = Story()
    story.ticket_sees(opened())
    story.ticket_sees(TicketUpdated(by="ben", title="The tunnel drops", priority=Priority.P1))
    story.ticket_sees(TicketUpdated(by="ben", service="mail"))
    messages = story.ticket_sees(TicketAssigned(team="network"))
    [to_team] = [message for message in messages if message.recipient == "network"]
    assert to_team.urgent
    assert "The tunnel drops" in whole(to_team)
    assert "VPN drops" not in whole(to_team)
    assert story.ticket is not None
    assert (story.ticket.service, story.ticket.priority) == ("mail", Priority.P1)


def test_a_ticket_keeps_the_newest_eight_facts_that_it_was_linked_with() -> None:
    story = Story()
    story.ticket_sees(opened())
    for number in range(9):
        link = TicketLinked(
            kind=LinkKind.SIGNAL, target=f"s-{number}", message=verbatim(f"fact {number}")
        )
        story.ticket_sees(link)
    assert story.ticket is not None
    assert story.ticket.evidence == tuple(verbatim(f"fact {n}") for n in range(1, 9))
