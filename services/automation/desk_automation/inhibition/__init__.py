"""Signals that hold runbooks back while they are open."""
