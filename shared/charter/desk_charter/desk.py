"""How a service obeys the charter: what its table names, and the builder it is composed with."""

from collections.abc import Callable, Sequence
from typing import Any

from desk_platform.builder import ServiceBuilder
from desk_platform.clock import Clock
from desk_platform.settings import ServiceSettings
from desk_platform.telemetry import get_logger

from desk_charter.problems import Check
from desk_charter.sections import Section
from desk_charter.watch import CharterSource

log = get_logger()

# A builder whose `charter` is the organisation's.
Desk = ServiceBuilder[CharterSource]


def obey_charter(
    *obeyed: Section[Any], checks: Sequence[Check] = ()
) -> Callable[[ServiceSettings, Clock], CharterSource]:
    """The charter that the settings name: the organisation, and the sections that features obey.

    Only those publish to a service whom the charter knows, unless its settings accept others.
    """

    def open_charter(settings: ServiceSettings, clock: Clock) -> CharterSource:
        accepts = settings.accepts_unknown_sources
        source = CharterSource(
            settings.charter, clock, obeyed=obeyed, checks=checks, accepts_unknown=accepts
        )
        if not (accepts or source.current.sources):
            log.warning("nobody_may_publish", why="the charter's sources.yaml lists no system")
        return source

    return open_charter
