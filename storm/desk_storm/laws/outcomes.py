"""Outcomes: what is said of a repair, against the target's own book and what was measured."""

from collections.abc import Iterator
from datetime import timedelta

from desk_contracts.events.automation import (
    Outcome,
    RunEscalated,
    RunHealed,
    RunSkipped,
    RunStepRecorded,
    StepStatus,
)
from desk_contracts.events.signals import SignalCleared
from desk_contracts.events.telemetry import Measured
from desk_contracts.message import Message

from desk_storm.books import Act
from desk_storm.history import History
from desk_storm.laws.acts import by_key, is_taken, is_unknown
from desk_storm.laws.law import Finding, law

# Between an act's end in the target's book and in the desk's, and for what is late on its way.
_ROOM = timedelta(seconds=2)
_DOUBTS = frozenset({"run.in-doubt", "run.step-in-doubt", "run.a-step-in-doubt"})
# All clocks here are one machine's, but a record's time is cut to milliseconds.
_PRECISION = timedelta(milliseconds=2)


@law
def skipped_means_never_sent(history: History) -> Iterator[Finding]:
    """A run that was skipped sent nothing, ever."""
    for item in history.of(RunSkipped):
        run = item.event.data.run
        sent = [act for act in history.acts.get(run, []) if run and not act.is_question]
        if sent:
            yield run, f"is told as skipped; {sent[0].target} received it at {sent[0].at}"


@law
def not_run_means_no_effect(history: History) -> Iterator[Finding]:
    """Where nothing is said to have been done, nothing was done."""
    for item in history.of(RunEscalated):
        run = item.event.data.run
        if item.event.data.outcome is not Outcome.NOT_RUN:
            continue
        for act in history.acts.get(run, []):
            if act.effect and act.at < item.event.time:
                yield run, f"is told as not run; {act.target} was changed at {act.effect_at}"
                break


@law
def unknown_is_in_doubt(history: History) -> Iterator[Finding]:
    """While nobody knows what one try did, that is what is said."""
    for item in history.of(RunEscalated):
        data = item.event.data
        if data.outcome is Outcome.IN_DOUBT:
            continue
        acts = [act for act in history.acts.get(data.run, []) if act.at < item.event.time]
        for sent in by_key(acts).values():
            doubtful = _unsettled(history, sent, acts)
            if doubtful is not None:
                text = f"is told as {data.outcome}, though what {doubtful.path} did at"
                yield data.run, f"{text} {doubtful.at} is not known ({doubtful.answer})"


def _unsettled(history: History, sent: list[Act], acts: list[Act]) -> Act | None:
    step = history.step(sent[0])
    if step is not None and step.effect == "pure":
        return None
    for act in sent:
        is_settled = any(
            later.at > act.at and (is_taken(later) or later.is_question)
            for later in (*sent, *(item for item in acts if item.is_question))
        )
        if is_unknown(act) and not is_settled:
            return act
    return None


def codes_in(content: Message) -> set[str]:
    """The code of a message and of those within it."""
    inner = (message for value in content.params.values() for message in _messages(value))
    return {content.code}.union(*map(codes_in, inner))


def _messages(value: object) -> list[Message]:
    values = value if isinstance(value, tuple) else (value,)
    return [item for item in values if isinstance(item, Message)]


@law
def doubt_is_in_words(history: History) -> Iterator[Finding]:
    """Who gets a run in doubt reads that it is."""
    for item in history.of(RunEscalated):
        data = item.event.data
        if data.outcome is Outcome.IN_DOUBT and not codes_in(data.reason) & _DOUBTS:
            yield data.run, f"is in doubt, and the reason does not say so: {data.reason}"


@law
def done_means_received(history: History) -> Iterator[Finding]:
    """A step that is told as done was received by its target."""
    acting = {(s.runbook, s.step) for charter in history.books.charters for s in charter.steps}
    for item in history.of(RunStepRecorded):
        data = item.event.data
        if data.status is not StepStatus.DONE or (data.runbook, data.step) not in acting:
            continue
        received = history.acts.get(data.run, [])
        if not any(is_taken(act) for act in received):
            yield data.run, f"{data.step} is told as done; no target said yes to it"


@law
def healed_means_effect(history: History) -> Iterator[Finding]:
    """A cure needs an act that changed something, or telemetry that took the signal back."""
    cleared = {item.event.data.episode for item in history.of(SignalCleared)}
    for item in history.of(RunHealed):
        run = item.event.data.run
        changed = any(act.effect for act in history.acts.get(run, []))
        if not changed and item.event.data.episode not in cleared:
            yield run, "is told as healed; no target was changed and the signal goes on"


@law
def healed_means_measured(history: History) -> Iterator[Finding]:
    """A cure is told only by what was measured after the act."""
    for item in history.of(RunHealed):
        acts = [a for a in history.acts.get(item.event.data.run, []) if not a.is_question]
        since = min((act.at for act in acts), default=history.books.began)
        subject = item.event.subject
        if not any(
            sent.at > since and sent.at <= item.arrived_at + _PRECISION
            for sent in history.books.sent
            if sent.event.subject == subject and isinstance(sent.event.data, Measured)
        ):
            yield item.event.data.run, f"is told as healed; nothing of {subject} came after {since}"


@law
def nobody_can_tell_means_not_measured(history: History) -> Iterator[Finding]:
    """`inconclusive` for want of telemetry is said only where telemetry was really wanting."""
    for item in history.of(RunEscalated):
        data, run = item.event.data, item.event.data.run
        verify = history.verify(data.runbook, item.event.time)
        acts = [act for act in history.acts.get(run, []) if is_taken(act) and act.ended_at]
        is_said = "run.cannot-tell" in codes_in(data.reason)
        if not is_said or verify is None or not acts:
            continue
        since = max(act.ended_at for act in acts if act.ended_at) + _ROOM
        until = since + verify.within - 2 * _ROOM
        heard = [
            measured
            for measured in history.of(Measured)
            if measured.event.subject == item.event.subject
            and measured.event.data.name == verify.measurement
            and since < measured.event.time < until
            and since < measured.arrived_at < until
        ]
        if len(heard) >= verify.samples:
            first = heard[0]
            text = f"{first.event.data.name} was {first.event.data.value:g} at {first.event.time}"
            yield run, f"nobody can tell, it is said; {text}"


LAWS = (
    skipped_means_never_sent,
    not_run_means_no_effect,
    unknown_is_in_doubt,
    doubt_is_in_words,
    done_means_received,
    healed_means_effect,
    healed_means_measured,
    nobody_can_tell_means_not_measured,
)
