"""What triage looked at, as `GET /v1/why` tells it."""

from collections.abc import Iterable

from desk_shared.charter import Charter
from desk_shared.events import AnyEvent, Event
from desk_shared.events.message import message
from desk_shared.events.telemetry import AlertFired, Measured
from desk_shared.events.tickets import TicketOpened
from desk_shared.lookout import Consideration, Lookout

from desk_triage.domain.looking import look_of
from desk_triage.domain.subjects import Considered

UNWATCHED, UNKNOWN_SERVICE = "unwatched-measurement", "unknown-service"


def note_looks(
    lookout: Lookout, event: Event[Measured], considered: Iterable[Considered], charter: Charter
) -> None:
    """What each detector made of a measurement."""
    for one in considered:
        look = look_of(one)
        name = one.detector.id
        noted = Consideration("detector", name, event.time, *look, service=event.data.service)
        lookout.note(event.subject, noted)
    _note_service(lookout, event, event.data.service, charter)


def note_unwatched(lookout: Lookout, event: AnyEvent, data: Measured) -> None:
    """Nobody watches it: most often on purpose, sometimes since its name is misspelled."""
    lookout.unheeded(UNWATCHED, data.name, event.subject, event.time, data.service)
    said = message("detector.unwatched")
    look = Consideration("measurement", data.name, event.time, "unwatched", said)
    look = look._replace(service=data.service)
    lookout.note(event.subject, look)


def note_alert(lookout: Lookout, event: Event[AlertFired], charter: Charter) -> None:
    """An alert's service may be one that nobody has written down."""
    _note_service(lookout, event, event.data.service, charter)


def note_ticket(lookout: Lookout, event: Event[TicketOpened], charter: Charter) -> None:
    """A ticket may name a service that nobody has written down."""
    _note_service(lookout, event, event.data.service, charter)


def _note_service(lookout: Lookout, event: AnyEvent, service: str, charter: Charter) -> None:
    if not service or charter.service_called(service) is not None:
        return
    lookout.unheeded(UNKNOWN_SERVICE, service, event.subject, event.time)
    said = message("detector.unknown-service")
    look = Consideration("service", service, event.time, "unknown", said, service=service)
    lookout.note(event.subject, look)
