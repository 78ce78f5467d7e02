"""`desk replay` reads a file of events: the good are kept, the others named with their line."""

import json
from pathlib import Path

import pytest
from desk_cli import replay
from desk_contracts.errors import Invalid

GOOD = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/monitor",
    "type": "desk.ticket.requested.v1",
    "subject": "ana",
    "time": "2026-03-02T09:00:00Z",
    "data": {"requester": "ana", "title": "My VPN does not connect"},
}


def lines(folder: Path, *documents: object) -> Path:
    file = folder / "events.jsonl"
    texts = [
        document if isinstance(document, str) else json.dumps(document) for document in documents
    ]
    file.write_text("\n".join(texts), encoding="utf-8")
    return file


def test_good_lines_keep_their_ids(tmp_path: Path) -> None:
    good, problems = replay._read(lines(tmp_path, GOOD, "", {**GOOD, "id": "e2"}))
    assert problems == []
    assert [dict(item.headers)["ce_id"] for item in good] == [b"e1", b"e2"]
    assert {item.topic for item in good} == {"desk.requests"}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ({**GOOD, "subject": ""}, "no subject"),
        ({**GOOD, "subject": 3}, "no subject"),
        ({**GOOD, "time": "soon"}, "RFC 3339"),
        ({**GOOD, "type": "desk.nothing.v1"}, "not a type"),
        ({**GOOD, "data": {"title": "No sound"}}, "requester"),
        (
            {**GOOD, "type": "desk.ticket.closed.v1", "data": {"by": "ana"}},
            "only the desk itself writes",
        ),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_kept(
    tmp_path: Path, document: object, sentence: str
) -> None:
    file = lines(tmp_path, GOOD, document, {**GOOD, "id": "e3"})
    good, (problem,) = replay._read(file)
    assert len(good) == 2
    assert problem.startswith(f"{file}:2: ")
    assert sentence in problem


def test_what_readers_make_fit_is_published_as_it_is(tmp_path: Path) -> None:
    """A second replay says the same: no time of its own is made for an event without one."""
    timeless = {name: text for name, text in GOOD.items() if name != "time"}
    data = {"requester": "ana", "title": "x" * 400}
    good, problems = replay._read(lines(tmp_path, timeless, {**GOOD, "data": data}))
    assert problems == []
    assert [json.loads(item.value) for item in good] == [timeless, {**GOOD, "data": data}]
    assert [item.key for item in good] == [b"ana", b"ana"]


@pytest.mark.parametrize(
    "line",
    [b"\xff\xfe", b"[" * 9_000, b'{"subject": "\\ud800"}', b'{"subject": "a", "id": "\\ud83d"}'],
)
def test_bytes_that_are_no_event_are_a_sentence(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(line)
    good, problems = replay._read(file)
    assert (good, len(problems)) == ([], 1)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="There is no file"):
        replay._read(tmp_path / "nothing.jsonl")
