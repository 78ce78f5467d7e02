"""What is no text is named with what to do; what is gzipped is never inflated without bound."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from desk_contracts.errors import Invalid
from desk_metrics.adapters.history_files.container import Bounds
from desk_metrics.history.exports.model import ExportRecord
from desk_metrics.history.exports.store import read_records

from tests.support.metrics_exports import TICKETS

CSV = b"no,title\n1,b\n"


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name in names:
            packed.writestr(name, "application/vnd.oasis.opendocument.spreadsheet")
    return made.getvalue()


def read_text(folder: Path, data: bytes, bounds: Bounds | None = None) -> list[ExportRecord]:
    path = folder / "a.csv"
    path.write_bytes(data)
    return list(read_records(path, TICKETS, bounds or Bounds()))


def pack(data: bytes) -> bytes:
    """Always the same bytes: they are in the name of a test."""
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize(
    ("data", "what", "advice"),
    [
        (archive("[Content_Types].xml", "xl/workbook.xml"), "a workbook", "save the sheet"),
        (archive("mimetype"), "a workbook", "as CSV"),
        (archive("incidents.csv"), "a zip archive", "Unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "an old Excel workbook", "as CSV"),
        (b"%PDF-1.7\n1 0 obj", "a PDF", "as CSV, JSON"),
        (b"PAR1\x15\x04\x15", "a Parquet file", "as CSV, JSON"),
        (b"SQLite format 3\x00" + bytes(80), "an SQLite database", "as CSV, JSON"),
        (b"BZh91AY&SY", "bzip2", "Unpack it"),
        (b"\xfd7zXZ\x00\x00", "xz", "Unpack it"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd", "Unpack it"),
        (b"7z\xbc\xaf\x27\x1c\x00", "7z", "Unpack it"),
        (bytes(257) + b"ustar\x00" + bytes(200), "a tar archive", "Unpack it"),
        (b"\n<!DOCTYPE html><html>Sign in</html>", "a web page", "as CSV, JSON"),
        (b"<TABLE><tr><td>Number", "a web page", "as CSV, JSON"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><r/>", "XML", "as CSV, JSON"),
        (bytes(range(256)) * 20, "of another kind", "as CSV, JSON"),
        (
            gzip.compress(gzip.compress(gzip.compress(CSV, mtime=0), mtime=0), mtime=0),
            "more than twice",
            "Unpack it",
        ),
        (gzip.compress(b"%PDF-1.7\n", mtime=0), "a PDF", "as CSV, JSON"),
    ],
)
def test_what_is_no_text_is_named_with_what_to_do(
    tmp_path: Path, data: bytes, what: str, advice: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read_text(tmp_path, data)
    assert what in refused.value.message
    assert advice in refused.value.message


@pytest.mark.parametrize("script", ["Привет мир", "日本語テスト", "שלום עולם"])
def test_other_scripts_are_no_binary_file(tmp_path: Path, script: str) -> None:
    text = "no,title\n" + f"1,{script * 50}\n"
    for encoding in ("utf-8", "utf-16", "utf-16-be", "utf-32"):
        [record] = read_text(tmp_path, text.encode(encoding))
        assert record.values.get("title", "").startswith(script) or encoding == "utf-16-be"


def test_a_few_zeros_are_borne(tmp_path: Path) -> None:
    [record] = read_text(tmp_path, b"no,title\n1,nul \x00 inside and \x07\n")
    assert record.values["title"] == "nul \x00 inside and \x07"


def test_gzip_in_gzip_is_read(tmp_path: Path) -> None:
    assert read_text(tmp_path, gzip.compress(gzip.compress(CSV))) == [
        ExportRecord(2, {"no": "1", "title": "b"})
    ]


def test_several_members_are_one_file_and_what_follows_them_is_said(tmp_path: Path) -> None:
    packed = gzip.compress(CSV) + gzip.compress(b"2,c\n")
    assert [record.values["no"] for record in read_text(tmp_path, packed)] == ["1", "2"]
    *good, broken = read_text(tmp_path, packed + b"garbage")
    assert [record.values["no"] for record in good] == ["1", "2"]
    assert "cut off or damaged" in broken.broken


def test_a_damaged_gzip_keeps_what_came_before(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n * 7919}\n" for n in range(50_000))
    data = bytearray(gzip.compress(b"no,title\n" + rows.encode()))
    data[len(data) // 2] ^= 0xFF
    *good, broken = read_text(tmp_path, bytes(data))
    assert len(good) > 10_000
    assert "cut off or damaged" in broken.broken
    with pytest.raises(Invalid, match="damaged from its start"):
        read_text(tmp_path, b"\x1f\x8b\x08")


@pytest.mark.parametrize("layers", [1, 2])
def test_what_inflates_too_far_is_refused_unless_it_is_meant(tmp_path: Path, layers: int) -> None:
    data = b"no,title\n" + b"a" * 70_000_000
    for _ in range(layers):
        data = gzip.compress(data, 9)
    with pytest.raises(Invalid, match="--max-inflated"):
        read_text(tmp_path, data)
    [record] = read_text(tmp_path, data, Bounds.of(100))
    assert "longer than" in record.broken
    with pytest.raises(Invalid, match="--max-inflated"):
        read_text(tmp_path, data, Bounds.of(1))
