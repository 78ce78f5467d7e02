"""What a team is told of a run that did not help: its newest lines, as far as an event has room."""

from pathlib import Path

import pytest
from desk_automation.matching.by_person import RunRequest, request_run
from desk_automation.runs.events import MAX_EVIDENCE_BYTES, MAX_LINES, collect_evidence
from desk_automation.runs.model import Entry
from desk_charter import load_charter
from desk_contracts.events.automation import Evidence, StepStatus
from desk_contracts.message import verbatim

from tests.support.automation_engine import START, Engine, runbook

CHARTER = Path(__file__).parents[3] / "charter"


def evidence_of(*texts: str) -> tuple[Evidence, ...]:
    """The evidence of a run whose steps answered this."""
    chosen = runbook()
    request = RunRequest("r1", "laptop-1", "ana", "x", {"agent_url": "http://a.example"})
    run = request_run(load_charter(CHARTER), chosen, request, Engine((chosen,)).policy, START).state
    journal = tuple(
        Entry(
            position=number, step="clean", kind="act", executor="http", attempt=1, token=1,
            status=StepStatus.DONE, at=START, message=verbatim(text),
        )
        for number, text in enumerate(texts)
    )  # fmt: skip
    plan = run.plan.model_copy(update={"verify": None})
    return collect_evidence(run.model_copy(update={"journal": journal, "plan": plan}))


def size_of(line: Evidence) -> int:
    return len(line.model_dump_json().encode())


@pytest.mark.parametrize(("more", "left_out"), [(0, 0), (1, 1)])
def test_32_kibibytes_are_told_and_with_one_byte_more_the_oldest_line_is_not(
    more: int, left_out: int
) -> None:
    full = "x" * 1_000
    count, room = divmod(32 * 1_024, size_of(evidence_of(full)[0]))
    oldest = "x" * (room - size_of(evidence_of("")[0]) + more)
    assert size_of(evidence_of(oldest)[0]) == room + more
    assert count + 1 <= MAX_LINES
    lines = evidence_of(oldest, *[full] * count)
    assert len(lines) == count + 1 - left_out
    assert lines[0].left_out == left_out


def test_an_answer_in_quotation_marks_takes_the_room_that_it_takes_on_the_wire() -> None:
    text = '"' * 1_024
    lines = evidence_of(*[text] * 16)
    assert len(lines) < 16
    assert lines[0].left_out == 16 - len(lines)
    assert sum(map(size_of, lines)) <= MAX_EVIDENCE_BYTES + len(',"left_out":99')


@pytest.mark.parametrize(("steps", "left_out"), [(MAX_LINES, 0), (MAX_LINES + 2, 2)])
def test_the_newest_thirty_lines_are_told(steps: int, left_out: int) -> None:
    lines = evidence_of(*(f"answer {number}" for number in range(steps)))
    assert [line.message for line in lines] == [
        verbatim(f"answer {number}") for number in range(left_out, steps)
    ]
    assert [line.left_out for line in lines] == [left_out, *[0] * (MAX_LINES - 1)]
    assert MAX_LINES == 30
