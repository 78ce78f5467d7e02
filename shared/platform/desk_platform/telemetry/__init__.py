"""Logs, traces and meters of a service; the only package that configures OpenTelemetry."""

from desk_platform.telemetry import names
from desk_platform.telemetry.logs import configure_logs, current_context, get_logger, log_context
from desk_platform.telemetry.meters import Meters
from desk_platform.telemetry.start import Telemetry, metrics_router, start
from desk_platform.telemetry.traces import (
    current_traceparent,
    format_traceparent,
    read_traceparent,
    remote_context,
)

__all__ = [
    "Meters",
    "Telemetry",
    "configure_logs",
    "current_context",
    "current_traceparent",
    "format_traceparent",
    "get_logger",
    "log_context",
    "metrics_router",
    "names",
    "read_traceparent",
    "remote_context",
    "start",
]
