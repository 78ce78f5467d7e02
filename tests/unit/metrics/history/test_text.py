"""Bytes of an export as text: encodings, halves of characters, ends of lines, borders of chunks."""

import gzip
import json
from pathlib import Path

import pytest
from desk_contracts.errors import Invalid
from desk_metrics.history.exports.model import ExportRecord
from desk_metrics.history.exports.store import load_mapping, read_records
from desk_metrics.history.exports.text import REPLACED, is_encoding, to_utf8

from tests.support.metrics_exports import TICKETS
from tests.support.spoken import english

TEXT = "no,title\n1,Zürich 😀 Привет\n2,Köln\n"
WANTED = ["Zürich 😀 Привет", "Köln"]
# The sizes in which files are read and looked at, and a little beside them.
BORDERS = [n + d for n in (4, 4_096, 8_192, 65_536, 131_072, 1_000_000) for d in (-2, -1, 0, 1)]


def read_text(
    folder: Path, data: bytes, name: str = "a.csv", encoding: str = ""
) -> list[ExportRecord]:
    path = folder / name
    path.write_bytes(data)
    return list(read_records(path, TICKETS.model_copy(update={"encoding": encoding})))


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "utf-32-be",
    ],
)
def test_unicode_is_seen_with_and_without_its_mark(
    tmp_path: Path, encoding: str, form: str
) -> None:
    rows = [{"no": str(n), "title": title} for n, title in enumerate(WANTED, 1)]
    text = {
        "csv": TEXT,
        "jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        "json": json.dumps(rows, ensure_ascii=False),
    }[form]
    records = read_text(tmp_path, text.encode(encoding), f"a.{form}")
    assert [record.values["title"] for record in records] == WANTED
    assert not any(record.mended or record.broken for record in records)


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf16_of_both_orders_is_read_whatever_was_said(tmp_path: Path, mark: bytes) -> None:
    data = mark + TEXT.encode("utf-16-le" if mark == b"\xff\xfe" else "utf-16-be")
    assert [
        record.values["title"] for record in read_text(tmp_path, data, encoding="cp1252")
    ] == WANTED


@pytest.mark.parametrize(
    ("encoding", "title"),
    [("cp1251", "Привет"), ("shift_jis", "日本語"), ("gb18030", "中文"), ("iso-8859-2", "Łódź")],
)
def test_another_encoding_is_told(tmp_path: Path, encoding: str, title: str) -> None:
    data = f"no,title\n1,{title}\n".encode(encoding)
    [record] = read_text(tmp_path, data, encoding=encoding)
    assert (record.values["title"], record.mended) == (title, None)


@pytest.mark.parametrize("name", ["zip", "base64", "idna", "rot13", "undefined", "klingon", "mbcs"])
def test_what_is_no_encoding_of_text_is_none(name: str) -> None:
    assert not is_encoding(name)
    assert is_encoding("utf-16")


def test_half_a_character_is_replaced_in_its_row_and_nowhere_else(tmp_path: Path) -> None:
    lone = "\ud83d"
    rows = f"no,title\n1,ok\n2,cut {lone}\n3,{lone}after\n4,ok\n"
    for encoding in ("utf-8", "utf-16", "utf-16-be", "utf-32-le"):
        records = read_text(tmp_path, rows.encode(encoding, "surrogatepass"))
        assert [record.values["title"] for record in records] == [
            "ok",
            "cut \ufffd",
            "\ufffdafter",
            "ok",
        ]
        assert [record.mended for record in records] == [None, REPLACED, REPLACED, None]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_half_a_character_in_json_is_replaced_and_a_whole_one_is_not(
    tmp_path: Path, name: str
) -> None:
    rows = [r'{"no":"1","t":"cut \ud83d"}', r'{"no":"2","t":"\ud83d\ude00"}', r'{"\udfff":"3"}']
    text = "\n".join(rows) if name == "a.jsonl" else f"[{','.join(rows)}]"
    record, two, three = read_text(tmp_path, text.encode(), name)
    assert (record.values["t"], record.mended) == ("cut \ufffd", REPLACED)
    assert (two.values["t"], two.mended) == ("😀", None)
    assert (three.values, three.mended) == ({"\ufffd": "3"}, REPLACED)


