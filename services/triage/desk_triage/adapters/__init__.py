"""Kinds of the ports of triage."""
