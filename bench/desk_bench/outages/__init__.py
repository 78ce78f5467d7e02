"""Outages in a stream of tickets, made by seed, and how many of them triage finds."""
