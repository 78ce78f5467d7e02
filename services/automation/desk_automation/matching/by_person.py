"""A person asks for a run without a signal. Pure.

It is a run like any other: planned, locked, limited, verified. What only lets people decide
(`suggest`) needs the yes of somebody else; what only observes cannot be started.
"""

from dataclasses import dataclass, field
from datetime import datetime

from desk_charter.model import Charter
from desk_charter.runbook_brakes import Mode
from desk_charter.runbooks import Runbook
from desk_contracts import Event
from desk_contracts.errors import Rejected
from desk_contracts.events.signals import SignalRaised
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.names import AUTOMATION_SOURCE
from desk_contracts.value_types import Severity, SubjectKind
from desk_kernel import Decision

from desk_automation.matching.decide import RunPolicy, start_run
from desk_automation.runs import events
from desk_automation.runs.model import Run

_ATTRIBUTES = "data.attributes."
_NAMED = {"data.service": "service", "data.site": "site", "data.person": "person"}


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Who wants which target repaired, and why; `attributes` are those that a signal would have.

    `run` is the id of the run: the same call gives the same one, however often it comes.
    """

    run: str
    target: str
    by: str
    reason: str
    attributes: dict[str, str] = field(default_factory=dict)


def request_run(
    charter: Charter, runbook: Runbook, request: RunRequest, policy: RunPolicy, now: datetime
) -> Decision[Run]:
    """The new run, and who asked for it; `Rejected` where nobody can start it by hand, it cannot
    be planned, or only observes."""
    if runbook.event != SignalRaised.TYPE:
        raise Rejected(message("request.by-ticket", runbook=runbook.id), code="only-by-ticket")
    written = policy.mode_of(runbook, now.date())
    if written == "observe":
        raise Rejected(message("request.only-observes", runbook=runbook.id), code="only-observes")
    event = _make_event(charter, runbook, request, now)
    owner = charter.team(runbook.owner_team)
    mode: Mode = "auto" if written == "auto" else "approve"
    decided = start_run(runbook, event, owner, policy, now, id=request.run, mode=mode)
    if decided.state.has_ended:
        reason = decided.state.reason
        raise Rejected(reason or message("run.not-planned", why=""), code="not-planned")
    person = {"requested_by": request.by, "reason": request.reason}
    trigger = decided.state.trigger.model_copy(update=person)
    run = decided.state.model_copy(update={"trigger": trigger})
    return Decision(run, (events.emit_requested(run, now),), due=run.timer_at)


def _make_event(
    charter: Charter, runbook: Runbook, request: RunRequest, now: datetime
) -> Event[SignalRaised]:
    """What stands for the signal that did not come; its id is that of the run's first event."""
    named: dict[str, str] = {}
    attributes = dict(request.attributes)
    if runbook.target in _NAMED:
        named[_NAMED[runbook.target]] = request.target
    elif runbook.target.startswith(_ATTRIBUTES):
        attributes[runbook.target.removeprefix(_ATTRIBUTES)] = request.target
    elif runbook.target != "subject":
        facts = {"runbook": runbook.id, "path": runbook.target}
        raise Rejected(message("request.no-target", **facts), code="target-not-named")
    is_service = charter.find_service(request.target) is not None
    data = SignalRaised(
        episode=f"request/{request.run}",
        detector="person",
        signal="requested-by-person",
        title=runbook.title,
        severity=Severity.WARNING,
        subject_kind=SubjectKind.SERVICE if is_service else SubjectKind.DEVICE,
        measurement="",
        value=0.0,
        threshold=0.0,
        service=named.get("service", request.target if is_service else ""),
        person=named.get("person", ""),
        site=named.get("site", ""),
        attributes=attributes,
    )
    id = derive_id(request.run, "requested")
    return Event(id=id, source=AUTOMATION_SOURCE, subject=request.target, time=now, data=data)
