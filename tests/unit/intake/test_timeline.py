"""The line that each event of a ticket has in its timeline, and who may read it."""

from datetime import timedelta

import pytest
from desk_contracts import Event, Payload
from desk_contracts.events.fulfilment import (
    FulfilmentStatus,
    TicketApprovalRequested,
    TicketFulfilmentReported,
    TicketFulfilmentRequested,
    TicketFulfilmentWithdrawn,
)
from desk_contracts.events.tickets import (
    ApprovalOutcome,
    How,
    LinkKind,
    Role,
    TicketAlsoAffected,
    TicketApprovalConcluded,
    TicketApprovalDecided,
    TicketApprovalDelegated,
    TicketAssigned,
    TicketAttached,
    TicketClosed,
    TicketCommented,
    TicketConfirmed,
    TicketEscalated,
    TicketItemRequested,
    TicketLinked,
    TicketMerged,
    TicketPaused,
    TicketPersonRequested,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketStarted,
    TicketTriaged,
    TicketUpdated,
    TicketUpdateIgnored,
    TicketWatcherAdded,
    TicketWatcherRemoved,
    WaitingFor,
)
from desk_contracts.message import WRITTEN, message, verbatim
from desk_contracts.value_types import Priority
from desk_intake.tickets.timeline import DESK, TimelineMessage, aside, tell

from tests.support.intake_world import MONDAY, Story

CHOSEN = message("routing.chosen-by-person", by="max", reason="")
DONE = verbatim("Done.")
LATER = MONDAY + timedelta(days=1)


def _line_of(payload: Payload) -> TimelineMessage:
    event = Event("e", "/test", "t-1", MONDAY, payload)
    return tell(Story.begin().ticket, event)


def _reported(status: FulfilmentStatus) -> TicketFulfilmentReported:
    return TicketFulfilmentReported(status=status, runbook="grant")


def _concluded(outcome: ApprovalOutcome) -> TicketApprovalConcluded:
    return TicketApprovalConcluded(outcome=outcome, digest="d")


def _decided(*, is_granted: bool) -> TicketApprovalDecided:
    return TicketApprovalDecided(by="eve", digest="d", is_granted=is_granted)


def _approval(*, is_reminder: bool) -> TicketApprovalRequested:
    return TicketApprovalRequested(
        approvers=("eve",), until=LATER, code="C", title="T", requester="ana",
        is_reminder=is_reminder,
    )  # fmt: skip


def _assigned(member: str = "", before: str = "") -> TicketAssigned:
    return TicketAssigned(team="network", member=member, previous_team=before)


