"""JSON as interfaces answer and pages are joined: an item's fault is its own."""

import json
from pathlib import Path

import pytest
from desk_contracts.errors import Invalid
from desk_metrics.history.exports.model import ExportRecord
from desk_metrics.history.exports.store import load_mapping, read_records

from tests.support.metrics_exports import TICKETS, csv_file, histories_of, list_types

FIRST, SECOND, THIRD = ({"no": str(n), "t": 'x], "{'} for n in (1, 2, 3))
KEYED = TICKETS.model_copy(update={"records": ("issues", "result")})


def read_text(folder: Path, text: str, name: str = "a.json") -> list[ExportRecord]:
    mapping = KEYED if text.lstrip().startswith("{") else TICKETS
    return list(read_records(csv_file(folder, text, name), mapping))


def joined(*items: object) -> str:
    return ",".join(record if isinstance(record, str) else json.dumps(record) for record in items)


@pytest.mark.parametrize(
    "bad",
    [
        '{"no":"2",bad}',
        '{"no":2]',
        "2",
        '"two, ] or"',
        "null",
        "[2]",
        "nonsense",
        '{"no":' + "9" * 5_000 + "}",
        '{"a":' + "[" * 50_000 + "]" * 50_000 + "}",
    ],
)
def test_an_item_that_is_no_record_is_refused_by_itself(tmp_path: Path, bad: str) -> None:
    record, two, three = read_text(tmp_path, f"[{joined(FIRST, bad, THIRD)}]")
    assert (record.values, three.values) == (FIRST, THIRD)
    assert two.row == 2
    assert two.broken


@pytest.mark.parametrize("bad", ['{"no":"2,"t":"x"}', '{"no":"2}', '{"no":{"a":"2"}'])
def test_an_item_that_never_closes_costs_itself(tmp_path: Path, bad: str) -> None:
    plain = [{"no": str(n)} for n in range(3, 60)]
    first, broken, *others = read_text(tmp_path, f"[{joined(FIRST, bad, *plain)}]")
    assert first.values == FIRST
    assert "closed" in broken.broken
    assert [record.values for record in others] == plain


def test_an_item_that_is_too_long_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    record, long, three = read_text(tmp_path, f"[{joined(FIRST, {'no': 'x' * 5_000_000}, THIRD)}]")
    assert "longer than" in long.broken
    assert (record.values, three.values) == (FIRST, THIRD)


@pytest.mark.parametrize("end", ["", ",", ', {"no": "2"', ', {"no": "2', ', {"no'])
def test_a_list_that_breaks_off_says_so(tmp_path: Path, end: str) -> None:
    record, broken = read_text(tmp_path, f"[{joined(FIRST)}{end}")
    assert record.values == FIRST
    assert (broken.row, bool(broken.broken)) == (2, True)


@pytest.mark.parametrize(
    "text",
    [
        f"[{joined(FIRST, SECOND)}]",
        f"[{joined(FIRST)}]\n[{joined(SECOND)}]",
        f"[{joined(FIRST)},\n{joined(SECOND)},]",
        f'{{"issues":[{joined(FIRST)}]}}\n{{"issues":[{joined(SECOND)}]}}',
        f'{{"total":2,"result" : [{joined(FIRST, SECOND)}],"z":{{}}}}',
        f"{joined(FIRST)}\n{joined(SECOND)}\n",
        f"{joined(FIRST)}\r{joined(SECOND)}",
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.txt", "a"])
def test_pages_that_were_joined_and_lines_are_read_whatever_the_name(
    tmp_path: Path, text: str, name: str
) -> None:
    assert [record.values for record in read_text(tmp_path, text, name)] == [FIRST, SECOND]


def test_what_stands_after_a_list_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    record, after = read_text(tmp_path, f"[{joined(FIRST)}]\n{joined(SECOND)}")
    assert record.values == FIRST
    assert "after the list" in after.broken


@pytest.mark.parametrize("text", ["", "{}", '{"tickets":[]}', "nothing", '{"a":\n{}}', "{" * 9])
def test_json_without_a_list_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid, match="'records' in the mapping"):
        read_text(tmp_path, text)


def test_references_are_known_by_what_people_read_of_them(tmp_path: Path) -> None:
    item = {
        "team": {"display_value": "Network", "link": "https://x.example/1", "value": "9f"},
        "owner": {"link": "https://x.example/2", "value": "7a"},
        "status": {"name": "Open", "category": {"name": "To do"}},
        "parts": [{"name": "Printing"}, {"name": "Rooms"}],
        "labels": ["a", 2, None, True],
        "none": None,
        "empty": {},
    }
    [record] = read_text(tmp_path, f"[{joined(item)}]")
    wanted = {
        "team": "Network",
        "team.value": "9f",
        "owner": "7a",
        "status": "Open",
        "status.category.name": "To do",
        "parts": "Printing, Rooms",
        "parts.name": "Printing, Rooms",
        "labels": "a, 2, true",
    }
    assert record.values.items() >= wanted.items()
    assert "none" not in record.values


def test_the_answer_of_a_rest_interface_is_read_by_its_mapping(tmp_path: Path) -> None:
    answer = {
        "result": [
            {
                "number": {"display_value": "INC7", "value": "INC7"},
                "opened_at": {"display_value": "02/03/2026 10:10", "value": "2026-03-02 09:10:00"},
                "sys_updated_on": {"value": "2026-03-02 09:20:00"},
                "incident_state": {"display_value": "In Progress", "value": "2"},
                "assignment_group": {"display_value": "Network", "link": "x", "value": "9f"},
                "short_description": {"display_value": "No VPN", "value": "No VPN"},
            }
        ]
    }
    path = csv_file(tmp_path, json.dumps(answer), "a.json")
    [events], run = histories_of(path, load_mapping("servicenow"))
    assert not run.summary.remarked
    assert list_types(events) == ["opened", "assigned", "started"]
    assert events[0].event.time.isoformat() == "2026-03-02T09:10:00+00:00"


def test_nesting_without_end_is_left_at_some_depth(tmp_path: Path) -> None:
    deep = '{"a":' * 400 + "1" + "}" * 400
    [record] = read_text(tmp_path, f'[{{"no":"1","deep":{deep}}}]')
    assert record.values["no"] == "1"
