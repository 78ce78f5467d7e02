"""Tickets: what people and the desk may do with them, and how they are shown."""