@pytest.mark.parametrize(
    ("payload", "who", "code"),
    [
        (TicketTriaged(category="vpn", priority=Priority.P3), DESK, "timeline.triaged"),
        (_assigned(), DESK, "timeline.assigned-team"),
        (_assigned("max"), DESK, "timeline.assigned-member"),
        (_assigned("max", "network"), DESK, "timeline.assigned-member"),
        (_assigned(before="network"), DESK, "timeline.assigned-team"),
        (_assigned(before="care"), DESK, "timeline.moved-to-team"),
        (_assigned("max", "care"), DESK, "timeline.moved-to-member"),
        (TicketStarted(by="max"), "max", "timeline.started"),
        (TicketPaused(waiting_for=WaitingFor.VENDOR, by="max"), "max", "timeline.paused"),
        (
            TicketPaused(waiting_for=WaitingFor.VENDOR, by="max", until=LATER),
            "max",
            "timeline.paused-until",
        ),
        (TicketResumed(by="max"), "max", "timeline.resumed"),
        (TicketUpdated(by="max", title="New"), "max", "timeline.updated"),
        (TicketCommented(by="max", role=Role.MEMBER, text="Hm."), "max", WRITTEN),
        (TicketCommented(by="max", role=Role.SYSTEM, text="Hm."), DESK, WRITTEN),
        (TicketCommented(by="max", role=Role.AUTOMATION, text="Hm."), DESK, WRITTEN),
        (TicketCommented(by="max", role=Role.MEMBER, text="Hm.", automatic=True), DESK, WRITTEN),
        (TicketLinked(kind=LinkKind.PROBLEM, target="x"), DESK, "link.problem-target"),
        (TicketLinked(kind=LinkKind.RUN, target="x", by="max"), "max", "link.run-target"),
        (TicketLinked(kind=LinkKind.SIGNAL, target="x"), DESK, "link.signal-target"),
        (TicketLinked(kind=LinkKind.TICKET, target="x"), DESK, "link.ticket-target"),
        (TicketLinked(kind=LinkKind.RUN, target="x", message=DONE), DESK, WRITTEN),
        (TicketWatcherAdded(person="ben", by="ana"), "ana", "timeline.watched"),
        (TicketWatcherRemoved(person="ben", by="ana"), "ana", "timeline.unwatched"),
        (TicketAlsoAffected(person="ben", by="max"), DESK, "timeline.also-affected"),
        (TicketPersonRequested(by="ana"), "ana", "timeline.person-requested"),
        (
            TicketPersonRequested(by="ana", text="Room 7"),
            "ana",
            "timeline.person-requested-with-text",
        ),
        (TicketMerged(into="t-2", by="max"), "max", "timeline.merged"),
        (TicketResolved(by="max", how=How.MEMBER, resolution=DONE), "max", "timeline.resolved"),
        (
            TicketResolved(by="ana", how=How.SELF_SERVICE, resolution=DONE),
            "ana",
            "timeline.resolved",
        ),
        (TicketResolved(by="max", how=How.PROBLEM, resolution=DONE), DESK, "timeline.resolved"),
        (TicketResolved(by="ana", how=How.WITHDRAWN, resolution=DONE), "ana", "timeline.withdrawn"),
        (TicketResolved(by="eve", how=How.DENIED, resolution=DONE), "eve", WRITTEN),
        (TicketConfirmed(by="ana", resolution=3), "ana", "timeline.confirmed"),
        (TicketReopened(by="ana", reason="No."), "ana", "timeline.reopened"),
        (TicketClosed(by="ana"), "ana", "timeline.closed"),
        (
            TicketItemRequested(item="license", digest="d", team="network"),
            "ana",
            "timeline.item-requested",
        ),
        (_approval(is_reminder=False), DESK, "timeline.approvers-asked"),
        (_approval(is_reminder=True), DESK, "timeline.approvers-reminded"),
        (_decided(is_granted=True), "eve", "timeline.approval-granted"),
        (_decided(is_granted=False), "eve", "timeline.approval-refused"),
        (
            TicketApprovalDelegated(by="eve", to="max", digest="d"),
            "eve",
            "timeline.approval-delegated",
        ),
        (_concluded(ApprovalOutcome.APPROVED), DESK, "timeline.approved"),
        (_concluded(ApprovalOutcome.DENIED), DESK, "timeline.denied"),
        (_concluded(ApprovalOutcome.EXPIRED), DESK, "timeline.approval-expired"),
        (
            TicketFulfilmentRequested(
                runbook="grant", item="license", person="ana", title="T", until=LATER
            ),
            DESK,
            "timeline.runbook-asked",
        ),
        (_reported(FulfilmentStatus.REQUESTED), DESK, "timeline.run-waits"),
        (_reported(FulfilmentStatus.STARTED), DESK, "timeline.run-started"),
        (_reported(FulfilmentStatus.DONE), DESK, "timeline.run-done"),
        (_reported(FulfilmentStatus.HANDED_OVER), DESK, "timeline.run-handed-over"),
        (TicketFulfilmentWithdrawn(runbook="grant"), DESK, "timeline.run-withdrawn"),
    ],
    ids=str,
)
def test_what_happens_is_told_to_all_who_read_the_ticket(
    payload: Payload, who: str, code: str
) -> None:
    line = _line_of(payload)
    assert (line.who, line.message.code, line.public) == (who, code, True)


@pytest.mark.parametrize(
    ("payload", "who", "code"),
    [
        (TicketEscalated(policy="late", explanation=()), DESK, "timeline.escalated"),
        (TicketUpdateIgnored(fact="f", reason=DONE), DESK, WRITTEN),
        (
            TicketCommented(by="max", role=Role.MEMBER, text="Hm.", public=False),
            "max",
            WRITTEN,
        ),
        (
            TicketAttached(
                attachment="a", name="a.txt", media_type="text/plain", size=1, sha256="0",
                dataref="/a", by="max", role=Role.MEMBER, public=False,
            ),
            "max",
            "timeline.attached",
        ),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_for_staff_is_told_to_nobody_else(payload: Payload, who: str, code: str) -> None:
    line = _line_of(payload)
    assert (line.who, line.message.code, line.public) == (who, code, False)


@pytest.mark.parametrize(
    ("payload", "who", "code"),
    [
        (_assigned().model_copy(update={"explanation": (CHOSEN,)}), DESK, "timeline.why"),
        (TicketAlsoAffected(person="ben", by="max"), "max", "timeline.affected-person"),
        (TicketResolved(by="max", resolution=DONE, cause="A cable"), "max", "timeline.cause"),
    ],
    ids=str,
)
def test_what_staff_wrote_for_staff_stands_in_a_line_of_its_own(
    payload: Payload, who: str, code: str
) -> None:
    line = aside(payload)
    assert line is not None
    assert (line.who, line.message.code, line.public) == (who, code, False)


@pytest.mark.parametrize(
    "payload",
    [
        _assigned(),
        _assigned().model_copy(update={"explanation": (DONE,)}),
        TicketResolved(by="max", resolution=DONE),
        TicketClosed(by="ana"),
    ],
    ids=str,
)
def test_where_staff_wrote_nothing_there_is_no_such_line(payload: Payload) -> None:
    assert aside(payload) is None
