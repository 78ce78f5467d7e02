"""The sections that every service obeys: who is there, what they use, and how work finds them."""

from typing import Any, Final

from desk_charter.calendar_checks import CALENDARS
from desk_charter.people import TEAMS
from desk_charter.routing_checks import ROUTING
from desk_charter.sections import Section
from desk_charter.services import SERVICES
from desk_charter.source_checks import SOURCES

ORGANISATION: Final[tuple[Section[Any], ...]] = (TEAMS, SERVICES, CALENDARS, ROUTING, SOURCES)
