"""What automation hears: signals become runs; cleared signals and measurements reach subjects."""

from collections.abc import Callable, Iterable

from desk_shared.bus import Projection
from desk_shared.events import AnyEvent, Event
from desk_shared.events.names import TELEMETRY
from desk_shared.events.signals import SignalCleared, SignalRaised
from desk_shared.events.telemetry import Measured
from desk_shared.events.topics import known_for
from desk_shared.kernel import Context, Decision, Readings, Reducers
from desk_shared.store import Documents

from desk_automation.domain import subjects
from desk_automation.domain.matching import Patience, Raised, matched
from desk_automation.domain.model import Run, Sample
from desk_automation.domain.subjects import Subject
from desk_automation.rulebook import Rulebook

Look = Callable[[], Rulebook]
Heard = Callable[[Raised, Rulebook], None]


def _unheard(_event: Raised, _rulebook: Rulebook) -> None:
    """Nobody asks why."""


def run_projection(
    documents: Documents[Run], look: Look, patience: Patience, heard: Heard = _unheard
) -> Projection[Run]:
    """Every matching runbook gets one run; that the run exists is what is committed."""

    keys: Readings[Iterable[str]] = Readings(())
    react: Reducers[Run | None, [Context], Decision[Run] | None] = Reducers(
        lambda _run, _event, _context: None
    )

    @keys.on(SignalRaised)
    def matching_runs(event: Raised) -> Iterable[str]:
        rulebook = look()
        heard(event, rulebook)
        return rulebook.runs(event)

    @react.on(SignalRaised)
    def match_runbook(run: Run | None, event: Raised, context: Context) -> Decision[Run] | None:
        runbook = look().runs(event).get(context.id)
        if run is not None or runbook is None:
            return None
        decided = matched(runbook, event, patience, context.now)
        return decided._replace(due=decided.state.wake_at)

    return Projection(documents, keys, react)


def subject_projection(documents: Documents[Subject], look: Look) -> Projection[Subject]:
    """Only what some run may wait for is looked up at all."""

    keys: Readings[Iterable[str]] = Readings(())

    @keys.on(Measured)
    def measured_subject(event: Event[Measured]) -> Iterable[str]:
        return (event.subject,) if event.data.name in look().measurements else ()

    @keys.on(SignalCleared)
    def cleared_subject(event: Event[SignalCleared]) -> Iterable[str]:
        return (event.subject,)

    def react(
        subject: Subject | None, event: AnyEvent, context: Context
    ) -> Decision[Subject] | None:
        after = _follow(subject, event, context)
        return None if after is None else Decision(after, due=after.due(context.now))

    # An end that is told again later is in the set of ends already.
    return Projection(documents, keys, react, known_for=known_for(TELEMETRY))


_follow: Reducers[Subject | None, [Context], Subject | None] = Reducers(
    lambda _subject, _event, _context: None
)


@_follow.on(SignalCleared)
def _clear(
    subject: Subject | None, event: Event[SignalCleared], _context: Context
) -> Subject | None:
    return subjects.cleared(subject, event.data.episode)


@_follow.on(Measured)
def _measure(subject: Subject | None, event: Event[Measured], context: Context) -> Subject | None:
    sample = Sample(value=event.data.value, at=event.time, seen_at=context.now)
    return subjects.measured(subject, event.data.name, sample)
