"""Logs, traces and meters of a service; the only package that configures OpenTelemetry."""

from desk_platform.telemetry import names
from desk_platform.telemetry.logs import configure_logs, current_context, get_logger, log_context
from desk_platform.telemetry.meters import Meters
from desk_platform.telemetry.process import watch_event_loop
from desk_platform.telemetry.start import Telemetry, metrics_router, start
from desk_platform.telemetry.traces import (
    current_traceparent,
    describe_operation,
    find_cause,
    format_traceparent,
    is_sampled,
    read_traceparent,
    remote_context,
    trace_id_of,
)

__all__ = [
    "Meters",
    "Telemetry",
    "configure_logs",
    "current_context",
    "current_traceparent",
    "describe_operation",
    "find_cause",
    "format_traceparent",
    "get_logger",
    "is_sampled",
    "log_context",
    "metrics_router",
    "names",
    "read_traceparent",
    "remote_context",
    "start",
    "trace_id_of",
    "watch_event_loop",
]
