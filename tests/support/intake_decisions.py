"""Stories in which intake decides everything about tickets, told with every field."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.errors import DeskError
from desk_contracts.events.automation import (
    Evidence,
    Outcome,
    RunHealed,
    RunSkipped,
    RunStarted,
    RunStepRecorded,
    StepStatus,
)
from desk_contracts.events.problems import ProblemConfirmed, ProblemResolved, ProblemUpdated
from desk_contracts.events.sla import ClockName
from desk_contracts.events.tickets import (
    ApprovalAsked,
    Channel,
    How,
    Kind,
    ResolutionCode,
    State,
    TicketAssigned,
    TicketClosed,
    TicketItemRequested,
    TicketMerged,
    TicketOpened,
    TicketPaused,
    TicketResolved,
    TicketStarted,
    TicketTriaged,
    TicketUpdated,
    TicketWatcherAdded,
    WaitingFor,
)
from desk_contracts.events.triage import (
    DuplicateFound,
    EscalationDecided,
    RepetitionFound,
    TriageDecided,
    TriageDeferred,
)
from desk_contracts.message import message, verbatim
from desk_contracts.value_types import Level, Priority
from desk_intake.tickets import approvals, concerned, lifecycle
from desk_intake.tickets.approvals import Statement
from desk_intake.tickets.inbound import apply_inbound
from desk_intake.tickets.lifecycle import Actor, Changes
from desk_intake.tickets.model import Ticket

from tests.support.golden import Stories, describe
from tests.support.intake_facts import escalated, problem
from tests.support.intake_world import MONDAY, Story, triage_says

EXPECTED = Path(__file__).parents[1] / "unit" / "intake" / "decisions"
ANA, BEN = Actor("ana", is_staff=False), Actor("ben", is_staff=False)
MAX, LONER = Actor("max", is_staff=True, team="network"), Actor("eva", is_staff=True)
SOON, LATE = MONDAY + timedelta(hours=2), MONDAY + timedelta(days=2)
DUE = MONDAY + timedelta(hours=4)
ASSIGNED = TicketAssigned(team="network", member="max", explanation=(message("x.why"),))
RESOLVED = TicketResolved(by="max", resolution=verbatim("A new cable."), cause="Old cable")


def _say(events: Sequence[Payload]) -> str:
    """One line."""
    lines = (
        f"{event.TYPE.split('.', 1)[1]} "
        + json.dumps(
            event.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False, sort_keys=True
        )
        for event in events
    )
    return "; ".join(lines) or "nothing"


def _try(decide: Callable[[], Sequence[Payload]]) -> str:
    try:
        return _say(decide())
    except DeskError as refusal:
        fields = json.dumps(refusal.fields, default=str, sort_keys=True)
        return f"{type(refusal).__name__} {refusal.code} {refusal.message} {fields}"


def _item(**approval: object) -> TicketItemRequested:
    asking = ApprovalAsked(approvers=("eva", "ned"), until=LATE, **approval) if approval else None  # type: ignore[arg-type]
    return TicketItemRequested(
        item="software",
        answers={"name": "Editor"},
        digest="d-1",
        team="workplace",
        runbook="" if approval else "install",
        approval=asking,
    )


def make_states() -> Mapping[str, Ticket]:
    """A ticket in each state, and in some of them with more than that."""
    waiting = TicketPaused(waiting_for=WaitingFor.EMPLOYEE, by="max", until=SOON)
    triaged = TicketTriaged(category="vpn", priority=Priority.P3, service="vpn")
    fixed = TicketUpdated(by="max", priority=Priority.P2)
    lives: dict[str, Sequence[Payload]] = {
        "new": (),
        "triaged": (triaged,),
        "assigned": (triaged, ASSIGNED, TicketWatcherAdded(person="ben", by="ana")),
        "chosen": (triaged, ASSIGNED.model_copy(update={"explanation": (_CHOSEN,)}), fixed),
        "started": (triaged, ASSIGNED, TicketStarted(by="max")),
        "waiting": (triaged, ASSIGNED, TicketStarted(by="max"), waiting),
        "resolved": (triaged, ASSIGNED, RESOLVED),
        "withdrawn": (ASSIGNED, RESOLVED.model_copy(update={"how": How.WITHDRAWN})),
        "closed": (ASSIGNED, RESOLVED, TicketClosed(by="desk")),
        "merged": (ASSIGNED, TicketMerged(into="t-9", by="ana")),
    }
    states = {name: Story.begin().then(*life).ticket for name, life in lives.items()}
    item = Story.begin(Kind.REQUEST).then(*approvals.ask(_item(needed=1), _ABOUT, MONDAY))
    states["asked"] = item.ticket
    done = Story.begin(Kind.REQUEST).then(*approvals.ask(_item(), _ABOUT, MONDAY))
    states["fulfilled"] = done.ticket
    return states


_CHOSEN = message("routing.decided-by-person", by="max")
_ABOUT = approvals.AskedFor("K7M2-Q9PG", "ana", "Editor", "lt-7", "laptop")


def tell_actions() -> str:
    """What each person may do in each state, and what comes of it or why not."""
    return _group(
        (what, _try(act), f"{name} by {actor.id}")
        for name, ticket in make_states().items()
        for actor in (ANA, BEN, MAX, LONER)
        for what, act in _actions(ticket, actor).items()
    )


def _group(outcomes: Iterable[tuple[str, str, str]]) -> str:
    """What was done, and what came of it, in which cases; what was done and the cases in order."""
    groups: dict[str, dict[str, list[str]]] = {}
    for what, outcome, case in outcomes:
        groups.setdefault(what, {}).setdefault(outcome, []).append(case)
    return "".join(
        f"=== {what}\n"
        + "".join(f"  {outcome}\n      {', '.join(cases)}\n" for outcome, cases in group.items())
        for what, group in groups.items()
    )


def _actions(ticket: Ticket, actor: Actor) -> Mapping[str, Callable[[], Sequence[Payload]]]:
    other = ticket.model_copy(update={"id": "t-2", "code": "OTHER", "state": State.ASSIGNED})
    foreign = other.model_copy(update={"requester": "ben"})
    changes = Changes(title="VPN", service="mail", impact=Level.HIGH)
    urgent = Changes(priority=Priority.P2)
    code = ResolutionCode.WORKAROUND
    return {
        "start": lambda: lifecycle.start(ticket, actor),
        "assign": lambda: lifecycle.assign(ticket, actor, "network", "max"),
        "assign with a reason": lambda: lifecycle.assign(ticket, actor, "crm", "", "Theirs"),
        "take": lambda: lifecycle.take(ticket, actor),
        "comment": lambda: lifecycle.comment(ticket, actor, "Hm", public=True),
        "note": lambda: lifecycle.comment(ticket, actor, "Hm", public=False),
        "pause": lambda: lifecycle.pause(ticket, actor, WaitingFor.VENDOR, SOON, MONDAY, "Ask"),
        "pause as it is": lambda: lifecycle.pause(ticket, actor, WaitingFor.EMPLOYEE, SOON, MONDAY),
        "pause until now": lambda: lifecycle.pause(ticket, actor, WaitingFor.VENDOR, SOON, SOON),
        "resume": lambda: lifecycle.resume(ticket, actor),
        "update": lambda: lifecycle.update(ticket, actor, changes),
        "update priority": lambda: lifecycle.update(ticket, actor, urgent),
        "merge": lambda: lifecycle.merge(ticket, actor, other),
        "merge into itself": lambda: lifecycle.merge(ticket, actor, ticket),
        "merge into another's": lambda: lifecycle.merge(ticket, actor, foreign),
        "link": lambda: lifecycle.link_problem(ticket, actor, "p-1", verbatim("Down"), "Same"),
        "resolve": lambda: lifecycle.resolve(ticket, actor, "Works", None, "Cable", None),
        "resolve with code": lambda: lifecycle.resolve(
            ticket, actor, "Works", How.MEMBER, "", code
        ),
        "confirm": lambda: lifecycle.confirm(ticket, actor),
        "reopen": lambda: lifecycle.reopen(ticket, actor, "No."),
        "close": lambda: lifecycle.close(ticket, actor),
        "watch": lambda: concerned.watch(ticket, actor, "cem"),
        "unwatch": lambda: concerned.unwatch(ticket, actor, "ben"),
        "join": lambda: concerned.join(ticket, actor, "ben"),
        "ask for a person": lambda: concerned.request_person(ticket, actor, "Call me"),
    }


def tell_facts() -> str:
    """What each fact from the rest of the desk means for a ticket in each state."""
    return _group(
        (f"{number} {name_fact(data)}", _say(apply_inbound(ticket, _make_fact(data))), name)
        for name, ticket in make_states().items()
        for number, data in enumerate(_facts(), 1)
    )


def _make_fact(data: Payload) -> AnyEvent:
    is_of_other = isinstance(data, ProblemUpdated | TicketMerged)
    return Event("f-1", "/test", "p-1" if is_of_other else "t-1", SOON, data)


def name_fact(data: Payload) -> str:
    return data.TYPE.removeprefix("desk.").removesuffix(".v1")


def _facts() -> Sequence[Payload]:
    return (*_facts_of_triage(), *_facts_of_tickets(), *_facts_of_problems())


def _facts_of_triage() -> Sequence[Payload]:
    why = (verbatim("It says so."),)
    return (
        triage_says(),
        triage_says("workplace", Priority.P1),
        triage_says().model_copy(update={"service": "vpn", "member": "max"}),
        TriageDecided(
            category="vpn", priority=Priority.P3, team="crm", explanation=why, charter=""
        ),
        TriageDeferred(team="service-care", explanation=why, charter="c"),
        TriageDeferred(team="network", explanation=why, charter="c"),
        DuplicateFound(problem="p-1", explanation=why),
        DuplicateFound(problem="p-1", explanation=()),
    )


def _facts_of_tickets() -> Sequence[Payload]:
    why = (verbatim("It says so."),)
    level: dict[str, Any] = {
        "policy": "late",
        "clock": ClockName.RESOLUTION,
        "explanation": why,
        "charter": "c",
    }
    repetition: dict[str, Any] = {
        "code": "B",
        "of": "t-0",
        "of_code": "A",
        "likeness": 0.9,
        "explanation": why,
    }
    return (
        RepetitionFound(is_exact=True, **repetition),
        RepetitionFound(is_exact=False, **repetition),
        TicketMerged(into="t-1", by="ana", code="B", title="Again"),
        TicketMerged(into="t-1", by="ana"),
        TicketOpened(
            code="C", kind=Kind.INCIDENT, title="Part", requester="ana", channel=Channel.PORTAL
        ),
        EscalationDecided(is_offered=True, offered_to=("max", "ned"), **level),
        EscalationDecided(is_offered=True, offered_to=("max",), **level),
        EscalationDecided(priority=Priority.P1, owner="crm", **level),
        EscalationDecided(priority=Priority.P4, **level),
    )


def _facts_of_problems() -> Sequence[Payload]:
    why = (verbatim("It says so."),)
    run: dict[str, Any] = {"run": "run-1", "runbook": "install", "title": "Editor"}
    ended: dict[str, Any] = {
        "service": "vpn",
        "title": verbatim("Down"),
        "tickets": ("t-1",),
        "people": ("ana",),
    }
    evidence = tuple(
        Evidence(step=f"s-{number}", status=StepStatus.DONE, attempt=number, left_out=number)
        for number in (1, 2)
    )
    step: dict[str, Any] = {"run": "run-1", "runbook": "install", "step": "look"}
    silent = message("answer.device-silent")
    return (
        problem(("t-1",)),
        ProblemConfirmed(team="network", message=verbatim("We know."), **ended),
        ProblemUpdated(**ended),
        ProblemResolved(resolution=verbatim("Mended"), cleared=("e-1", "e-2"), **ended),
        RunHealed(**run, request="t-1", tell="It works."),
        RunHealed(**run, corrects=Outcome.NOT_HEALED),
        RunHealed(**run, request="t-1", tell="It works.", corrects=Outcome.NOT_HEALED),
        RunStarted(**run, version="v", request="t-1"),
        RunStepRecorded(**step, status=StepStatus.FAILED, message=silent, request="t-1"),
        RunStepRecorded(**step, status=StepStatus.FAILED, request="t-1"),
        RunStepRecorded(**step, status=StepStatus.DONE, request="t-1"),
        escalated("ana", "Sorry").model_copy(update={"request": "t-1", "evidence": evidence}),
        escalated("ana").model_copy(update={"ticket": "t-1", "evidence": ()}),
        escalated("ana"),
        RunSkipped(runbook="install", explanation=why, run="run-1", request="t-1"),
    )


def tell_approvals() -> str:
    """Each statement of each approver at each moment of three approvals."""
    lines = []
    for needed, may_delegate in ((1, True), (2, False)):
        data = _item(needed=needed, may_delegate=may_delegate)
        begun = approvals.begin(data, MONDAY)
        granted = approvals.decide(
            begun, State.WAITING, Statement("eva", "d-1", SOON, "Fine"), _ABOUT, is_granted=True
        )
        after = Story.begin(Kind.REQUEST).then(*approvals.ask(data, _ABOUT, MONDAY), *granted)
        request, state = after.ticket.request, after.ticket.state
        assert request is not None
        lines += [f"--- {needed} needed\n{_say(granted)}\n", describe(request)]
        for by in ("eva", "ned", "ana"):
            for digest, at in (("d-1", SOON), ("d-2", SOON), ("d-1", LATE)):
                statement = Statement(by, digest, at, "Because" if by == "ned" else "")
                for where, given, in_state in (
                    ("begun", begun, State.WAITING), ("after", request, state),
                ):  # fmt: skip
                    lines.append(f"{where}, {by} {digest} {at:%d %H}\n")
                    for is_granted in (True, False):
                        answer = partial(approvals.decide, is_granted=is_granted)
                        outcome = _try(partial(answer, given, in_state, statement, _ABOUT))
                        lines.append(f"  {is_granted}: {outcome}\n")
                    for to in ("cem", "ana", "ned"):
                        outcome = _try(
                            partial(approvals.delegate, given, in_state, statement, _ABOUT, to=to)
                        )
                        lines.append(f"  to {to}: {outcome}\n")
        for given in (begun, request):
            lines += [f"remind: {_say(approvals.remind(given, _ABOUT))}\n"]
            lines += [f"expire: {_say(approvals.expire(given))}\n"]
    return "".join(lines)


STORIES: Stories = {
    "actions": tell_actions,
    "facts": tell_facts,
    "approvals": tell_approvals,
}
