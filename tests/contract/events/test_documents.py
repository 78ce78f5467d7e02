"""Schemas, AsyncAPI document and page of events in the tree are what the models say today."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import jsonschema
import pytest
from desk_contracts import Payload
from desk_contracts.catalogue import PAYLOADS, PUBLIC_PAYLOADS
from desk_docs.schemas import (
    SCHEMAS,
    differences,
    documents,
    main,
    model_schema,
    payload_schema,
    write_documents,
)

ROOT = Path(__file__).parents[3]
made = cache(documents)
DOCUMENTS = [
    *(SCHEMAS / f"{name}.json" for name in sorted(PUBLIC_PAYLOADS)),
    *(Path("docs/asyncapi.yaml"), Path("docs/events.md")),
]
TYPES = pytest.mark.parametrize("payload", PAYLOADS.values(), ids=list(PAYLOADS))


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_a_document_in_the_tree_is_what_the_models_say(path: Path) -> None:
    committed = ROOT / path
    assert committed.is_file(), f"{path} is missing: run `make schemas` and commit what it writes"
    is_current = committed.read_text(encoding="utf-8") == made()[path]
    assert is_current, f"{path} is out of date: run `make schemas` and commit what it writes"


def test_no_schema_of_an_event_that_is_no_more_is_left() -> None:
    left = {file.name for file in (ROOT / SCHEMAS).iterdir()} - {
        f"{name}.json" for name in PAYLOADS
    }
    assert not left, f"{left} are of no event: run `make schemas` and commit what it removes"


def test_another_process_makes_the_same_bytes() -> None:
    """With another hash seed, so nothing may hang on the order of a set."""
    command = [sys.executable, "-m", "desk_docs.schemas", "check", str(ROOT)]
    ended = subprocess.run(
        command,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_writing_mends_what_is_missing_changed_or_left_over(tmp_path: Path) -> None:
    assert write_documents(tmp_path) == DOCUMENTS == list(made())
    (tmp_path / "docs/events.md").write_text("changed", encoding="utf-8")
    (tmp_path / SCHEMAS / "desk.ticket.closed.v1.json").unlink()
    (tmp_path / SCHEMAS / "desk.ticket.lost.v1.json").write_text("{}", encoding="utf-8")
    assert {str(path.name) for path in write_documents(tmp_path)} == {
        "events.md",
        "desk.ticket.closed.v1.json",
        "desk.ticket.lost.v1.json",
    }
    assert differences(tmp_path) == []


def test_check_names_each_file_and_how_to_mend_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["write", str(tmp_path)]) == 0
    assert main(["check", str(tmp_path)]) == 0
    (tmp_path / "docs/asyncapi.yaml").unlink()
    capsys.readouterr()
    assert main(["check", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "docs/asyncapi.yaml is out of date; run: make schemas\n"


def test_writing_twice_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_documents(tmp_path)
    assert main(["write", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "Nothing to change.\n"


@pytest.mark.parametrize("words", [[], ["wirte"], ["write", "here", "there"]])
def test_words_without_sense_are_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert "write|check" in capsys.readouterr().err


@TYPES
def test_a_schema_is_valid_closed_and_says_what_the_event_means(payload: type[Payload]) -> None:
    schema = payload_schema(payload)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"/schemas/{payload.TYPE}.json"
    assert schema["title"] == payload.__name__
    assert schema["description"] != Payload.__doc__
    assert schema["additionalProperties"] is False


@TYPES
def test_what_is_written_has_the_schema_of_what_is_read(payload: type[Payload]) -> None:
    assert payload.model_json_schema() == payload.model_json_schema(mode="serialization")


@TYPES
def test_every_field_is_required_or_shows_its_default(payload: type[Payload]) -> None:
    schema = model_schema(payload)
    fields, required = schema["properties"], schema.get("required", [])
    assert isinstance(fields, dict)
    assert isinstance(required, list)
    assert {name for name, field in fields.items() if "default" not in field} == set(required)


@pytest.mark.parametrize("payload", PUBLIC_PAYLOADS.values(), ids=list(PUBLIC_PAYLOADS))
def test_the_page_tells_of_every_event_and_field(payload: type[Payload]) -> None:
    page = (ROOT / "docs/events.md").read_text(encoding="utf-8")
    _, _, section = page.partition(f"### {payload.TYPE}\n")
    table = section.partition("\n#")[0]
    assert payload.__doc__
    assert payload.__doc__.splitlines()[0] in table
    assert [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")] == list(
        payload.model_fields
    )


def test_a_schema_is_json_that_ends_with_a_line_end() -> None:
    for path in (ROOT / SCHEMAS).iterdir():
        text = path.read_text(encoding="utf-8")
        assert json.loads(text)
        assert text.endswith("}\n")
