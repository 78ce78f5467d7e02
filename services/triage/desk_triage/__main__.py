"""`python -m desk_triage` starts the service."""

from desk_platform.launch import launch

launch("triage")
