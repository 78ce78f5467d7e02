"""CSV as spreadsheets and desks write it: one row's fault is never another row's."""

from pathlib import Path

import pytest
from desk_contracts.errors import Invalid
from desk_metrics.history.exports.model import ExportRecord
from desk_metrics.history.exports.store import read_records

from tests.support.metrics_exports import TICKETS, csv_file


def read_text(folder: Path, text: str) -> list[ExportRecord]:
    return list(read_records(csv_file(folder, text), TICKETS))


def values(folder: Path, text: str) -> list[dict[str, str]]:
    records = read_text(folder, text)
    assert not [record.broken for record in records if record.broken]
    return [record.values for record in records]


ROW = {"no": "1", "title": "b"}


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\nno;title\r\n1;b\r\n",
        '"sep=;"\nno;title\n1;b\n',
        "SEP=\t\nno\ttitle\n1\tb\n",
        "\n\n sep=;\nno;title;\n1;b;\n",
        "no;title\n1;b;\n",
        "no;title;\n1;b\n",
        "no;title;;\n1;b;;;;\n",
        '"no";"title"\n"1";"b"; ;\n',
        "\ufeff\ufeffno,title\n1,b\n",
    ],
)
def test_what_spreadsheets_add_is_no_part_of_the_row(tmp_path: Path, text: str) -> None:
    assert values(tmp_path, text) == [ROW]


def test_delimiters_inside_quotes_of_the_header_do_not_count(tmp_path: Path) -> None:
    text = '"no","title; of; the; ticket"\n1,b\n'
    assert values(tmp_path, text) == [{"no": "1", "title; of; the; ticket": "b"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_break_in_a_header_field_is_a_blank(tmp_path: Path, end: str) -> None:
    text = f'"no","title{end}of   it"{end}1,b{end}'
    assert values(tmp_path, text) == [{"no": "1", "title of it": "b"}]


def test_columns_of_one_name_are_one_with_every_value_once(tmp_path: Path) -> None:
    text = "no,label,x,label,label\n1,a,-,,\n2,,-,a,b\n3,,-,,\n4,a,-,a,a\n"
    assert [record["label"] for record in values(tmp_path, text)] == ["a", "a, b", "", "a"]


def test_a_quote_that_never_closes_costs_its_own_row(tmp_path: Path) -> None:
    rows = "".join(f"{n},t\n" for n in range(2, 5_000))
    first, *others = read_text(tmp_path, f'no,title\n1,"never closed\n{rows}')
    assert (first.row, first.broken) == (
        2,
        "a quote is opened in it and not closed as CSV wants it (line 2)",
    )
    assert [record.values["no"] for record in others] == [str(n) for n in range(2, 5_000)]


def test_a_quote_that_never_closes_before_quoted_rows_costs_its_own_row(tmp_path: Path) -> None:
    rows = "".join(f'{n},"t{n}"\n' for n in range(2, 100))
    first, *others = read_text(tmp_path, f'no,title\n1,"never closed\n{rows}')
    assert first.broken
    assert [record.values["title"] for record in others] == [f"t{n}" for n in range(2, 100)]


def test_a_quote_that_never_closes_far_from_the_end_is_given_up(tmp_path: Path) -> None:
    rows = "".join(f"{n},{'x' * 1_000}\n" for n in range(2, 1_500))
    first, *others = read_text(tmp_path, f'no,title\n1,"never closed\n{rows}')
    assert first.broken
    assert len(others) == 1_498
    assert not any(record.broken for record in others)


def test_quotes_inside_a_field_are_read_as_they_stand(tmp_path: Path) -> None:
    text = 'no,title\n1,15" screen\n2,"say ""hi"""\n3,"say "hi" now"\n'
    assert [record["title"] for record in values(tmp_path, text)] == [
        '15" screen',
        'say "hi"',
        'say hi" now"',
    ]


def test_a_field_of_several_lines_is_one_row_and_the_next_line_is_named(tmp_path: Path) -> None:
    record, two, three = read_text(tmp_path, 'no,title\n1,"a\nb\r\nc"\n2\n3,"a\nb",c\n')
    assert record.values["title"] == "a\nb\r\nc"
    assert two.broken == "has 1 fields where the header has 2 (line 5)"
    assert three.broken == "has 3 fields where the header has 2 (lines 6 to 7)"


@pytest.mark.parametrize("length", [1_500_000, 4_100_000, 10_000_000])
def test_a_row_that_is_too_long_is_refused_and_the_next_is_read(
    tmp_path: Path, length: int
) -> None:
    long, good = read_text(tmp_path, f"no,title\n1,{'x' * length}\n2,b\n")
    assert "longer than" in long.broken or "larger than" in long.broken
    assert good.values == {"no": "2", "title": "b"}


def test_a_hundred_thousand_columns_are_read(tmp_path: Path) -> None:
    names = ",".join(f"c{n}" for n in range(100_000))
    [row] = values(tmp_path, f"no,{names}\n1{',' * 100_000}\n")
    assert row["no"] == "1"
    assert len(row) == 100_001


@pytest.mark.parametrize("text", ["", "\n\n", "  \n", "\ufeff", "sep=;\n"])
def test_a_file_of_nothing_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid, match="is empty; export it again"):
        read_text(tmp_path, text)


def test_a_header_that_never_ends_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="header is longer"):
        read_text(tmp_path, "x" * 5_000_000)
    assert read_text(tmp_path, "no,title\n") == []
