"""Ticket history of other systems: export files in, events of `desk.tickets` and reports out."""
