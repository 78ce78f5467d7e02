"""Hands every report of trouble, and the signals of services, to the one problem register.

Tickets are decided in all partitions, by all replicas; what they report meets in one partition of
a topic of triage's own, so the register has one order, and one replica that keeps it.
"""

from collections.abc import Iterable
from dataclasses import replace

from desk_contracts import AnyEvent, Event, derive
from desk_contracts.events.automation import (
    FixRepeated,
    RunbookResumed,
    RunbookStopped,
    StopKind,
)
from desk_contracts.events.breakers import RunbookMatchesWithheld
from desk_contracts.events.signals import SignalCleared, SignalDropped, SignalRaised
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.events.trouble import (
    EvidenceChanged,
    RepeatedFixReported,
    StopReported,
    TroubleReported,
)
from desk_contracts.ids import derive_id
from desk_contracts.names import TROUBLE
from desk_contracts.topics import identity_retention
from desk_contracts.value_types import SubjectKind
from desk_kernel import Context, Decision, Readings, Reducers
from desk_platform.kafka import Projection
from desk_platform.store import Documents
from desk_platform.store.document import S

from desk_triage.adapters.encoders.meanings import EncodedMeanings
from desk_triage.changes.worker import Inputs
from desk_triage.problems import decide, repeats, stops
from desk_triage.problems.counting import Counts
from desk_triage.problems.joining import Desk
from desk_triage.problems.model import REGISTER, ProblemRegister, RepeatedFix, StoppedRunbook
from desk_triage.problems.terms import read_words
from desk_triage.routing.model import SOURCE, Ticket
from desk_triage.routing.model import TROUBLE as TROUBLE_KINDS

_Report = Reducers[StoppedRunbook | None, [], Decision[StoppedRunbook] | None]
_Gather = Reducers[ProblemRegister | None, [Desk], Decision[ProblemRegister] | None]


def register_projection(
    documents: Documents[ProblemRegister],
    inputs: Inputs,
    meanings: EncodedMeanings | None = None,
) -> Projection[ProblemRegister]:
    """The register of all reports, and the problems on it."""
    gather, counts = _gatherer(), Counts()

    def desk() -> Desk:
        return Desk(inputs.charter(), inputs.snapshot(), counts, meanings)

    def keys(event: AnyEvent) -> Iterable[str]:
        return (REGISTER,) if event.data.TOPIC == TROUBLE else ()

    def react(
        state: ProblemRegister | None, event: AnyEvent, context: Context
    ) -> Decision[ProblemRegister] | None:
        made = desk()
        decision = gather(state, event, made)
        if decision is None:
            return None
        if context.more and any(problem.joining for problem in decision.state.problems):
            # The batch's last report tells of all that joined; should it fail, a timer does.
            return decision._replace(due=context.now)
        return decide.emit_joined(decision, event.time, made, event.id)

    def on_timer(
        state: ProblemRegister | None, context: Context
    ) -> Decision[ProblemRegister] | None:
        return None if state is None else decide.end_if_quiet(state, context.now, desk())

    return Projection(
        documents,
        keys,
        react,
        on_timer,
        known_for=identity_retention(TROUBLE),
        prepare=meanings.prepare if meanings else None,
    )


def fix_projection(documents: Documents[RepeatedFix]) -> Projection[RepeatedFix]:
    """Each fix that automation needs too often is reported to the register, once."""
    keys: Readings[Iterable[str]] = Readings(())
    react: Reducers[RepeatedFix | None, [], Decision[RepeatedFix] | None] = Reducers(
        lambda _fix, _event: None
    )

    @keys.on(FixRepeated)
    def find_fix(event: Event[FixRepeated]) -> Iterable[str]:
        return (derive_id(event.data.runbook, f"fix/{event.data.target}"),)

    @react.on(FixRepeated)
    def report_fix(
        fix: RepeatedFix | None, event: Event[FixRepeated]
    ) -> Decision[RepeatedFix] | None:
        data, reports = event.data, 0 if fix is None else fix.reports
        if data.number <= reports:
            return None
        named = RepeatedFixReported.model_fields
        report = RepeatedFixReported.model_validate(data.model_dump(include=set(named)))
        shown = derive(event, report, source=SOURCE, subject=REGISTER, rule="fix", at=event.time)
        return Decision(RepeatedFix(reports=data.number), (shown,))

    return Projection(documents, keys, lambda fix, event, _context: react(fix, event))


