"""JSON logs on stdout, one line per event, with trace and correlation ids, never with secrets.

Events are fixed snake_case names with keys: `log.info("ticket_opened", ticket_id=...)`. Lines of
third-party libraries take the same way.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import TextIO, cast

import structlog
from desk_contracts.text import json_text
from opentelemetry import trace
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

_SECRET_KEY = re.compile(
    r"passw(or)?d|secret|token|authorization|api_?key|cookie|credential|private_?key", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"(?P<scheme>://)[^/\s:@]+:[^/\s@]+@|(?P<bearer>\bbearer\s+)[A-Za-z0-9._~+/=-]+", re.IGNORECASE
)
_HIDDEN = "***"
# One variable for all keys: a request sets it once, which is ten times cheaper than one per key.
_NOTHING: Mapping[str, str] = MappingProxyType({})
_context: ContextVar[Mapping[str, str]] = ContextVar("desk_log_context", default=_NOTHING)
# Libraries that say at INFO what the desk says itself, or say it for every request.
_QUIET = ("aiokafka", "faststream", "httpcore", "httpx", "pymongo", "uvicorn.access")
# Libraries that say the same at each try, and for how many seconds one line of it stands.
_REPEATING = frozenset({"aiokafka", "pymongo"})
_REPEATED_AFTER = 10.0
_REPEATED_KINDS = 1_000


def configure_logs(service: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Routes structlog and the standard library to one JSON stream; call once, in `main`."""
    steps = _configure_structlog(service, level, stream)
    _route_standard_library(steps, level, stream or sys.stdout)


def _configure_structlog(service: str, level: str, stream: TextIO | None) -> list[Processor]:
    steps: list[Processor] = [
        _add_context,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        _Named(service),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[*steps, _render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    return steps


def get_logger() -> FilteringBoundLogger:
    """A logger; it takes its settings at the first line it writes."""
    return cast("FilteringBoundLogger", structlog.get_logger())


class log_context:  # noqa: N801  used as a statement: `with log_context(...)`
    """Adds keys to every line written inside; once per batch or request, never per record."""

    __slots__ = ("_keys", "_token")

    def __init__(self, **keys: str) -> None:
        self._keys = keys

    def __enter__(self) -> None:
        self._token = _context.set({**_context.get(), **self._keys})

    def __exit__(self, *_: object) -> None:
        _context.reset(self._token)


def current_context() -> Mapping[str, str]:
    """The keys in force here, such as `correlation_id`."""
    return _context.get()


def hide_secrets(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Values under telling keys, log-in data in addresses and bearer tokens never leave."""
    for key, value in line.items():
        line[key] = _HIDDEN if _SECRET_KEY.search(key) and value is not None else _clean(value)
    return line


def _clean(value: object) -> object:
    if isinstance(value, str):
        return _SECRET_TEXT.sub(_replace, value) if "@" in value or " " in value else value
    if isinstance(value, dict):
        return {
            key: _HIDDEN if _SECRET_KEY.search(str(key)) else _clean(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value


def _replace(match: re.Match[str]) -> str:
    return f"://{_HIDDEN}@" if match["scheme"] else f"{match['bearer']}{_HIDDEN}"


class _Named:
    """Adds the service's name, as OpenTelemetry calls it."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _: WrappedLogger, __: str, line: EventDict) -> EventDict:
        line["service.name"] = self._service
        return line


def _add_context(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    for key, value in _context.get().items():
        line.setdefault(key, value)
    return line


def _add_trace(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """A line that names its trace itself is about one of a batch."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid and "trace_id" not in line:
        line["trace_id"] = format(context.trace_id, "032x")
        line["span_id"] = format(context.span_id, "016x")
    return line


def _add_logger_name(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    line["logger"] = line["_record"].name
    return line


def _render(_: WrappedLogger, __: str, line: EventDict) -> str:
    """`message` is the event's name; what JSON does not know goes out as its text."""
    head = {key: line.pop(key, "") for key in ("timestamp", "level", "service.name")}
    head["message"] = line.pop("event", "")
    return json_text(json.dumps({**head, **line}, default=str, ensure_ascii=False))


class _Seldom(logging.Filter):
    """Of what a library says again and again, one line in ten seconds, with how many were left out.

    A client whose server is away says so at each of its tries, thousands of times an hour.
    """

    def __init__(self) -> None:
        super().__init__()
        self._written: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in _REPEATING:
            return True
        key = (record.name, str(record.msg))
        at, left_out = self._written.get(key, (-_REPEATED_AFTER, 0))
        if record.created - at < _REPEATED_AFTER:
            self._written[key] = (at, left_out + 1)
            return False
        if len(self._written) >= _REPEATED_KINDS:
            self._written.clear()
        self._written[key] = (record.created, 0)
        if left_out:
            record.msg = f"{record.msg} (and {left_out} more such lines before)"
        return True


def _route_standard_library(steps: list[Processor], level: str, out: TextIO) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_add_logger_name, *steps],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    handler.addFilter(_Seldom())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in (*_QUIET, "uvicorn", "uvicorn.error"):
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True
        library.setLevel(logging.WARNING if name in _QUIET else logging.NOTSET)


# Until `configure_logs` is called (tests, tools) lines are plain JSON as well: structlog's own
# default prints the variables of every frame of a traceback, secrets and all, and takes seconds.
_configure_structlog("desk", "INFO", None)
