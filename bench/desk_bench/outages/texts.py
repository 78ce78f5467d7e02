"""Real texts of tickets from a folder: CSV with title or description, or text, a ticket a line."""

import csv
import sys
from pathlib import Path
from typing import NamedTuple

LONGEST = 1_500


class Text(NamedTuple):
    """What somebody wrote, and the corpus and team that it came with."""

    title: str
    description: str
    topic: str


def load_texts(folders: list[Path]) -> list[Text]:
    """All texts below the folders, in a fixed order; `ValueError` if there are none."""
    csv.field_size_limit(sys.maxsize)
    texts: list[Text] = []
    for folder in folders:
        files = sorted(folder.rglob("*")) if folder.is_dir() else [folder]
        for file in files:
            if file.suffix == ".csv":
                texts += _read_table(file)
            elif file.suffix == ".txt":
                lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
                texts += [Text(line[:LONGEST], "", file.stem) for line in lines if line.strip()]
    if not texts:
        raise ValueError("no texts: give a folder with .csv (title, description) or .txt files")
    return texts


def _read_table(file: Path) -> list[Text]:
    with file.open(encoding="utf-8", errors="replace", newline="") as lines:
        rows = csv.DictReader(lines)
        if not {"title", "description"} & set(rows.fieldnames or ()):
            return []
        read = [
            Text(
                (row.get("title") or "")[:200],
                (row.get("description") or "")[:LONGEST],
                f"{file.parent.name}/{row.get('team') or ''}",
            )
            for row in rows
        ]
    return [text for text in read if text.title or text.description]
