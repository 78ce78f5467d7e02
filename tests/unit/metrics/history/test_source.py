"""Files of every form and encoding, whole and broken, record by record."""

import gzip
import json
from pathlib import Path

import pytest
from desk_contracts.errors import Invalid, NotFound
from desk_metrics.history.exports.model import ExportRecord
from desk_metrics.history.exports.store import read_records

from tests.support.metrics_exports import TICKETS, csv_file
from tests.support.spoken import english

NESTED = TICKETS.model_copy(update={"records": "issues"})


def records(path: Path) -> list[ExportRecord]:
    return list(read_records(path, TICKETS))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_taken_from_the_header(tmp_path: Path, delimiter: str) -> None:
    path = csv_file(tmp_path, f"no{delimiter}opened\n1{delimiter}x\n")
    assert records(path) == [ExportRecord(2, {"no": "1", "opened": "x"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marked_encodings_are_read_without_remark(tmp_path: Path, encoding: str) -> None:
    path = csv_file(tmp_path, "no,title\n1,Zürich\n", encoding=encoding)
    assert records(path) == [ExportRecord(2, {"no": "1", "title": "Zürich"})]


def test_a_line_of_another_encoding_is_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes("no,title\n1,Zürich\n".encode() + "2,Köln\n3,".encode("cp1252") + b"\x81\n")
    good, other, broken = records(path)
    assert not good.mended
    assert other.values["title"] == "Köln"
    assert english(other.mended) == "not UTF-8; read as Windows-1252"
    assert "some of its characters" in english(broken.mended)


def test_quotes_may_hold_delimiters_and_line_ends(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 'no,title\n1,"a, b\nc"\n2,d\n')
    assert [(record.row, record.values["title"]) for record in records(path)] == [
        (2, "a, b\nc"),
        (3, "d"),
    ]


def test_a_row_of_another_width_is_broken_and_the_next_is_read(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "no,title\n1\n\n2,d,e\n3,f\n")
    assert [record.broken for record in records(path)] == [
        "has 1 fields where the header has 2 (line 2)",
        "has 3 fields where the header has 2 (line 4)",
        "",
    ]


def test_a_quote_that_never_closes_is_one_broken_row(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 'no,title\n1,"' + "x" * 1_100_000 + "\n2,b\n")
    assert records(path)[0].broken.startswith("not readable as CSV")


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "unnamed"])
def test_gzip_is_seen_by_its_bytes_not_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"no,title\n1,b\n"))
    assert records(path) == [ExportRecord(2, {"no": "1", "title": "b"})]


def test_a_gzip_that_is_cut_off_keeps_what_came_before_and_says_so(tmp_path: Path) -> None:
    text = "no,title\n" + "".join(f"{n},{n * 7919}\n" for n in range(50_000))
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(text.encode())[:-5_000])
    read_text = records(path)
    assert len(read_text) > 10_000
    assert "cut off" in read_text[-1].broken


def test_json_lines_flatten_inner_objects(tmp_path: Path) -> None:
    lines = ['{"no": 1, "a": {"b": [1, {"c": 2}, "x"], "d": null, "e": true}}', "", "{", "[1]"]
    path = csv_file(tmp_path, "\n".join(lines), "a.jsonl")
    first, broken, no_object = records(path)
    assert first.values == {"no": "1", "a.b": "1, x", "a.b.c": "2", "a.e": "true"}
    assert (broken.row, broken.broken[:8]) == (3, "not JSON")
    assert (no_object.row, no_object.broken) == (4, "not a JSON object")


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_list_is_read_item_by_item(tmp_path: Path, indent: int | None) -> None:
    items = [{"no": n, "text": '[{"' * 3} for n in range(50)]
    path = csv_file(tmp_path, json.dumps(items, indent=indent), "a.json")
    assert [record.values["no"] for record in records(path)] == [str(n) for n in range(50)]


def test_a_json_list_inside_an_object_is_found_by_its_key(tmp_path: Path) -> None:
    text = json.dumps({"total": 1, "note": 'no "issues": [ here', "issues": [{"no": 1}], "z": []})
    path = csv_file(tmp_path, text, "a.json")
    assert [record.values for record in read_records(path, NESTED)] == [{"no": "1"}]


def test_a_json_list_that_breaks_off_says_so_at_its_row(tmp_path: Path) -> None:
    path = csv_file(tmp_path, '[{"no": 1},\n{"no": 2', "a.json")
    assert [(record.row, bool(record.broken)) for record in records(path)] == [
        (1, False),
        (2, True),
    ]


def test_files_without_records_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        records(tmp_path / "none.csv")
    with pytest.raises(Invalid, match="export it again"):
        records(csv_file(tmp_path, ""))
    with pytest.raises(Invalid, match="'records' in the mapping"):
        records(csv_file(tmp_path, '{"a": 1}', "a.json"))
