"""`python -m desk_metrics` starts the service."""

from desk_platform.launch import launch

launch("metrics")
