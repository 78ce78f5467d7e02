"""The services' OpenAPI documents as files in the tree: `python -m scripts.openapi [check]`.

Nothing connects: a document is made of routes and models only.
"""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from desk_contracts.topics import SERVICES
from desk_platform.builder import assemble
from desk_platform.settings import Environment

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "openapi"


def documents() -> Iterator[tuple[Path, str]]:
    """Each service's document and its place in the tree, as where people sign in with a token."""
    for name in SERVICES:
        table = importlib.import_module(f"desk_{name}.service").SERVICE
        settings = table.settings(environment=Environment.LOCAL, charter=ROOT / "charter")
        app = assemble(table, settings).app
        app.state.authenticator = None
        text = json.dumps(app.openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        yield FOLDER / f"{name}.json", text


def main(words: list[str]) -> int:
    """0 if all is well, 1 if a document is out of date, 2 if the words make no sense."""
    if words not in ([], ["check"]):
        print("Say nothing, or: check", file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    stale = [
        (path, text)
        for path, text in documents()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        print(f"{path.relative_to(ROOT)}{' is out of date; run: make schemas' if words else ''}")
        if not words:
            path.write_text(text, encoding="utf-8")
    return 1 if stale and words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
