"""When nothing is said, or not to everybody: noise is a fault like a missing message."""

from datetime import date, timedelta

import pytest
from desk_contracts import Payload
from desk_contracts.events.automation import Outcome, RunEscalated, RunHealed, RunStarted
from desk_contracts.events.notifications import MessageKind
from desk_contracts.events.problems import ProblemEnd, ProblemUpdated
from desk_contracts.events.reports import GoalMilestone, GoalStatusReported, GoalVerdict
from desk_contracts.events.signals import SignalCleared, SignalRaised, SignalSeverityChanged
from desk_contracts.events.sla import SlaAtRisk, SlaMet, SlaPaused
from desk_contracts.events.tickets import (
    How,
    Kind,
    Role,
    TicketAssigned,
    TicketClosed,
    TicketCommented,
    TicketPaused,
    TicketReopened,
    TicketResolved,
    TicketResumed,
    TicketStarted,
    TicketUpdated,
    WaitingFor,
)
from desk_contracts.message import verbatim
from desk_contracts.value_types import Severity, SubjectKind
from desk_notify.rendering.notice import truncate
from desk_notify.rules.reports import is_worth_reporting

from tests.support.notify_desk import ANA, BEN, NOON, Story, event, opened, run, sla, to
from tests.support.notify_silence import ASSIGNED, LINKED, assigned, breached, over, problem


def signal(severity: Severity, kind: SubjectKind) -> SignalRaised:
    return SignalRaised(
        episode="e", detector="d", signal="s", title="It fills", severity=severity,
        subject_kind=kind, measurement="m", value=1, threshold=2, service="vpn",
    )  # fmt: skip


@pytest.mark.parametrize(
    "payload",
    [
        TicketCommented(by="desk", role=Role.AUTOMATION, text="Probed.", automatic=True),
        TicketCommented(by="desk", role=Role.SYSTEM, text="Linked."),
        TicketCommented(by="network-1", role=Role.MEMBER, text="Between us.", public=False),
        TicketPaused(waiting_for=WaitingFor.VENDOR, by="network-1"),
        TicketResumed(by="network-1"),
        TicketUpdated(by="network-1", title="VPN drops hourly"),
        TicketAssigned(team="network", member="network-2", previous_team="network"),
        TicketResolved(by=ANA, resolution=verbatim("It went away.")),
        TicketResolved(by="desk", how=How.PROBLEM, resolution=verbatim("With the problem.")),
        TicketResolved(by="network-1", how=How.WITHDRAWN, resolution=verbatim("Not needed.")),
        TicketClosed(by="desk"),
        sla(SlaPaused, waiting_for="employee"),
        sla(SlaMet, took=timedelta(hours=1), due=NOON),
        breached(inherited=True),
    ],
    ids=lambda data: data.TYPE.removeprefix("desk.").removesuffix(".v1"),
)
def test_automatic_and_internal_things_are_not_news(payload: Payload) -> None:
    assert assigned().ticket_sees(payload) == []


def test_a_members_own_ticket_does_not_tell_them_what_they_wrote() -> None:
    story = Story()
    story.ticket_sees(opened(requester="network-1"), ASSIGNED)
    assert story.ticket_sees(TicketCommented(by="network-1", role=Role.MEMBER, text="Hm.")) == []


@pytest.mark.parametrize("member", ["an-agent", "network-1"])
def test_a_members_answer_to_somebody_else_is_told(member: str) -> None:
    answer = TicketCommented(by=member, role=Role.MEMBER, text="Try it now.")
    assert to(ANA, assigned().ticket_sees(answer)) == [MessageKind.TICKET_CHANGED]


def test_what_the_desk_opened_itself_tells_the_person_only_what_needs_or_helps_them() -> None:
    story = Story()
    quiet = story.ticket_sees(opened(kind=Kind.PROACTIVE), ASSIGNED, TicketStarted(by="network-1"))
    assert to(ANA, quiet) == []
    assert to("network", quiet) == [MessageKind.TICKET_ASSIGNED]
    loud = story.ticket_sees(
        TicketPaused(waiting_for=WaitingFor.EMPLOYEE, by="network-1"),
        TicketResolved(by="network-1", resolution=verbatim("Cleaned.")),
    )
    assert to(ANA, loud) == [MessageKind.TICKET_CHANGED, MessageKind.TICKET_RESOLVED]


def test_another_team_is_news_the_same_team_is_not() -> None:
    story = assigned()
    moved = story.ticket_sees(TicketAssigned(team="service-care", previous_team="network"))
    assert to("service-care", moved) == [MessageKind.TICKET_ASSIGNED]
    assert to(ANA, moved) == [MessageKind.TICKET_ASSIGNED]


