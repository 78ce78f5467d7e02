"""Intake's OpenAPI document as a file in the tree: `python -m scripts.openapi` writes it anew.

Nothing connects: the document is made of routes and models only.
"""

import json
from pathlib import Path

from desk_intake.service import SERVICE
from desk_intake.settings import IntakeSettings
from desk_platform.builder import assemble
from desk_platform.settings import Environment
from fastapi import FastAPI

TARGET = Path("docs/openapi/intake.json")


def document(app: FastAPI) -> str:
    """The document as it stands in the tree."""
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    """Write it, from the root of the project."""
    service = assemble(SERVICE, IntakeSettings(environment=Environment.LOCAL))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(document(service.app), encoding="utf-8")


if __name__ == "__main__":
    main()
