"""`desk runbook backtest`: a log whose runs, limits and natural ends are counted by hand here."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk_charter import Charter, load_charter
from desk_charter.runbook_checks import RUNBOOKS
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.errors import DeskError, Invalid, NotFound, Rejected
from desk_contracts.events.automation import RunStarted
from desk_contracts.events.changes import ChangeKind, ChangePlanned
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.value_types import Severity, SubjectKind
from desk_runbooks.backtest_report import Backtest, backtest
from desk_runbooks.commands import runbook_app
from desk_runbooks.past_events import PastEvents
from typer.testing import CliRunner, Result

ROOT = Path(__file__).parents[3]
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def charter() -> Charter:
    return load_charter(ROOT / "charter")


def event(subject: str, after: timedelta, data: Payload) -> AnyEvent:
    id = f"{data.TYPE}/{subject}/{after}"
    return Event(id=id, source="/desk/triage", subject=subject, time=START + after, data=data)


def raised(
    subject: str, after: timedelta, episode: str, person: str = "", signal: str = "disk-filling"
) -> AnyEvent:
    data = SignalRaised(
        episode=episode, detector="threshold", signal=signal, title="x",
        severity=Severity.WARNING, subject_kind=SubjectKind.DEVICE, measurement="disk.free.percent",
        value=4.0, threshold=10.0, person=person,
        attributes={"agent_url": "http://agent.example:9000"},
    )  # fmt: skip
    return event(subject, after, data)


def cleared(subject: str, after: timedelta, episode: str) -> AnyEvent:
    data = SignalCleared(episode=episode, detector="threshold", signal="disk-filling", value=40.0)
    return event(subject, after, data)


async def play(
    charter: Charter, events: Sequence[AnyEvent], runbook: str = "clean-disk"
) -> Backtest:
    past = PastEvents()
    for item in events:
        past.add(item)
    past.put_in_order()
    chosen = next(item for item in charter.of(RUNBOOKS) if item.id == runbook)
    return await backtest(past, charter, chosen)


async def test_runs_targets_people_and_those_at_once_are_counted(charter: Charter) -> None:
    report = await play(
        charter,
        [
            raised("laptop-1", 0 * MINUTE, "e1", "ann"),
            raised("laptop-2", timedelta(seconds=5), "e2", "ann"),
            raised("laptop-3", timedelta(seconds=10), "e3"),
            raised("laptop-4", 60 * MINUTE, "e4", "bo"),
            raised("laptop-5", 61 * MINUTE, "e5", signal="vpn-failing"),
            raised("laptop-6", timedelta(days=1), "e6", "cy"),
            cleared("laptop-6", timedelta(days=1, minutes=9), "e6"),
        ],
    )
    assert (report.read, report.matched, report.acted, report.targets) == (6, 5, 5, 5)
    assert (report.people, report.without_person, report.most_in_a_day) == (3, 1, 4)
    # Each holds its target until the end of its window of 30 s, so the first three overlap.
    assert report.most_at_once == 3
    assert report.held_back == {}


async def test_a_run_that_a_limit_holds_back_is_counted_by_it(charter: Charter) -> None:
    report = await play(
        charter,
        [
            raised("laptop-1", 0 * MINUTE, "e1"),
            raised("laptop-1", 5 * MINUTE, "e2"),
            raised("laptop-1", 30 * MINUTE, "e3"),
            raised("laptop-1", 50 * MINUTE, "e4"),
            # The fifth of a day waits for longer than a run may wait, so people get it.
            raised("laptop-1", 70 * MINUTE, "e5"),
            cleared("laptop-1", 300 * MINUTE, "e5"),
        ],
    )
    assert report.held_back == {"cooldown": 1, "per_day": 1}
    assert (report.acted, report.held_back_runs, report.held_back_and_acted) == (4, 2, 1)
    assert report.did_not_act == {"handed to people": 1}


async def test_two_at_one_moment_on_a_target_wait_for_each_other(charter: Charter) -> None:
    report = await play(
        charter,
        [
            raised("laptop-1", 0 * MINUTE, "e1"),
            raised("laptop-1", timedelta(seconds=1), "e2"),
            cleared("laptop-9", 60 * MINUTE, "e9"),
        ],
    )
    assert report.held_back == {"target busy": 1, "cooldown": 1}
    assert (report.acted, report.most_at_once) == (2, 1)


async def test_what_cleared_by_itself_before_or_after_the_act_is_told_apart(
    charter: Charter,
) -> None:
    report = await play(
        charter,
        [
            # Over within the second that the runbook waits.
            raised("laptop-1", 0 * MINUTE, "e1"),
            cleared("laptop-1", timedelta(milliseconds=500), "e1"),
            raised("laptop-2", 10 * MINUTE, "e2"),
            cleared("laptop-2", 30 * MINUTE, "e2"),
            raised("laptop-3", 40 * MINUTE, "e3"),
            event("laptop-3", 41 * MINUTE, started("e3")),
            cleared("laptop-3", 42 * MINUTE, "e3"),
            # The desk came when it was over: that proves nothing against its end by itself.
            raised("laptop-4", 50 * MINUTE, "e4"),
            cleared("laptop-4", 51 * MINUTE, "e4"),
            event("laptop-4", 52 * MINUTE, started("e4")),
            raised("laptop-5", 60 * MINUTE, "e5"),
            raised("laptop-6", 61 * MINUTE, "e6"),
        ],
    )
    natural = report.natural
    assert (natural.alone, natural.alone_before) == (3, 1)
    assert (natural.unknown, natural.still_open) == (1, 2)
    assert natural.half_within == MINUTE
    assert report.did_not_act == {"over before its turn": 1, "not begun when the log ends": 1}


def started(episode: str) -> RunStarted:
    return RunStarted(run="r", runbook="clean-disk", version="v", title="x", episode=episode)


async def test_an_event_that_the_log_has_twice_counts_once(charter: Charter) -> None:
    events = [raised("laptop-1", 0 * MINUTE, "e1"), cleared("laptop-1", 5 * MINUTE, "e1")]
    once, twice = await play(charter, events), await play(charter, [*events, *events])
    assert once == twice


async def test_a_runbook_that_only_observes_is_played_as_if_it_acted(charter: Charter) -> None:
    quiet = tuple(
        runbook.model_copy(update={"mode": "observe"}) if runbook.id == "clean-disk" else runbook
        for runbook in charter.of(RUNBOOKS)
    )
    observing = charter.model_copy(update={"obeyed": {**charter.obeyed, RUNBOOKS.name: quiet}})
    events = [raised("laptop-1", 0 * MINUTE, "e1"), cleared("laptop-1", 5 * MINUTE, "e1")]
    report = await play(observing, events)
    assert (report.mode, report.acted) == ("observe", 1)


async def test_without_a_signal_nothing_is_reported(charter: Charter) -> None:
    with pytest.raises(Rejected, match="nothing can be played back"):
        await play(charter, [cleared("laptop-1", MINUTE, "e1")])


def line_of(item: AnyEvent) -> str:
    document = {
        "specversion": "1.0",
        "id": item.id,
        "source": item.source,
        "type": item.type,
        "subject": item.subject,
        "time": item.time.isoformat(),
        "data": item.data.model_dump(mode="json"),
    }
    return json.dumps(document)


def run(*arguments: str) -> Result:
    charter = ("--charter", str(ROOT / "charter"))
    return CliRunner().invoke(runbook_app, ["backtest", *arguments, *charter])


def test_a_file_is_played_back_for_people_and_programs(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    events = [raised("laptop-1", 0 * MINUTE, "e1"), cleared("laptop-1", 5 * MINUTE, "e1")]
    log.write_text("\n".join(map(line_of, events)), "utf-8")
    shown = run("clean-disk", "--file", str(log)).output
    assert "would have acted: 1 times on 1 targets, at most 1 in a day (UTC)" in shown
    assert "cleared without a run: 1 of 1 (0 before it acted), half of them within 5m" in shown
    report = json.loads(run("clean-disk", "--file", str(log), "--json").output)
    assert (report["acted"], report["natural"]["alone"]) == (1, 1)


def test_what_was_before_a_moment_is_not_played_and_uses_up_no_limit(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    end = cleared("laptop-1", 90 * MINUTE, "e2")
    events = [raised("laptop-1", 0 * MINUTE, "e1"), raised("laptop-1", 5 * MINUTE, "e2"), end]
    log.write_text("\n".join(map(line_of, events)), "utf-8")
    every = json.loads(run("clean-disk", "--file", str(log), "--json").output)
    since = (START + 2 * MINUTE).isoformat()
    late = json.loads(run("clean-disk", "--file", str(log), "--since", since, "--json").output)
    assert (every["matched"], late["matched"]) == (2, 1)
    assert (every["held_back_runs"], late["held_back_runs"]) == (1, 0)
    assert datetime.fromisoformat(late["since"]) == START + 5 * MINUTE
    after = (START + 20 * MINUTE).isoformat()
    refused = run("clean-disk", "--file", str(log), "--since", after).exception
    assert "no signals and no requests since 2026-03-02 09:20" in str(refused)
    assert isinstance(run("clean-disk", "--since", "soon").exception, Invalid)


async def test_an_announced_change_counts_as_a_limit(
    charter: Charter,
) -> None:
    change = ChangePlanned(
        change="CHG-1",
        kind=ChangeKind.MAINTENANCE,
        title="Exchange",
        starts=START,
        ends=START + 30 * MINUTE,
    )
    item = raised("laptop-1", 10 * MINUTE, "e1")
    assert isinstance(item.data, SignalRaised)
    data = item.data.model_copy(update={"service": "laptop"})
    events = [event("laptop", 0 * MINUTE, change), event("laptop-1", 10 * MINUTE, data)]
    events.append(cleared("laptop-1", 40 * MINUTE, "e1"))
    report = await play(charter, events)
    assert (report.matched, report.acted, report.held_back) == (1, 0, {"window": 1})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "nothing can be played back"),
        ('{"id": 1', "log.jsonl:1: "),
        ('{"specversion": "1.0", "type": "desk.unheard.of.v1", "subject": "x"}', "log.jsonl:1: "),
    ],
    ids=["empty", "no JSON", "no event"],
)
def test_a_file_that_is_no_log_is_refused_with_its_line(
    tmp_path: Path, text: str, sentence: str
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(text, "utf-8")
    refused = run("clean-disk", "--file", str(log)).exception
    assert isinstance(refused, DeskError)
    assert sentence in str(refused)


def test_a_file_or_runbook_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert isinstance(run("clean-disk", "--file", str(tmp_path / "none")).exception, Invalid)
    assert isinstance(run("clean-dish", "--file", str(tmp_path / "none")).exception, NotFound)
