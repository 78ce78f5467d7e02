"""`python -m desk_intake` starts the service."""

from desk_platform.launch import launch

launch("intake")
