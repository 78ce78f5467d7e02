"""What automation hears: signals become runs; cleared signals and measurements reach subjects."""

from collections.abc import Callable, Iterable
from typing import cast

from desk_shared.bus import Projection
from desk_shared.events import AnyEvent
from desk_shared.events.names import TELEMETRY
from desk_shared.events.signals import SignalCleared, SignalRaised
from desk_shared.events.telemetry import Measured
from desk_shared.events.topics import known_for
from desk_shared.kernel import Context, Decision
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

    def keys(event: AnyEvent) -> Iterable[str]:
        if not isinstance(event.data, SignalRaised):
            return ()
        raised, rulebook = cast(Raised, event), look()
        heard(raised, rulebook)
        return rulebook.runs(raised)

    def react(run: Run | None, event: AnyEvent, context: Context) -> Decision[Run] | None:
        raised = cast(Raised, event)
        runbook = look().runs(raised).get(context.id)
        if run is not None or runbook is None:
            return None
        decided = matched(runbook, raised, patience, context.now)
        return decided._replace(due=decided.state.wake_at)

    return Projection(documents, keys, react)


def subject_projection(documents: Documents[Subject], look: Look) -> Projection[Subject]:
    """Only what some run may wait for is looked up at all."""

    def keys(event: AnyEvent) -> Iterable[str]:
        data = event.data
        if isinstance(data, Measured):
            return (event.subject,) if data.name in look().measurements else ()
        return (event.subject,) if isinstance(data, SignalCleared) else ()

    def react(
        subject: Subject | None, event: AnyEvent, context: Context
    ) -> Decision[Subject] | None:
        data = event.data
        if isinstance(data, SignalCleared):
            after = subjects.cleared(subject, data.episode)
        elif isinstance(data, Measured):
            sample = Sample(value=data.value, at=event.time, seen_at=context.now)
            after = subjects.measured(subject, data.name, sample)
        else:
            return None
        if after is None:
            return None
        return Decision(after, due=after.due(context.now))

    # An end that is told again later is in the set of ends already.
    return Projection(documents, keys, react, known_for=known_for(TELEMETRY))
