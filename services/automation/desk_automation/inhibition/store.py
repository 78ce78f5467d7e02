"""How open signals are kept: only those that some runbook of the charter in force names."""

from collections.abc import Callable, Collection, Iterable

from desk_contracts import AnyEvent
from desk_contracts.events.signals import SignalCleared, SignalDropped, SignalRaised
from desk_contracts.names import SIGNALS
from desk_contracts.topics import identity_retention
from desk_kernel import Context, Decision, Readings
from desk_platform.kafka import Projection
from desk_platform.store import Documents, Schema

from desk_automation.inhibition.decide import SignalReport, follow, keys_of
from desk_automation.inhibition.model import OpenSignals

OPEN_SIGNALS = Schema(
    collection="open-signals",
    model=OpenSignals,
    kept="one for each device or service",
)


def project_open_signals(
    documents: Documents[OpenSignals], inhibitors: Callable[[], Collection[str]]
) -> Projection[OpenSignals]:
    """Signals that nobody asks for are not written down."""

    keys: Readings[Iterable[str]] = Readings(())

    @keys.on(SignalRaised, SignalCleared, SignalDropped)
    def find_places(event: SignalReport) -> Iterable[str]:
        return keys_of(event) if event.data.signal in inhibitors() else ()

    def react(
        state: OpenSignals | None, event: AnyEvent, _context: Context
    ) -> Decision[OpenSignals] | None:
        after = follow(state, event)
        return None if after is None else Decision(after)

    # An end that is delivered again later is in the set of ends already.
    return Projection(documents, keys, react, known_for=identity_retention(SIGNALS))