def test_an_employees_answer_waits_for_a_team_to_read_it() -> None:
    story = Story()
    story.ticket_sees(opened())
    answer = TicketCommented(by=ANA, role=Role.EMPLOYEE, text="It is worse.")
    assert story.ticket_sees(answer) == []
    story.ticket_sees(ASSIGNED)
    assert [see.recipient for see in story.ticket_sees(answer)] == ["network"]


def test_a_sla_is_nobodys_hurry_once_the_ticket_is_solved() -> None:
    story = assigned()
    story.ticket_sees(TicketResolved(by="network-1", resolution=verbatim("Done.")))
    assert story.ticket_sees(breached()) == []
    story.ticket_sees(TicketReopened(by=ANA, reason="No."))
    assert to("network", story.ticket_sees(breached())) == [MessageKind.SLA_BREACHED]


def test_a_sla_that_overtakes_its_ticket_is_told_when_the_ticket_is_known() -> None:
    story = Story()
    risk = sla(SlaAtRisk, percent=50, due=NOON)
    assert story.ticket_sees(risk) == []
    messages = story.ticket_sees(opened())
    assert to("network", messages) == [MessageKind.SLA_AT_RISK]
    assert "K7M2-Q9PG" in messages[-1].title
    assert to("network", story.ticket_sees(ASSIGNED)) == [MessageKind.TICKET_ASSIGNED]


def test_a_sla_without_a_team_is_the_default_teams() -> None:
    story = Story()
    story.ticket_sees(opened())
    unowned = breached().model_copy(update={"team": ""})
    assert [see.recipient for see in story.ticket_sees(unowned)] == ["service-care"]


def test_a_team_that_the_charter_does_not_know_is_the_default_teams() -> None:
    story = Story()
    story.ticket_sees(opened())
    messages = story.ticket_sees(TicketAssigned(team="gone"))
    assert to("service-care", messages) == [MessageKind.TICKET_ASSIGNED]


def test_tickets_of_an_open_problem_are_quiet_for_people_and_marked_for_teams() -> None:
    story = Story()
    messages = story.ticket_sees(opened(), LINKED, ASSIGNED, TicketStarted(by="network-1"))
    assert to(ANA, messages) == [MessageKind.TICKET_RECEIVED]
    [notice] = [message for message in messages if message.recipient == "network"]
    assert (notice.problem, notice.urgent) == ("p-1", False)


def test_what_a_member_linked_to_a_problem_is_told_of_by_itself() -> None:
    """The problem's events name it nowhere, so nobody would ever end its silence."""
    by_hand = LINKED.model_copy(update={"by": "network-1"})
    messages = Story().ticket_sees(opened(), by_hand, ASSIGNED, TicketStarted(by="network-1"))
    assert to(ANA, messages) == [
        MessageKind.TICKET_RECEIVED,
        MessageKind.TICKET_ASSIGNED,
        MessageKind.TICKET_CHANGED,
    ]


def test_after_its_problem_a_ticket_speaks_again() -> None:
    story = Story()
    story.ticket_sees(opened(), LINKED)
    assert story.ticket_hears(over(ANA), "p-1") == []
    assert to(ANA, story.ticket_sees(ASSIGNED)) == [MessageKind.TICKET_ASSIGNED]


def test_a_problem_that_is_over_before_the_link_arrives_silences_nothing() -> None:
    story = Story()
    story.ticket_hears(over(ANA), "p-1")
    messages = story.ticket_sees(opened(), LINKED, ASSIGNED)
    assert to(ANA, messages) == [MessageKind.TICKET_RECEIVED, MessageKind.TICKET_ASSIGNED]


def test_a_reopened_ticket_is_a_case_of_its_own() -> None:
    story = Story()
    story.ticket_sees(opened(), LINKED, ASSIGNED)
    story.ticket_sees(TicketReopened(by=ANA, reason="Not for me."), LINKED)
    assert to(ANA, story.ticket_sees(TicketStarted(by="network-1"))) == [MessageKind.TICKET_CHANGED]


def test_a_person_hears_of_a_problem_once_however_many_tickets_they_have() -> None:
    story = Story()
    first = story.happens(problem(ANA, ANA), "p-1")
    more = ProblemUpdated(
        service="vpn", title=verbatim("VPN fails"), tickets=("t-2",), people=(ANA, BEN)
    )
    second = story.happens(more, "p-1")
    assert to(ANA, first) == [MessageKind.PROBLEM_DECLARED]
    assert to(ANA, second) == []
    assert to(BEN, second) == [MessageKind.PROBLEM_DECLARED]
    assert "Network" in next(item.body for item in second)
    assert to("network", second) == []


