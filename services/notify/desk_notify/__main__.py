"""`python -m desk_notify` starts the service."""

from desk_platform.launch import launch

launch("notify")
