"""`python -m scripts.schemas`: write the JSON Schemas that editors and other systems read."""

from pathlib import Path

from desk_shared.charter.schemas import write_charter_schemas

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Names the files; what changed is git's to say."""
    for path in write_charter_schemas(ROOT / "docs" / "schemas" / "charter"):
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