def test_the_end_of_a_problem_is_told_once_and_nothing_of_it_afterwards() -> None:
    story = Story()
    story.happens(problem(ANA), "p-1")
    ended = story.happens(over(ANA, BEN), "p-1")
    assert [item.recipient for item in ended] == [ANA, BEN, "network"]
    assert story.happens(over(ANA, BEN), "p-1") == []
    assert to(ANA, story.happens(problem(ANA), "p-1")) == []


def test_people_hear_nothing_of_an_end_that_is_none() -> None:
    """Merged with another it goes on, and its people hear of that one."""
    story = Story()
    story.happens(problem(ANA), "p-1")
    merged = {"is_solved": False, "end": ProblemEnd.MERGED, "ticket_count": 900}
    ended = story.happens(over(ANA).model_copy(update=merged), "p-1")
    assert [item.recipient for item in ended] == ["network"]
    assert "900" in ended[0].body
    assert to(ANA, story.happens(problem(ANA), "p-1")) == []


def test_a_problem_nobody_told_us_of_ends_with_the_owner_of_its_service() -> None:
    assert [happen.recipient for happen in Story().happens(over(), "p-1")] == ["network"]


def test_a_problem_that_was_over_first_calls_no_team() -> None:
    story = Story()
    story.happens(over(), "p-1")
    assert story.happens(problem(), "p-1") == []


def test_growth_before_the_problem_itself_is_only_counted() -> None:
    story = Story()
    grown = ProblemUpdated(service="vpn", title=verbatim("VPN fails"), tickets=("t-1", "t-2"))
    assert story.happens(grown, "p-1") == []
    assert story.happens(grown.model_copy(update={"tickets": ()}), "p-1") == []
    assert story.team_topics["problem:p-1"].tickets == 2


def test_people_read_their_own_language() -> None:
    story = Story()
    story.happens(opened("de-AT"), "t-1")
    [notice] = [happen for happen in story.happens(problem(ANA), "p-1") if happen.recipient == ANA]
    assert notice.title == "Wir wissen davon: VPN fails"
    story.happens(opened("fr"), "t-2")
    [notice] = [happen for happen in story.happens(problem(ANA), "p-2") if happen.recipient == ANA]
    assert notice.title == "We know about it: VPN fails"


def test_repairs_that_have_nothing_to_say_say_nothing() -> None:
    story = Story()
    assert story.happens(run(RunStarted, version="1", person=ANA), "laptop-1") == []
    assert story.happens(run(RunHealed, person=ANA), "laptop-1") == []
    assert story.happens(run(RunHealed, tell="Done."), "laptop-1") == []


def test_a_cure_that_comes_to_light_late_is_told_once_to_the_team_that_was_told_otherwise() -> None:
    healed = run(RunHealed, person=ANA, tell="Done.", corrects=Outcome.INCONCLUSIVE)
    assert Story().happens(healed, "laptop-1") == []
    story = Story()
    over = run(
        RunEscalated, outcome=Outcome.INCONCLUSIVE, team="network", reason=verbatim("No deferred.")
    )
    story.happens(over, "laptop-1")
    [notice] = story.happens(healed, "laptop-1")
    assert (notice.recipient, notice.kind) == ("network", MessageKind.REPAIR_DONE)
    assert notice.title.startswith("Correction")
    assert story.happens(healed, "laptop-1") == []


def test_a_repair_that_a_person_took_over_with_their_ticket_calls_no_team() -> None:
    taken = run(
        RunEscalated,
        outcome=Outcome.NOT_RUN,
        team="network",
        reason=verbatim("Ben took it over."),
        ticket="ticket-1",
    )
    assert Story().happens(taken, "laptop-1") == []


def test_an_escalation_is_told_once_to_the_team_and_to_the_person() -> None:
    story = Story()
    over = run(
        RunEscalated,
        outcome=Outcome.NOT_HEALED,
        team="network",
        reason=verbatim("Still full."),
        person=ANA,
        tell="We come to you.",
    )
    messages = story.happens(over, "laptop-1")
    assert to(ANA, messages) == to("network", messages) == [MessageKind.REPAIR_FAILED]
    assert "We come to you." in next(
        message.body for message in messages if message.recipient == ANA
    )
    assert to("network", story.happens(over, "laptop-1")) == []


