"""Patterns of events over time: what a window remembers, and when it is a match."""