def stop_projection(documents: Documents[StoppedRunbook]) -> Projection[StoppedRunbook]:
    """Each stop of a runbook, what it withholds, and that it goes on, is reported to the register,
    once."""
    keys: Readings[Iterable[str]] = Readings(())
    react = _stop_reporter()

    @keys.on(RunbookStopped, RunbookResumed, RunbookMatchesWithheld)
    def find_runbook(
        event: Event[RunbookStopped | RunbookResumed | RunbookMatchesWithheld],
    ) -> Iterable[str]:
        # A breaker knows nothing of rings and fleets.
        kind = getattr(event.data, "kind", StopKind.BREAKER)
        is_breaker = kind is StopKind.BREAKER
        return (derive_id(event.data.runbook, "breaker" if is_breaker else "stop"),)

    return Projection(documents, keys, lambda stop, event, _context: react(stop, event))


def report_tickets(tickets: Projection[Ticket]) -> Projection[Ticket]:
    """The same, and each ticket that is opened for trouble is reported to the register."""

    def react(state: Ticket | None, event: AnyEvent, context: Context) -> Decision[Ticket] | None:
        decision = tickets.react(state, event, context)
        if decision is None or state is not None or not isinstance(event.data, TicketOpened):
            return decision
        if event.data.kind not in TROUBLE_KINDS:
            return decision
        report = _report(event, event.data, decision.state)
        return decision._replace(events=(*decision.events, report))

    return replace(tickets, react=react)


def report_signals(subjects: Projection[S]) -> Projection[S]:
    """The same, and each signal of a service itself is shown to the register."""

    def add(decision: Decision[S] | None) -> Decision[S] | None:
        if decision is None:
            return None
        shown = [made for event in decision.events if (made := _show(event))]
        return decision._replace(events=(*decision.events, *shown))

    def react(state: S | None, event: AnyEvent, context: Context) -> Decision[S] | None:
        return add(subjects.react(state, event, context))

    def on_timer(state: S | None, context: Context) -> Decision[S] | None:
        return add(subjects.on_timer(state, context)) if subjects.on_timer else None

    return replace(subjects, react=react, on_timer=on_timer)


def _report(event: AnyEvent, opened: TicketOpened, ticket: Ticket) -> AnyEvent:
    report = TroubleReported(
        ticket=event.subject,
        person=opened.requester,
        reported_at=min(opened.requested_at or event.time, event.time),
        service=ticket.decision.service,
        category=ticket.decision.category,
        words=read_words(opened.title, opened.description),
    )
    return derive(event, report, source=SOURCE, subject=REGISTER, rule="report", at=event.time)


def _report_stop(event: AnyEvent, stopped: RunbookStopped) -> AnyEvent:
    report = StopReported(
        runbook=stopped.runbook,
        title=stopped.title,
        team=stopped.team,
        kind=stopped.kind,
        stopped_at=event.time,
        explanation=stopped.explanation,
        targets=stopped.targets,
        target_count=max(len(stopped.targets), stopped.target_count or 0),
        waiting=stopped.waiting,
    )
    return derive(event, report, source=SOURCE, subject=REGISTER, rule="stop", at=event.time)


def _report_withheld(
    event: AnyEvent, withheld: RunbookMatchesWithheld, stop: StoppedRunbook
) -> AnyEvent:
    report = StopReported(
        runbook=withheld.runbook,
        title=withheld.title,
        team=withheld.team,
        kind=StopKind.BREAKER,
        stopped_at=stop.stopped_at,
        resumed_at=stop.resumed_at,
        target_count=withheld.failures,
        withheld=stop.withheld,
        withheld_at=withheld.targets,
    )
    return derive(event, report, source=SOURCE, subject=REGISTER, rule="stop", at=event.time)