@pytest.mark.parametrize(
    ("severity", "kind", "calls"),
    [
        (Severity.CRITICAL, SubjectKind.SERVICE, True),
        (Severity.WARNING, SubjectKind.SERVICE, False),
        (Severity.CRITICAL, SubjectKind.DEVICE, False),
    ],
)
def test_only_a_service_in_danger_calls_its_team(
    severity: Severity, kind: SubjectKind, *, calls: bool
) -> None:
    story = Story()
    raised = signal(severity, kind)
    assert (to("network", story.happens(raised, "vpn-gw")) != []) == calls
    assert story.happens(raised, "vpn-gw") == []
    cleared = SignalCleared(episode="e", detector="d", signal="s", value=1)
    assert story.happens(cleared, "vpn-gw") == []


def goal(
    verdict: GoalVerdict, before: GoalVerdict | None, *, due: bool = False
) -> GoalStatusReported:
    part = GoalMilestone(share=0.5, day=date(2026, 11, 20), planned=4, measured=5, is_met=False)
    return GoalStatusReported(
        goal="g",
        title="Fewer tickets",
        team="network",
        period="2026-W44/2026-W47",
        as_of=NOON,
        measure="contacts",
        unit="per_week",
        due=date(2027, 12, 31),
        verdict=verdict,
        verdict_before=before,
        explanation=(verbatim("It is as it is."),),
        milestone=part if due else None,
    )


@pytest.mark.parametrize(
    ("goal_status", "is_said"),
    [
        (goal(GoalVerdict.BEHIND, GoalVerdict.BEHIND), True),
        (goal(GoalVerdict.ON_THE_WAY, GoalVerdict.ON_THE_WAY), True),
        (goal(GoalVerdict.CANNOT_TELL, None), True),
        (goal(GoalVerdict.CANNOT_TELL, GoalVerdict.CANNOT_TELL), False),
        (goal(GoalVerdict.TOO_EARLY, GoalVerdict.TOO_EARLY), False),
        (goal(GoalVerdict.REACHED, GoalVerdict.REACHED), False),
        (goal(GoalVerdict.REACHED, GoalVerdict.BEHIND), True),
        (goal(GoalVerdict.MISSED, GoalVerdict.MISSED), False),
        (goal(GoalVerdict.REACHED, GoalVerdict.REACHED, due=True), True),
    ],
)
def test_a_goal_that_stands_still_is_told_once(
    goal_status: GoalStatusReported, *, is_said: bool
) -> None:
    story = Story()
    assert (to("network", story.happens(goal_status, "network")) != []) == is_said
    assert story.happens(goal_status, "network") == []


def test_long_and_wild_texts_fit_and_break_no_line() -> None:
    story = Story()
    wild = opened().model_copy(update={"title": "A\r\nBcc: x@y " + "\N{OLD KEY}" * 250})
    story.ticket_sees(wild)
    messages = story.ticket_sees(
        ASSIGNED, TicketCommented(by=ANA, role=Role.EMPLOYEE, text="{x} " * 5_000)
    )
    for message in messages:
        assert len(message.title) <= 300
        assert "\n" not in message.title
        assert len(message.body) <= 8_000
    assert "{x} {x}" in messages[-1].body


def changed(before: Severity, after: Severity, kind: SubjectKind) -> SignalSeverityChanged:
    return SignalSeverityChanged(
        episode="e", detector="alert", signal="s", title="It fills", severity=after,
        previous=before, subject_kind=kind, service="vpn",
    )  # fmt: skip


def test_a_rise_tells_the_team_and_only_the_worst_calls_it_a_fall_is_told_who_knows() -> None:
    info, warning, critical = Severity.INFO, Severity.WARNING, Severity.CRITICAL
    story, service = Story(), SubjectKind.SERVICE
    assert story.happens(changed(warning, info, service), "vpn") == []
    (worse,) = story.happens(changed(info, warning, service), "vpn")
    (worst,) = story.happens(changed(warning, critical, service), "vpn")
    (better,) = story.happens(changed(critical, warning, service), "vpn")
    assert [item.urgent for item in (worse, worst, better)] == [False, True, False]
    assert {item.recipient for item in (worse, worst, better)} == {"network"}


def test_a_devices_rise_is_the_runbooks_business() -> None:
    rise = changed(Severity.WARNING, Severity.CRITICAL, SubjectKind.DEVICE)
    assert Story().happens(rise, "laptop-1") == []


def test_what_is_no_report_asks_nothing_of_anybody() -> None:
    assert not is_worth_reporting(event(opened()))


def test_a_quote_ends_at_two_thousand_signs() -> None:
    whole = "x" * 2_000
    assert truncate(whole) == whole
    assert truncate(whole + "x") != whole + "x"
    assert len(truncate(whole + "x")) <= 2_000
