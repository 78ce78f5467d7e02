"""SLAs of a ticket: which apply, what becomes of them, and why; no other feature is known here."""
