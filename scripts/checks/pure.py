"""`pure`: what decides has no bus, web, store or operating system; time, chance and ids come in.

Pure is every module of a feature but those of `room.EFFECTS`.
"""

import ast
from collections.abc import Iterator

from scripts.checks.room import is_pure
from scripts.checks.source import Finding, Source, dotted

NAME = "pure"

# On whatever object they are called: a clock that was passed in is impure just the same.
_METHODS = {"now", "utcnow", "today", "uuid1", "uuid4", "uuid7", "monotonic", "perf_counter"}
_FUNCTIONS = _METHODS | {"new_id", "open", "print", "input", "time.time", "time.time_ns"}
# Of the charter, the modules of frozen models; not those that read files or watch them.
_CHARTER = (
    "addresses",
    "model",
    "calendars",
    "dated_calendars",
    "detectors",
    "patterns",
    "people",
    "public_holidays",
    "slas",
    "routing",
    "runbook_checks",
    "request_model",
    "runbook_brakes",
    "runbooks",
    "services",
    "value_types",
    "window_checks",
    "windows",
)
_OUTSIDE = frozenset(
    (
        *("faststream", "aiokafka", "fastapi", "starlette", "motor", "pymongo", "opentelemetry"),
        *(
            "structlog",
            "httpx",
            "uvicorn",
            "typer",
            "rich",
            "logging",
            "os",
            "asyncio",
            "threading",
        ),
        *("subprocess", "socket", "random", "secrets", "tempfile", "shutil", "sqlite3", "duckdb"),
    )
)
_IDS = ("derive_id", "identity", "request_ticket_id")
_ALLOWED_OF_SHARED = (
    "desk_contracts",
    "desk_kernel",
    *(f"desk_charter.{name}" for name in _CHARTER),
)
_SHARED = ("desk_contracts", "desk_kernel", "desk_platform", "desk_charter")
_TOOLS = ("desk_cli", "desk_docs", "desk_local", "desk_manifests", "desk_runbooks", "desk_testing")


def check(source: Source) -> Iterator[Finding]:
    """Calls, and imports finer than import-linter tells them apart."""
    if not is_pure(source.path):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and (called := _impure(node)):
            yield source.finding(node, NAME, f"{called}() asks the world: pass the answer in.")
        if isinstance(node, ast.ImportFrom | ast.Import) and (what := _outside(node)):
            yield source.finding(node, NAME, f"{what} reaches the world: leave it to the edge.")
        if isinstance(node, ast.ImportFrom) and (what := _foreign(node)):
            yield source.finding(
                node,
                NAME,
                f"pure code may not use {what}; of what is shared it has events, messages, "
                "errors, people, text, the charter's models and ids that follow from others.",
            )


def _impure(call: ast.Call) -> str | None:
    name = dotted(call.func)
    if name in _FUNCTIONS:
        return name
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    return (name or method) if method in _METHODS else None


def _outside(node: ast.Import | ast.ImportFrom) -> str | None:
    names = (
        [node.module or ""] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
    )
    return next((name for name in names if name.partition(".")[0] in _OUTSIDE), None)


def _foreign(node: ast.ImportFrom) -> str | None:
    module = node.module or ""
    if module.partition(".")[0] not in (*_SHARED, *_TOOLS):
        return None
    if module == "desk_contracts.ids":
        taken = [item.name for item in node.names if item.name not in _IDS]
        return f"desk_contracts.ids.{taken[0]}" if taken else None
    allowed = any(module == item or module.startswith(f"{item}.") for item in _ALLOWED_OF_SHARED)
    return None if allowed else module
