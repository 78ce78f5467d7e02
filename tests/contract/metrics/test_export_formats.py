"""What every kind of export file holds to (ADR 23), those of other packages included.

A row is used or refused, with its number; what is wrong in one costs no other.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from desk_contracts.errors import Invalid
from desk_metrics.adapters.history_files import FORMATS, choose_format
from desk_metrics.history.exports.model import Export, ExportFormat, ExportRecord
from desk_metrics.history.exports.text import LONGEST, TOO_LONG, split_lines
from desk_platform.plugins import Registry

from tests.support.metrics_exports import TICKETS

Rows = Sequence[dict[str, str]]
ROWS: Rows = [{"no": str(number), "title": f"Grüße {number} 😀"} for number in range(1, 6)]


class Pairs:
    """The kind of another package: `no=1;title=Mouse` in each line."""

    def can_read(self, _head: bytes, export: Export) -> bool:
        return export.name.endswith(".pairs")

    def read(self, chunks: Iterator[bytes], _export: Export) -> Iterator[ExportRecord]:
        for line in split_lines(chunks):
            if line.text is TOO_LONG:
                yield ExportRecord(line.number, broken="is too long")
                continue
            pairs = [pair.partition("=") for pair in line.text.rstrip("\r\n").split(";")]
            if all(sign for _, sign, _ in pairs):
                values = {name: value for name, _, value in pairs}
                yield ExportRecord(line.number, values, mended=line.mended)
            elif line.text.strip():
                yield ExportRecord(line.number, broken="has no pairs", mended=line.mended)


def as_csv(rows: Rows) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["no", "title"])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_list(rows: Rows) -> str:
    return "[" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "]"


def as_lines(rows: Rows) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n"


def as_pairs(rows: Rows) -> str:
    return "".join(
        ";".join(f"{name}={value}" for name, value in row.items()) + "\n" for row in rows
    )


@dataclass(frozen=True)
class Kind:
    """A kind, how it writes rows, and what is no row in it."""

    name: str
    write: Callable[[Rows], str]
    suffix: str
    bad: str
    begin: str = ""
    first_row: int = 1


KINDS = (
    Kind("csv", as_csv, ".csv", "only one field\r\n", first_row=2),
    Kind("json", as_list, ".json", '{"no":2],\n'),
    Kind("json-lines", as_lines, ".jsonl", '{"no":2]\n'),
    Kind("pairs", as_pairs, ".pairs", "nothing\n"),
)
WITH_PAIRS: Registry[ExportFormat] = Registry(
    "desk.none", {"pairs": Pairs(), **dict(FORMATS.kinds)}
)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def export_of(kind: Kind, name: str = "") -> Export:
    return Export(Path(name or f"log{kind.suffix}"), TICKETS, lambda _names: None)


def read(kind: Kind, data: bytes, size: int = 1 << 16) -> list[ExportRecord]:
    """The records of the data, given in chunks of so many bytes."""
    chunks = (data[start : start + size] for start in range(0, len(data), size))
    return list(WITH_PAIRS.kind(kind.name).read(chunks, export_of(kind)))


def with_row(kind: Kind, text: str) -> bytes:
    """The file with one more row's text between the second and the third."""
    whole = kind.write(ROWS)
    start = whole.index("\n", whole.index("Grüße 2")) + 1
    return (whole[:start] + text + whole[start:]).encode()


def test_every_kind_of_the_desk_is_under_test_here() -> None:
    assert {kind.name for kind in KINDS} == {*FORMATS.kinds, "pairs"}


@every_kind
def test_a_file_is_recognised_by_its_name_or_its_beginning(kind: Kind) -> None:
    head = kind.write(ROWS).encode()
    chosen = choose_format(head, export_of(kind), WITH_PAIRS)
    assert chosen is WITH_PAIRS.kind(kind.name)
    if kind.name != "pairs":
        assert type(choose_format(head, export_of(kind, "unnamed"))) is type(chosen)


@every_kind
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1 << 16])
def test_every_row_is_read_in_order_wherever_chunks_end(kind: Kind, size: int) -> None:
    records = read(kind, kind.write(ROWS).encode(), size)
    assert [record.values for record in records] == ROWS
    assert [record.row for record in records] == [kind.first_row + place for place in range(5)]
    assert not any(record.broken or record.mended for record in records)


@every_kind
def test_a_bad_row_costs_itself_and_is_named_by_its_number(kind: Kind) -> None:
    records = read(kind, with_row(kind, kind.bad))
    bad = [record for record in records if record.broken]
    assert [record.row for record in bad] == [kind.first_row + 2]
    assert not bad[0].values
    assert [record.values for record in records if not record.broken] == ROWS


@every_kind
def test_a_row_that_is_too_long_is_refused_and_the_next_is_read(kind: Kind) -> None:
    row = [{"no": "x", "title": "x" * (LONGEST + 100_000)}]
    text = kind.write(row).removeprefix("no,title\r\n").removeprefix("[").removesuffix("]")
    records = read(kind, with_row(kind, text + (",\n" if kind.name == "json" else "")))
    assert [record.row for record in records if record.broken] == [kind.first_row + 2]
    assert [record.values for record in records if not record.broken] == ROWS


@every_kind
def test_bytes_of_another_encoding_are_remarked_in_their_row_alone(kind: Kind) -> None:
    data = kind.write(ROWS).encode().replace("Grüße 3".encode(), "Grüße 3".encode("cp1252"))
    records = read(kind, data)
    assert [record.values["title"][:7] for record in records] == [
        f"Grüße {number}" for number in range(1, 6)
    ]
    assert [bool(record.mended) for record in records] == [False, False, True, False, False]


@every_kind
def test_a_file_that_breaks_off_keeps_what_came_before(kind: Kind) -> None:
    whole = kind.write(ROWS).encode()
    for cut in range(whole.index(b"4 "), len(whole)):
        records = read(kind, whole[:cut])
        assert [record.values for record in records[:3]] == ROWS[:3]
        # The last row may be short, or cut at a character; no other is touched.
        assert len(records) <= 6
        assert not any(record.broken for record in records[:3])


@every_kind
def test_nothing_is_read_before_it_is_asked_for(kind: Kind) -> None:
    """So that memory is that of a record, and not of a file."""
    data = kind.write([*ROWS] * 4_000).encode()
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        for start in range(0, len(data), 1 << 12):
            taken += 1
            yield data[start : start + (1 << 12)]

    next(iter(WITH_PAIRS.kind(kind.name).read(chunks(), export_of(kind))))
    assert taken <= 2


@every_kind
def test_a_file_of_nothing_has_no_row_or_is_refused_in_a_sentence(kind: Kind) -> None:
    if kind.name in {"csv", "json"}:
        with pytest.raises(Invalid, match=r"\.$"):
            read(kind, b"")
    else:
        assert read(kind, b"") == []
