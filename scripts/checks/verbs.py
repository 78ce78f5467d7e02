"""`verbs`: functions do something and say what: no past participles, no gerunds."""

import ast
import re
from collections.abc import Iterator

from scripts.checks.source import Finding, Source, dotted

NAME = "verbs"

_ROOTS = ("services", "shared", "tools", "agent")
_IRREGULAR = frozenset(
    ["told", "said", "found", "kept", "written", "sent", "made", "given", "taken", "known", "heard"]
)
# Verbs, and nouns of predicates, that end like participles and gerunds.
_FINE = frozenset(
    [
        "bring",
        "embed",
        "exceed",
        "feed",
        "need",
        "pending",
        "ping",
        "proceed",
        "seed",
        "shed",
        "shielded",
        "speed",
        "string",
        "succeed",
    ]
)
_PARTICIPLE = re.compile(r"..(ing|ed)$")


def check(source: Source) -> Iterator[Finding]:
    """Functions and methods, but for properties and overrides of a library's own."""
    if source.path.parts[0] not in _ROOTS:
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if any(dotted(mark).endswith(("property", "fixture")) for mark in node.decorator_list):
            continue
        if node.name.startswith("__"):
            continue
        first = node.name.strip("_").partition("_")[0]
        is_participle = first in _IRREGULAR or _PARTICIPLE.search(first)
        if is_participle and first not in _FINE:
            yield source.finding(node, NAME, f"{node.name} is no verb: say what it does.")
