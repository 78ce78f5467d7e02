"""Which open signal holds a run back. Pure.

A signal whose watcher has gone holds nothing back: whether it is over is not known, and nobody
would ever tell its end. What it held back is looked at again by fresh measurements.
"""

from collections.abc import Collection, Iterable

from desk_contracts import Event
from desk_contracts.events.signals import SignalCleared, SignalDropped, SignalRaised
from desk_contracts.message import Message, message
from desk_contracts.value_types import SubjectKind
from desk_kernel import Reducers

from desk_automation.inhibition.model import OpenSignal, OpenSignals

# More than triage holds open of one subject.
MAX_OPEN = MAX_ENDED = 1_000
SignalReport = Event[SignalRaised] | Event[SignalCleared] | Event[SignalDropped]


def key_of_subject(subject: str) -> str:
    """The document of a device or of whatever has that name."""
    return f"subject/{subject}"


def key_of_service(service: str) -> str:
    """The document of signals that are of the service as a whole."""
    return f"service/{service}"


def keys_of(event: SignalReport) -> tuple[str, ...]:
    """Where the signal counts: at its subject, and at its service if it is of that as a whole."""
    data = event.data
    is_of_service = data.subject_kind is SubjectKind.SERVICE and bool(data.service)
    at_service = (key_of_service(data.service),) if is_of_service else ()
    return (key_of_subject(event.subject), *at_service)


def find_inhibitor(
    open_now: Iterable[OpenSignal], signals: Collection[str], episode: str
) -> OpenSignal | None:
    """The first that was raised of those named; never the trouble that is to be repaired."""
    inhibitors = (
        signal for signal in open_now if signal.signal in signals and signal.episode != episode
    )
    return min(inhibitors, key=lambda signal: (signal.since, signal.episode), default=None)


def describe_inhibitor(inhibitor: OpenSignal) -> Message:
    """Why nothing is done now."""
    return message(
        "refusal.inhibited",
        signal=inhibitor.signal,
        subject=inhibitor.subject,
        since=inhibitor.since,
    )


follow: Reducers[OpenSignals | None, [], OpenSignals | None] = Reducers(lambda _state, _event: None)


@follow.on(SignalRaised)
def _open(state: OpenSignals | None, event: Event[SignalRaised]) -> OpenSignals | None:
    before, data = state or OpenSignals(), event.data
    is_known = any(signal.episode == data.episode for signal in before.open)
    if is_known or data.episode in before.ended:
        return None
    signal = OpenSignal(
        episode=data.episode, signal=data.signal, subject=event.subject, since=event.time
    )
    return before.model_copy(update={"open": (*before.open, signal)[-MAX_OPEN:]})


@follow.on(SignalCleared, SignalDropped)
def _end(state: OpenSignals | None, event: SignalReport) -> OpenSignals | None:
    """Remembered also where it is heard before the beginning."""
    before, episode = state or OpenSignals(), event.data.episode
    if episode in before.ended:
        return None
    left = tuple(signal for signal in before.open if signal.episode != episode)
    return OpenSignals(open=left, ended=(*before.ended, episode)[-MAX_ENDED:])
