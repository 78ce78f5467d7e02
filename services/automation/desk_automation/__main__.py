"""`python -m desk_automation` starts the service."""

from desk_platform.launch import launch

launch("automation")
