"""Spans where nothing is recorded: they have ids, which logs and events carry on, and no more."""

from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    TraceFlags,
    get_current_span,
)

_IDS, _RANDOM = RandomIdGenerator(), TraceFlags(TraceFlags.RANDOM_TRACE_ID)


class UnrecordedTracer(NoOpTracer):
    """Takes the place of a tracer whose provider has nobody to send to.

    That one asks its sampler and makes what it would record of a trace that others record.
    """

    def start_span(
        self,
        name: str,  # noqa: ARG002 (whom nobody sees)
        context: Context | None = None,
        *_args: Any,
        **_kwargs: Any,
    ) -> Span:
        """A span of the trace that is in the context, with its flags; else of a new trace."""
        parent, span_id = get_current_span(context).get_span_context(), _IDS.generate_span_id()
        if not parent.is_valid:
            return NonRecordingSpan(SpanContext(_IDS.generate_trace_id(), span_id, False, _RANDOM))
        flags, state = parent.trace_flags, parent.trace_state
        return NonRecordingSpan(SpanContext(parent.trace_id, span_id, False, flags, state))
