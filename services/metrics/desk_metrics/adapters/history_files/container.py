"""What lies around the text of an export: layers of gzip, never inflated beyond a bound.

What is no text at all is named in a sentence that says what to do instead.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path

from desk_contracts.errors import Invalid

from desk_metrics.history.exports.text import find_encoding

# What gzip raises for a file that was cut off or damaged.
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)

_CHUNK = 1 << 16
_GZIP = b"\x1f\x8b"
_LAYERS = 2
# Logs shrink to a fiftieth at best; a small file may do better, so the ratio is asked late.
_RATIO = 250
_RATIO_FROM = 64_000_000
_MEGABYTE = 1_000_000
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\x0c\x1b")
_ODD_SHARE = 10

_SAVE = "Open it and save the sheet with the tickets as CSV (UTF-8), then import that file."
_UNPACK = "Unpack it and import the file inside."
_EXPORT = "Export the tickets as CSV, JSON or JSON Lines and import that file."
_OFFICE = re.compile(rb"\[Content_Types\]\.xml|_rels/|xl/|mimetypeapplication/vnd")
_MARKUP = re.compile(rb"\s*<(!doctype|html|head|table|meta|body)\b", re.IGNORECASE)
_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive", _UNPACK),
    (b"PK\x05\x06", "an empty zip archive", _EXPORT),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls) or another Office file", _SAVE),
    (b"BZh", "packed with bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "packed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"%PDF", "a PDF", _EXPORT),
    (b"PAR1", "a Parquet file", _EXPORT),
    (b"ARROW1", "an Arrow file", _EXPORT),
    (b"Obj\x01", "an Avro file", _EXPORT),
    (b"ORC", "an ORC file", _EXPORT),
    (b"SQLite format 3\x00", "an SQLite database", _EXPORT),
    (b"{\\rtf", "a text document (RTF)", _EXPORT),
    (b"\x89PNG", "a picture", _EXPORT),
    (b"\xff\xd8\xff", "a picture", _EXPORT),
    (b"GIF8", "a picture", _EXPORT),
    (b"<?xml", "XML", _EXPORT),
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a gzipped file may inflate; `is_meant` if a person gave the number."""

    inflated: int = 20_000 * _MEGABYTE
    is_meant: bool = False

    @classmethod
    def of(cls, megabytes: int) -> "Bounds":
        """The number that was given; 0 leaves the usual bound."""
        return cls(megabytes * _MEGABYTE, is_meant=True) if megabytes else cls()


@contextmanager
def open_export(path: Path, bounds: Bounds) -> Iterator[Iterator[bytes]]:
    """The bytes of a file without its layers of gzip, chunk by chunk."""
    with path.open("rb") as raw:
        stream: BufferedReader = raw
        for _ in range(_LAYERS):
            if _peek(stream, path)[: len(_GZIP)] != _GZIP:
                break
            unpacked = gzip.GzipFile(fileobj=stream)
            stream = BufferedReader(_CountingReader(unpacked, path, bounds), _CHUNK)
        head = _peek(stream, path)
        for what, advice in _name_kinds(head):
            raise Invalid(f"'{path}' is {what}, not an export as text. {advice}", code="not-text")
        yield iter(lambda: stream.read1(_CHUNK), b"")


def _peek(stream: BufferedReader, path: Path) -> bytes:
    try:
        return stream.peek(_CHUNK)
    except DAMAGED as error:
        raise Invalid(
            f"'{path}' is gzipped and damaged from its start ({error}); export or copy it again."
        ) from error


class _CountingReader(RawIOBase):
    """Counts what comes out of gzip and stops where it is beyond the bound."""

    def __init__(self, unpacked: gzip.GzipFile, path: Path, bounds: Bounds) -> None:
        self._unpacked, self._path, self._bounds = unpacked, path, bounds
        self._packed = path.stat().st_size
        self._total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview[int]") -> int:  # type: ignore[override]  # narrower than any buffer
        data = self._unpacked.read1(len(buffer))  # what came before damage is kept
        buffer[: len(data)] = data
        self._total += len(data)
        is_steep = self._total > _RATIO_FROM and self._total > _RATIO * self._packed
        if self._total > self._bounds.inflated or (is_steep and not self._bounds.is_meant):
            raise Invalid(
                f"'{self._path}' has {self._packed:,} bytes and inflates to more than"
                f" {self._total:,}: that is no export, or a very large one. If it is meant, give"
                " --max-inflated with the megabytes that it may take.",
                code="inflates-too-far",
            )
        return len(data)


def _name_kinds(head: bytes) -> Iterator[tuple[str, str]]:
    """What a file that begins like this is, if it is no text, and what to do with it."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PK\x03\x04") and _OFFICE.search(head):
        yield "a workbook (Excel, OpenDocument) or another Office file", _SAVE
    if _MARKUP.match(text):
        yield "a web page, often the one to sign in on or a table for a spreadsheet", _EXPORT
    for start, what, advice in _KINDS:
        if head.startswith(start) or text.startswith(start):
            yield what, advice
    if head[257:262] == b"ustar":
        yield "a tar archive", _UNPACK
    if head.startswith(_GZIP):
        yield "gzipped more than twice", _UNPACK
    # Many control characters in what is neither UTF-16 nor UTF-32; a few zeros are borne.
    sample = head[:4096]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls * _ODD_SHARE > len(sample) and find_encoding(head) == (b"", ""):
        yield "of another kind", _EXPORT
