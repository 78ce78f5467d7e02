"""Mail to the desk: what opens a ticket, what lands on one, and what is never answered."""
