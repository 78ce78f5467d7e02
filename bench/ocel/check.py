"""Whether PM4Py reads an export of the desk, and counts in it what the export says is in it.

`check.py EXPORT COUNTS`: COUNTS is what `desk export --ocel EXPORT --json` printed. Exit code 1
where a count differs. It needs PM4Py (requirements.in beside it) and nothing of the desk.
"""

import json
import sys
from pathlib import Path

import pm4py


def count(export: str) -> dict[str, dict[str, int]]:
    """Events and objects by type, and how many pairs of both, as PM4Py sees them."""
    log = pm4py.read_ocel2_json(export)
    return {
        "events": log.events[log.event_activity].value_counts().to_dict(),
        "objects": log.objects[log.object_type_column].value_counts().to_dict(),
        "relations": {"all": len(log.relations)},
    }


def expect(export: str, counts: str) -> dict[str, dict[str, int]]:
    """The same as the export says, and the pairs that a plain reading of its file counts."""
    counted = json.loads(Path(counts).read_text(encoding="utf-8"))
    events = json.loads(Path(export).read_text(encoding="utf-8"))["events"]
    relations = sum(len(event["relationships"]) for event in events)
    types = {"events": counted["events"], "objects": counted["objects"]}
    return {**types, "relations": {"all": relations}}


def main(export: str, counts: str) -> int:
    """Says what differs."""
    seen, expected = count(export), expect(export, counts)
    for name, by_type in expected.items():
        verdict = "agrees" if by_type == seen[name] else f"differs: {by_type} and {seen[name]}"
        sys.stdout.write(f"{name}: {sum(by_type.values()):,} {verdict}\n")
    return int(seen != expected)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
