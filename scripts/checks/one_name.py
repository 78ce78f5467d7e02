"""`one-name`: a class name is unique within a service."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

from scripts.checks.room import module_of
from scripts.checks.source import Finding, Source

NAME = "one-name"


def check_all(sources: Sequence[Source]) -> Iterator[Finding]:
    """Over all files, since two modules may call two things the same."""
    findings_by_name: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for source in sources:
        place = module_of(source.path)
        if place is None:
            continue
        for node in source.tree.body:
            if isinstance(node, ast.ClassDef):
                finding = source.finding(node, NAME, f"{place[0]} has another class {node.name}.")
                findings_by_name[place[0], node.name.lstrip("_")].append(finding)
    for findings in findings_by_name.values():
        if len(findings) > 1:
            yield from findings
