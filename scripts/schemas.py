"""`python -m scripts.schemas [release]`: write what is made from the charter's and events' models.

`release` freezes today's event schemas as what readers may rely on, if they break no earlier one.
"""

import json
import sys
from pathlib import Path

from desk_charter.schemas import ClosedKeys, write_charter_schemas
from desk_contracts.catalogue import PAYLOADS
from desk_docs.asyncapi import topics_of
from desk_docs.compatibility import breaks
from desk_docs.schemas import event_schemas, render, write_documents
from desk_runbooks.scenario import Scenario

ROOT = Path(__file__).resolve().parents[1]
RELEASED = ROOT / "tests" / "contract" / "events" / "released"


def main(words: list[str]) -> int:
    """Names the files; what changed is git's to say."""
    if words not in ([], ["release"]):
        print("Say nothing, or: release", file=sys.stderr)
        return 2
    written = write_charter_schemas(ROOT / "docs" / "schemas" / "charter")
    scenario = ROOT / "docs" / "schemas" / "scenario.schema.json"
    scenario.write_text(
        render(Scenario.model_json_schema(schema_generator=ClosedKeys)), encoding="utf-8"
    )
    written.append(scenario)
    for path in (*(file.relative_to(ROOT) for file in written), *write_documents(ROOT)):
        print(path)
    return release(RELEASED) if words else 0


def release(folder: Path) -> int:
    """Freeze today's schemas, all or none; schemas of retired types stay for ever."""
    today = event_schemas()
    wrong = [
        f"{name}: {reason}"
        for name, schema in today.items()
        if (folder / f"{name}.json").exists()
        for reason in breaks(json.loads((folder / f"{name}.json").read_text("utf-8")), schema)
    ]
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in today.items():
        (folder / f"{name}.json").write_text(render(schema), encoding="utf-8")
    _release_topics(folder.parent / "released_topics.json")
    print(f"{len(today)} schemas released")
    return 0


def _release_topics(file: Path) -> None:
    """Topics of new events are added; one that was released is never changed here."""
    before = json.loads(file.read_text("utf-8")) if file.exists() else {}
    topics = {name: topics_of(payload) for name, payload in PAYLOADS.items()} | before
    file.write_text(json.dumps(topics, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