def test_a_character_in_two_halves_of_utf8_is_joined_and_said(tmp_path: Path) -> None:
    [record] = read_text(tmp_path, b"no,title\n1,\xed\xa0\xbd\xed\xb8\x80\n")
    assert record.values["title"] == "😀"
    assert "CESU-8" in english(record.mended)


@pytest.mark.parametrize("cut", [1, 2, 3, 5])
def test_utf16_that_was_cut_short_loses_one_character(tmp_path: Path, cut: int) -> None:
    data = "no,title\n1,a\n2,b\n3,cut 😀".encode("utf-16")[:-cut]
    records = read_text(tmp_path, data)
    assert [record.values["no"] for record in records] == ["1", "2", "3"]
    assert [bool(record.mended) for record in records] == [False, False, cut != 4]
    assert records[2].values["title"].startswith("cut")


def test_one_byte_of_another_encoding_leaves_the_rest_of_its_line_alone(tmp_path: Path) -> None:
    data = "no,title\n1,Łódź ".encode() + "Köln".encode("cp1252") + "\n2,Łódź\n".encode()
    mixed, clean = read_text(tmp_path, data)
    assert (mixed.values["title"], english(mixed.mended)) == (
        "Łódź Köln",
        "not UTF-8; read as Windows-1252",
    )
    assert (clean.values["title"], clean.mended) == ("Łódź", None)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json", "a.json.gz"])
def test_no_character_is_split_where_a_chunk_ends(tmp_path: Path, border: int, name: str) -> None:
    """A letter of two bytes, then one of four, lies across each border of a long file."""
    rows: list[dict[str, str]] = []
    size = 0
    while size < border + 20:
        rows.append({"no": str(len(rows)), "t": "x" * min(60_000, max(0, border - size - 40))})
        size = len(json.dumps(rows))
    before = json.dumps(rows)[:-1]
    tail = json.dumps([{"no": "last", "t": "ü😀" * 20}], ensure_ascii=False)
    text = f"{before},{tail[1:]}"
    if name == "a.jsonl":
        text = "\n".join(json.dumps(record, ensure_ascii=False) for record in json.loads(text))
    if name == "a.csv":
        text = "no,t\n" + "".join(f"{record['no']},{record['t']}\n" for record in json.loads(text))
    data = text.encode()
    records = read_text(tmp_path, gzip.compress(data, 1) if name.endswith("gz") else data, name)
    assert records[-1].values["t"] == "ü😀" * 20
    assert not any(record.mended or record.broken for record in records)


def test_a_json_list_on_one_long_line_has_all_its_characters(tmp_path: Path) -> None:
    items = [{"no": str(n), "t": "ü" * 150} for n in range(5_000)]
    data = json.dumps(items, ensure_ascii=False).encode()
    assert len(data) > 1_000_000
    records = read_text(tmp_path, data, "a.json")
    assert [record.values for record in records] == items
    assert not any(record.mended for record in records)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\r"])
def test_lines_end_as_they_like(tmp_path: Path, end: str) -> None:
    records = read_text(tmp_path, TEXT.replace("\n", end).encode())
    assert [record.values["title"] for record in records] == WANTED


def test_ends_of_lines_may_be_mixed_and_a_border_may_part_one(tmp_path: Path) -> None:
    rows = "".join(f"{n},x{end}" for n, end in enumerate(["\n", "\r", "\r\n"] * 20_000))
    records = read_text(tmp_path, f"no,title\r\n{rows}".encode())
    assert [record.values["no"] for record in records] == [str(n) for n in range(60_000)]


def test_an_unknown_encoding_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="cp1251 or shift_jis"):
        type(TICKETS).model_validate({**TICKETS.model_dump(), "encoding": "zip"})
    with pytest.raises(Invalid, match="'klingon' is no encoding"):
        load_mapping("zammad", encoding="klingon")


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "chunks",
    [
        [b"a,b"],
        [MARK + b"a,b"],
        [MARK + MARK + b"a,b"],
        [MARK, MARK, b"a,b"],
        [MARK, b"a,", b"b"],
    ],
)
def test_marks_of_the_encoding_are_dropped_where_a_file_begins(chunks: list[bytes]) -> None:
    assert b"".join(to_utf8(chunks)) == b"a,b"


def test_a_mark_within_a_file_is_a_sign_like_any_other() -> None:
    assert b"".join(to_utf8([b"a", MARK + b"b"])) == b"a" + MARK + b"b"
