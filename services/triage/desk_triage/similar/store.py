"""How the latest tickets of people are stored: found by the person alone."""

from desk_platform.store import Schema

from desk_triage.similar.model import PersonTickets

PERSON_TICKETS = Schema("person-tickets", PersonTickets)
