"""What a report about a change, or the time that passes, does to the changes of a service."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import exp

from desk_contracts import AnyEvent, Event, derive
from desk_contracts.events.changes import ChangeFinished, ChangeStarted
from desk_contracts.events.signals import ChangeSuspected, SignalRaised
from desk_contracts.message import message
from desk_contracts.names import TRIAGE_SOURCE
from desk_contracts.value_types import SubjectKind
from desk_kernel import Decision, Reducers

from desk_triage.changes.model import Change, EarlyEnd, ServiceChanges, Symptom

MAX_CHANGES = 20
# The signals that a change is compared with: a week, because weeks are alike.
REMEMBERED = timedelta(days=7)
MAX_SYMPTOMS = 300
MAX_EPISODES = 20
LEAST_PAST_DAYS = 1.0
FEWEST_DEVICES = 3
# One change in a hundred is suspected wrongly; that costs a pipeline a look.
CHANCE = 0.01
LONGEST_TITLE = 300


# The changes after one more report; an end without a beginning waits for it, unseen.
follow: Reducers[ServiceChanges | None, [], Decision[ServiceChanges] | None] = Reducers(
    lambda _state, _event: None
)


@follow.on(ChangeStarted)
def _begin(state: ServiceChanges | None, event: Event[ChangeStarted]) -> Decision[ServiceChanges]:
    before, data = state or ServiceChanges(service=event.subject), event.data
    others = [change for change in before.changes if not change.is_of(event.source, data.change)]
    same = next((change for change in before.changes if change not in others), None)
    early = [end for end in before.early_ends if _is_end_of(end, event)]
    begun = Change(
        change=data.change,
        kind=data.kind,
        title=data.title,
        started_at=event.time,
        source=event.source,
        ring=data.ring,
        suspected=same.suspected if same else (),
    )
    # What is begun again, as in the next ring, goes on; what is only read late is over as before.
    if same is not None and same.finished_at is not None and same.finished_at >= event.time:
        begun = begun.model_copy(
            update={"finished_at": same.finished_at, "succeeded": same.succeeded}
        )
    elif early and early[-1].at >= event.time:
        ended = {"finished_at": early[-1].at, "succeeded": early[-1].succeeded}
        begun = begun.model_copy(update=ended)
    changes = sorted((*others, begun), key=lambda change: change.started_at)[-MAX_CHANGES:]
    left = tuple(end for end in before.early_ends if end not in early)
    after = before.model_copy(update={"changes": tuple(changes), "early_ends": left})
    # Two topics have no order: trouble may be heard of before the change that it follows.
    return _suspect(after, sorted({symptom.signal for symptom in after.symptoms}), event)


@follow.on(ChangeFinished)
def _finish(state: ServiceChanges | None, event: Event[ChangeFinished]) -> Decision[ServiceChanges]:
    before, data = state or ServiceChanges(service=event.subject), event.data
    if not any(change.is_of(event.source, data.change) for change in before.changes):
        early = EarlyEnd(
            source=event.source, change=data.change, at=event.time, succeeded=data.succeeded
        )
        ends = (*(item for item in before.early_ends if not _is_end_of(item, event)), early)
        return _decide(before.model_copy(update={"early_ends": ends[-MAX_CHANGES:]}))
    end = {"finished_at": event.time, "succeeded": data.succeeded}
    changes = [
        change.model_copy(update=end) if change.is_of(event.source, data.change) else change
        for change in before.changes
    ]
    return _decide(before.model_copy(update={"changes": tuple(changes)}))


def _is_end_of(end: EarlyEnd, event: Event[ChangeStarted] | Event[ChangeFinished]) -> bool:
    return (end.source, end.change) == (event.source, event.data.change)


@follow.on(SignalRaised)
def _add_symptom(
    state: ServiceChanges | None, event: Event[SignalRaised]
) -> Decision[ServiceChanges]:
    before, data, at = state or ServiceChanges(service=event.data.service), event.data, event.time
    symptom = Symptom(
        signal=data.signal,
        subject=event.subject,
        episode=data.episode,
        at=at,
        is_of_service=data.subject_kind is SubjectKind.SERVICE,
    )
    others = [each for each in before.symptoms if each.episode != data.episode]
    recent = [each for each in (*others, symptom) if at - each.at <= REMEMBERED]
    symptoms = tuple(sorted(recent, key=lambda each: each.at)[-MAX_SYMPTOMS:])
    heard_since = min(at, before.heard_since or at)
    after = before.model_copy(update={"symptoms": symptoms, "heard_since": heard_since})
    return _suspect(after, [data.signal], event)


def _suspect(
    state: ServiceChanges, signals: Iterable[str], cause: AnyEvent
) -> Decision[ServiceChanges]:
    """If there is more of a symptom than usual since a change began, say so: once for each."""
    events: list[AnyEvent] = []
    changes = []
    for change in state.changes:
        after = change
        for signal in signals:
            suspicion = find_suspicion(state, after, signal)
            if suspicion is None:
                continue
            after = after.model_copy(update={"suspected": (*after.suspected, signal)})
            rule = f"suspect/{change.source}/{change.change}/{signal}"
            at = max(change.started_at, cause.time)
            events.append(
                derive(
                    cause, suspicion, source=TRIAGE_SOURCE, subject=state.service, rule=rule, at=at
                )
            )
        changes.append(after)
    return _decide(state.model_copy(update={"changes": tuple(changes)}), *events)


def find_suspicion(state: ServiceChanges, change: Change, signal: str) -> ChangeSuspected | None:
    """What its pipeline is told; None if it was told, or if the trouble is no more than usual.

    The number since the change is compared with the rate of the days before it: a Poisson tail,
    with half a signal added to the past, since none in a short past is not none for ever. Devices
    fail one by one, so that three are the fewest that say anything; a service is one.
    """
    same = [each for each in state.symptoms if each.signal == signal]
    since = [each for each in same if change.is_suspect(each.at)]
    if signal in change.suspected or not since:
        return None
    at = since[-1].at
    subjects = {each.subject for each in since}
    if len(subjects) < FEWEST_DEVICES and not any(each.is_of_service for each in since):
        return None
    past = change.started_at - max(state.heard_since or at, change.started_at - REMEMBERED)
    days = max(past / timedelta(days=1), LEAST_PAST_DAYS)
    earlier = sum(each.at < change.started_at for each in same)
    expected = (earlier + 0.5) / days * ((at - change.started_at) / timedelta(days=1))
    if find_poisson_tail(len(subjects), expected) > CHANCE:
        return None
    why = message(
        "change.suspected", count=len(subjects), signal=signal, ago=at - change.started_at
    )
    return ChangeSuspected(
        change=change.change,
        change_source=change.source,
        kind=change.kind,
        title=change.title[:LONGEST_TITLE],
        ring=change.ring,
        service=state.service,
        signal=signal,
        count=len(subjects),
        expected=expected,
        episodes=tuple(each.episode for each in since[-MAX_EPISODES:]),
        explanation=(why,),
    )


def find_poisson_tail(count: int, expected: float) -> float:
    """The chance of so many or more where so many are expected."""
    term, below = exp(-expected), 0.0
    for number in range(count):
        below += term
        term *= expected / (number + 1)
    return max(0.0, 1.0 - below)


def expire(state: ServiceChanges, now: datetime) -> Decision[ServiceChanges]:
    """Without those that nobody suspects any more."""
    left = tuple(change for change in state.changes if change.suspect_until > now)
    return _decide(state.model_copy(update={"changes": left}))


def _decide(state: ServiceChanges, *events: AnyEvent) -> Decision[ServiceChanges]:
    return Decision(state, events, state.next_expiry)
