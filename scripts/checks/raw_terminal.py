"""`raw-terminal`: what reaches a terminal passes `desk_platform.terminal` or `cli.screen`.

Text of others may hold escapes that clear, rename or forge; a bare print lets them act.
"""

import ast
from collections.abc import Iterator

from scripts.checks.source import Finding, Source, dotted

NAME = "raw-terminal"

_SINKS = frozenset({"shared/platform/desk_platform/terminal.py", "tools/desk_cli/screen.py"})
_RAW = frozenset(
    {
        *("print", "Console", "rich.print", "rich.console.Console"),
        *("typer.echo", "typer.secho", "click.echo", "click.secho"),
        *("sys.stdout.write", "sys.stderr.write", "sys.stdout.buffer.write"),
    }
)


def check(source: Source) -> Iterator[Finding]:
    """Calls that write to a terminal as it is given."""
    if source.path.parts[0] not in ("shared", "services", "demo") or str(source.path) in _SINKS:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and (name := dotted(node.func)) in _RAW:
            yield source.finding(
                node, NAME, f"{name}() lets text act: use desk_platform.terminal or cli.screen."
            )
