"""How subjects are kept, and which events reach them."""

from collections.abc import Callable, Iterable
from datetime import datetime

from desk_contracts import AnyEvent, Event
from desk_contracts.events.fulfilment import TicketFulfilmentWithdrawn
from desk_contracts.events.signals import SignalCleared
from desk_contracts.events.telemetry import Measured
from desk_contracts.names import TELEMETRY
from desk_contracts.topics import identity_retention
from desk_kernel import Context, Decision, Readings
from desk_platform.kafka import Projection
from desk_platform.kafka.unit_of_work import Rule
from desk_platform.store import Documents, Schema

from desk_automation.verification.decide import follow
from desk_automation.verification.model import Subject

SUBJECTS = Schema(
    collection="subjects",
    model=Subject,
    remembered=500,
    kept="one for each device or service that was watched",
)


def subject_projection(
    documents: Documents[Subject], measurements: Callable[[], frozenset[str]]
) -> Projection[Subject]:
    """Only subjects with a measurement that some run may wait for are looked up at all."""

    keys: Readings[Iterable[str]] = Readings(())

    @keys.on(Measured)
    def find_measured_subject(event: Event[Measured]) -> Iterable[str]:
        return (event.subject,) if event.data.name in measurements() else ()

    @keys.on(SignalCleared)
    def find_cleared_subject(event: Event[SignalCleared]) -> Iterable[str]:
        return (event.subject,)

    @keys.on(TicketFulfilmentWithdrawn)
    def find_withdrawn_subject(event: Event[TicketFulfilmentWithdrawn]) -> Iterable[str]:
        return (event.data.device or event.data.service or event.subject,)

    def react(
        subject: Subject | None, event: AnyEvent, context: Context
    ) -> Decision[Subject] | None:
        return _schedule(follow(subject, event, context), context)

    # An end that is delivered again later is in the set of ends already.
    return Projection(documents, keys, react, known_for=identity_retention(TELEMETRY))


def subject_rule(
    decide: Callable[[Subject | None, datetime], Subject | None],
) -> Rule[Subject]:
    """A change of a subject from outside the event stream, with its next due time."""

    def rule(subject: Subject | None, context: Context) -> Decision[Subject] | None:
        return _schedule(decide(subject, context.now), context)

    return rule


def _schedule(subject: Subject | None, context: Context) -> Decision[Subject] | None:
    """A subject with updates is due at once, one with a window at the window's end."""
    return None if subject is None else Decision(subject, due=subject.due(context.now))