def _report_end(event: AnyEvent, resumed: RunbookResumed, stop: StoppedRunbook) -> AnyEvent:
    report = StopReported(
        runbook=resumed.runbook,
        title=resumed.title,
        kind=resumed.kind,
        stopped_at=stop.stopped_at,
        resumed_at=event.time,
        withheld=stop.withheld,
        withheld_at=resumed.targets,
    )
    return derive(event, report, source=SOURCE, subject=REGISTER, rule="stop", at=event.time)


# A signal of a service itself as evidence; None for everything else.
_show: Readings[AnyEvent | None] = Readings(None)


@_show.on(SignalRaised, SignalCleared, SignalDropped)
def _show_signal(event: Event[SignalRaised | SignalCleared | SignalDropped]) -> AnyEvent | None:
    data = event.data
    if data.subject_kind is not SubjectKind.SERVICE or not data.service:
        return None
    is_open = data.TYPE == SignalRaised.TYPE
    shown = EvidenceChanged(
        episode=data.episode,
        service=data.service,
        title=getattr(data, "title", "") if is_open else "",
        is_open=is_open,
        is_unknown=data.TYPE == SignalDropped.TYPE,
    )
    return derive(event, shown, source=SOURCE, subject=REGISTER, rule="evidence", at=event.time)


def _gatherer() -> _Gather:
    gather: _Gather = Reducers(lambda _state, _event, _desk: None)

    @gather.on(TroubleReported)
    def add_report(
        state: ProblemRegister | None, event: Event[TroubleReported], desk: Desk
    ) -> Decision[ProblemRegister]:
        return decide.add_report(state, event, desk)

    @gather.on(EvidenceChanged)
    def change_evidence(
        state: ProblemRegister | None, event: Event[EvidenceChanged], desk: Desk
    ) -> Decision[ProblemRegister] | None:
        change = decide.add_signal if event.data.is_open else decide.remove_signal
        return change(state, event, desk)

    @gather.on(RepeatedFixReported)
    def add_repeated(
        state: ProblemRegister | None, event: Event[RepeatedFixReported], desk: Desk
    ) -> Decision[ProblemRegister] | None:
        return repeats.add_repeated(state, event, desk)

    @gather.on(StopReported)
    def add_stop(
        state: ProblemRegister | None, event: Event[StopReported], desk: Desk
    ) -> Decision[ProblemRegister] | None:
        return stops.add_stop(state, event, desk)

    return gather


def _stop_reporter() -> _Report:
    react: _Report = Reducers(lambda _stop, _event: None)

    @react.on(RunbookStopped)
    def report_stop(
        stop: StoppedRunbook | None, event: Event[RunbookStopped]
    ) -> Decision[StoppedRunbook] | None:
        if stop is not None and event.time <= stop.stopped_at:
            return None
        return Decision(StoppedRunbook(stopped_at=event.time), (_report_stop(event, event.data),))

    @react.on(RunbookResumed)
    def report_end(
        stop: StoppedRunbook | None, event: Event[RunbookResumed]
    ) -> Decision[StoppedRunbook] | None:
        data = event.data
        if stop is None or stop.resumed_at is not None or data.stopped_at < stop.stopped_at:
            return None
        withheld = max(stop.withheld, data.withheld)
        after = stop.model_copy(update={"resumed_at": event.time, "withheld": withheld})
        return Decision(after, (_report_end(event, data, after),))

    @react.on(RunbookMatchesWithheld)
    def report_withheld(
        stop: StoppedRunbook | None, event: Event[RunbookMatchesWithheld]
    ) -> Decision[StoppedRunbook] | None:
        data = event.data
        if stop is None or data.stopped_at != stop.stopped_at or data.count <= stop.withheld:
            return None
        after = stop.model_copy(update={"withheld": data.count})
        return Decision(after, (_report_withheld(event, data, after),))

    return react
