"""What is cut in a message, and where: nothing is cut that has room."""

import pytest
from desk_contracts.events.automation import Evidence, Outcome, RunEscalated, StepStatus
from desk_contracts.events.notifications import Notified
from desk_contracts.events.signals import SignalRaised
from desk_contracts.events.sla import SlaAtRisk
from desk_contracts.events.tickets import LinkKind, TicketAssigned, TicketLinked, TicketUpdated
from desk_contracts.message import verbatim
from desk_contracts.value_types import Priority, Severity, SubjectKind
from desk_notify.rendering.notice import list_steps, shorten, team, truncate

from tests.support.notify_desk import ANA, NOON, Story, directory, opened, run, sla, to, whole
from tests.support.notify_silence import over, problem

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


@pytest.mark.parametrize(("length", "is_whole"), [(299, True), (300, True), (301, False)])
def test_a_title_has_three_hundred_signs(length: int, *, is_whole: bool) -> None:
    def announce(title: int) -> str:
        raised = SignalRaised(
            episode="e", detector="d", signal="s", title="t" * title, severity=Severity.CRITICAL,
            subject_kind=SubjectKind.SERVICE, measurement="m", value=1, threshold=2, service="vpn",
        )  # fmt: skip
        [message] = Story().happens(raised, "vpn-gw")
        return message.title

    shortest = len(announce(1))
    title = announce(1 + length - shortest)
    assert len(title) == min(length, 300)
    assert title.endswith(MARK) is not is_whole


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


def test_a_person_knows_of_their_newest_fifty_problems() -> None:
    """Who is in more at once may hear of the oldest of them again."""
    story = Story()
    for number in range(51):
        assert to(ANA, story.happens(problem(ANA), f"p-{number}"))
    assert not to(ANA, story.happens(problem(ANA), "p-1"))
    assert to(ANA, story.happens(problem(ANA), "p-0"))


def test_a_ticket_knows_of_its_newest_eight_problems_that_are_over() -> None:
    story = Story()
    story.ticket_sees(opened())
    for number in range(9):
        story.ticket_hears(over(ANA), f"p-{number}")
    assert story.ticket is not None
    assert story.ticket.problems_over == tuple(f"p-{number}" for number in range(1, 9))


def test_of_a_ticket_that_nobody_has_seen_the_newest_four_hundred_facts_wait() -> None:
    story = Story()
    for number in range(401):
        story.ticket_hears(sla(SlaAtRisk, policy=f"p-{number}", due=NOON, percent=80), "t-1")
    assert story.ticket is not None
    kept = [fact.fact.policy for fact in story.ticket.early]
    assert kept == [f"p-{number}" for number in range(1, 401)]


@pytest.mark.parametrize(("length", "is_whole"), [(499, True), (500, True), (501, False)])
def test_of_a_description_five_hundred_signs_are_quoted(length: int, *, is_whole: bool) -> None:
    story, text = Story(), "d" * length
    story.ticket_sees(opened().model_copy(update={"description": text}))
    [to_team] = story.ticket_sees(TicketAssigned(team="network"))[:1]
    assert (text in to_team.body) is is_whole
    assert ("d" * 498 + MARK in to_team.body) is not is_whole
