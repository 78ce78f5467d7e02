"""`topic-literals`: topics and services' sources are named once; everybody else uses that name."""

import ast
import re
from collections.abc import Iterator

from desk_contracts import names

from scripts.checks.source import Finding, Source

NAME = "topic-literals"

_HOME = "shared/contracts/desk_contracts/"
_SOURCES = {value for name, value in vars(names).items() if name.endswith("_SOURCE")}
_NAMES = [value for value in vars(names).values() if str(value).startswith("desk.")]
# A name itself, a retry or dead-letter topic, or the beginning of one in an f-string; but not the
# type of an event or the name of a meter, which may begin alike.
_TOPIC = re.compile(
    rf"({'|'.join(map(re.escape, _NAMES))})(\.?|\.[a-z]+\.(retry|dead)|(?<=notifications)\.\S+)$"
)


def check(source: Source) -> Iterator[Finding]:
    """Strings in shared and services that are a source, or begin with the name of a topic."""
    if source.path.parts[0] not in ("shared", "services") or str(source.path).startswith(_HOME):
        return
    prose = set(_docstrings(source.tree))
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose:
            if node.value in _SOURCES:
                yield source.finding(
                    node, NAME, f"'{node.value}' is a source: use its name from desk_contracts."
                )
            match = _TOPIC.match(node.value)
            if match is not None:
                yield source.finding(
                    node, NAME, f"'{match[0]}' is a topic: use its name from desk_contracts."
                )


def _docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Every string that stands alone as a statement: documentation of something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
