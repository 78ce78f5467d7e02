"""Patterns over time in the charter: what is refused, with file and line, and what is accepted."""

import shutil
from pathlib import Path

import pytest
from desk_automation.matching.charter import RUNBOOKS
from desk_charter import load_charter
from desk_charter.problems import InvalidCharter
from desk_charter.runbooks import Runbook
from desk_testing.processes import CHARTER

WHEN = 'when: data.signal == "app-crash"'
BOOK = """\
id: calm-app
title: Restart an application that ends again and again
why: To see what a pattern refuses.
owner_team: workplace
risk: disruptive
mode: approve
expires: 2030-12-31
{when}
steps:
  - id: restart
    kind: act
    effect: keyed
    request: {{method: POST, url: "http://127.0.0.1:9000/v1/actions/restart"}}
escalate: {{title: "${{target}} goes on"}}
{more}
"""
TEST = """\
tests:
  - name: Three of them
    subject: laptop-1
    events:
      - {{data: {{signal: app-crash}}}}
      - {{at: {second}, data: {{signal: app-crash}}}}
      - {{at: 8m, data: {{signal: app-crash}}}}
    expect: {expect}
"""
COUNT = "when: {count: {of: 'data.signal == \"app-crash\"', at_least: 3, within: 10m}}"


def charter_with(folder: Path, when: str, more: str = "") -> Path:
    charter = folder / "charter"
    shutil.copytree(CHARTER, charter)
    text = BOOK.format(when=when, more=more)
    (charter / "runbooks" / "calm-app.yaml").write_text(text, encoding="utf-8")
    return charter


def read(folder: Path, when: str, more: str = "") -> Runbook:
    runbooks = load_charter(charter_with(folder, when, more), [RUNBOOKS]).of(RUNBOOKS)
    return next(runbook for runbook in runbooks if runbook.id == "calm-app")


@pytest.mark.parametrize(
    ("when", "place", "sentence"),
    [
        ("count: {of: data.singal == 'x', at_least: 3, within: 10m}", "count.of", "'data.singal'"),
        ("count: {of: data.value == 'x', at_least: 3, within: 10m}", "count.of", "the types in"),
        ("count: {of: data.value > 1.0, at_least: 3, within: 10}", "count.within", "has no unit"),
        ("count: {of: data.value > 1.0, at_least: 1, within: 10m}", "count.at_least", "2"),
        ("count: {of: data.value > 1.0, at_least: 501, within: 10m}", "count.at_least", "500"),
        ("count: {of: data.value > 1.0, at_least: 3, within: 8d}", "count", "from 1ms to 7d"),
        ("count: {of: data.value > 1.0, at_least: 3}", "count.within", "missing"),
        (
            "distinct: {of: data.value > 1.0, value: data.room, at_least: 2, within: 1h}",
            "distinct.value",
            "'data.room' is not in this event",
        ),
        (
            "distinct: {of: data.value > 1.0, value: subject, at_least: 2, within: 1h}",
            "distinct.value",
            "is no data.… or event.…",
        ),
        ("sequence: {parts: [data.value > 1.0], within: 1h}", "sequence.parts", "2"),
        (
            "sequence: {parts: [data.value > 1.0, {event: desk.signal.cleared.v1,"
            " where: data.value > 1.0}], within: 1h}",
            "sequence.parts[1]",
            "its event starts the run",
        ),
        (
            "absent: {after: data.value > 1.0, no: {event: desk.signal.cleared.v1,"
            " where: data.title == 'x'}, within: 1h}",
            "absent.no",
            "'data.title' is not in this event",
        ),
        (
            "absent: {after: data.value > 1.0, no: {event: desk.ticket.opened.v1,"
            " where: data.title == 'x'}, within: 1h}",
            "absent.no",
            "no pattern reads desk.ticket.opened.v1",
        ),
        ("held: {of: data.value > 1.0, for: 90}", "held.for", "has no unit"),
        ("held: {of: data.value > 1.0, for: 0s}", "held", "'for' is a time from 1ms"),
        ("held: {of: data.value, for: 1m}", "held.of", "neither true nor false"),
        ("once: data.value > 1.0, quiet: 1h", "", "'quiet' belongs to a pattern"),
        ("quiet: 1h", "", "write exactly one of 'once', 'count'"),
        (
            "held: {of: data.value > 1.0, for: 1m}, count: {of: data.value > 1.0, at_least: 2,"
            " within: 1m}",
            "",
            "write exactly one of",
        ),
        ("held: {of: data.value > 1.0, for: 1m}, lateness: 1h", "", "'lateness' is at most 10m"),
        ("held: {of: data.value > 1.0, for: 1m}, flap: {changes: 4}", "flap.within", "missing"),
    ],
)
def test_a_pattern_that_would_fail_or_never_match_is_refused_where_it_stands(
    tmp_path: Path, when: str, place: str, sentence: str
) -> None:
    with pytest.raises(InvalidCharter) as refused:
        read(tmp_path, f"when: {{{when}}}")
    [problem] = refused.value.problems
    assert problem.file == "runbooks/calm-app.yaml"
    assert problem.line == 8
    assert problem.path == ".".join(["runbooks.calm-app.when", place]).rstrip(".")
    assert sentence in problem.sentence


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("fleet_guard: {more_than: 3, within: 10m}", "a fleet guard counts single events"),
        ("match: {by: [subject]}", "a pattern is one of each subject"),
        ("event: desk.ticket.fulfilment-requested.v1", "a pattern over time is one of signals"),
        (TEST.format(second="3m", expect="ignore"), "start a run, but 'expect: ignore'"),
        (TEST.format(second="-3m", expect="run"), "is not a duration"),
    ],
)
def test_what_does_not_go_with_a_pattern_is_refused(
    tmp_path: Path, more: str, sentence: str
) -> None:
    with pytest.raises(InvalidCharter) as refused:
        read(tmp_path, COUNT, more)
    assert any(sentence in problem.sentence for problem in refused.value.problems)
    assert all(problem.line > 1 for problem in refused.value.problems)


def test_a_test_of_one_event_says_nothing_about_a_pattern(tmp_path: Path) -> None:
    more = "tests: [{name: One, subject: laptop-1, data: {signal: app-crash}, expect: ignore}]"
    with pytest.raises(InvalidCharter) as refused:
        read(tmp_path, COUNT, more)
    assert "needs 'events', since 'when' is a pattern" in str(refused.value)
    shutil.rmtree(tmp_path / "charter")
    with pytest.raises(InvalidCharter) as refused:
        read(tmp_path, WHEN, TEST.format(second="3m", expect="run"))
    assert "needs 'data'" in str(refused.value)


def test_a_pattern_with_its_tests_is_accepted(tmp_path: Path) -> None:
    runbook = read(tmp_path, COUNT, TEST.format(second="3m", expect="run"))
    assert runbook.when.count is not None
    assert runbook.when.starting_condition == 'data.signal == "app-crash"'


def test_one_event_may_be_written_in_both_forms_and_is_the_same_version(tmp_path: Path) -> None:
    short = read(tmp_path, WHEN)
    shutil.rmtree(tmp_path / "charter")
    long = read(tmp_path, "when: {once: 'data.signal == \"app-crash\"'}")
    assert short == long
    assert short.model_dump(exclude_defaults=True)["when"] == 'data.signal == "app-crash"'
