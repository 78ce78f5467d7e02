"""What a runbook would have done with the past, counted; what the log does not say is unknown."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median

from desk_automation.runs.model import Run
from desk_automation.runs.plan import version_of
from desk_charter import Charter
from desk_charter.runbooks import Runbook
from desk_charter.value_types import write_duration
from desk_contracts.errors import Rejected

from desk_runbooks.backtest import Played, play_back
from desk_runbooks.past_events import PastEvents
from desk_runbooks.simulation import codes_of

# By the code of the reason, what became of a run that sent nothing.
_FATES = {
    "run.signal-cleared-before": "over before its turn",
    "run.same-already": "the same runbook was at it",
    "run.not-planned": "a parameter has no value",
    "run.limit-reached": "handed to people",
    "run.would-wait-too-long": "handed to people",
    "run.may-not-act": "handed to people",
    "run.breaker-open": "counted beside its cause, since the breaker is open",
}


@dataclass(slots=True)
class Natural:
    """How the troubles ended in the log: one for each run that matched."""

    alone: int = 0
    """Cleared, and nothing of the desk had acted by then: by itself, or by people."""
    alone_before: int = 0
    """Of these, those that were over before this runbook would have acted."""
    half_within: timedelta | None = None
    """Half of these took no longer."""
    still_open: int = 0
    """Not cleared when the log ends."""
    unknown: int = 0
    """A run of the desk or the device itself acted meanwhile."""
    requests: int = 0
    """What people ask for does not heal."""


@dataclass(slots=True)
class Backtest:
    """How a runbook would have done on a log."""

    runbook: str
    version: str
    mode: str
    since: datetime
    until: datetime
    read: int
    unreadable: int
    matched: int
    acted: int
    most_in_a_day: int
    targets: int
    people: int
    without_person: int
    most_at_once: int
    most_at_once_at: datetime | None
    held_back: dict[str, int] = field(default_factory=dict)
    held_back_runs: int = 0
    held_back_and_acted: int = 0
    did_not_act: dict[str, int] = field(default_factory=dict)
    natural: Natural = field(default_factory=Natural)


async def backtest(past: PastEvents, charter: Charter, runbook: Runbook) -> Backtest:
    """The report; `Rejected` where the log has nothing that starts runbooks."""
    read = past.raised + past.requested
    if not read or past.since is None or past.until is None:
        if past.begin is not None:
            raise Rejected(
                f"The log holds no signals and no requests since {past.begin:%F %R} UTC."
            )
        raise Rejected(
            "The log holds no signals and no requests, so nothing can be played back. Try it on a"
            " desk that ran for a while, or name a file of CloudEvents (JSON Lines) with --file."
        )
    played = await play_back(past, past.until, charter, runbook.id)
    acted = [played.runs[id] for id in played.acted]
    held = {id for ids in played.held.values() for id in ids}
    rest = [run for run in played.runs.values() if run.id not in played.acted]
    days = Counter(at.date() for at in played.acted.values())
    people = {run.trigger.person for run in acted} - {""}
    return Backtest(
        runbook=runbook.id,
        version=version_of(runbook),
        mode=runbook.mode_on(datetime.now(UTC).date()),
        since=past.since,
        until=past.until,
        read=read,
        unreadable=past.unreadable,
        matched=len(played.runs),
        acted=len(acted),
        most_in_a_day=max(days.values(), default=0),
        targets=len({run.target for run in acted}),
        people=len(people),
        without_person=sum(not run.trigger.person for run in acted),
        most_at_once=played.most_at_once,
        most_at_once_at=played.most_at_once_at,
        held_back={name: len(ids) for name, ids in sorted(played.held.items())},
        held_back_runs=len(held),
        held_back_and_acted=len(held & set(played.acted)),
        did_not_act=dict(Counter(map(_find_fate, rest)).most_common()),
        natural=_count_natural(past, past.until, played),
    )


def _find_fate(run: Run) -> str:
    if not run.has_ended:
        return "not begun when the log ends"
    codes = list(codes_of(run.reason))
    return next((_FATES[code] for code in codes if code in _FATES), codes[0] if codes else "ended")


def _count_natural(past: PastEvents, until: datetime, played: Played) -> Natural:
    natural, lasted = Natural(), list[float]()
    for run in played.runs.values():
        trigger = run.trigger
        if trigger.request:
            natural.requests += 1
            continue
        cleared = past.cleared.get(trigger.episode)
        end = cleared or until
        began = past.started.get(trigger.episode)
        applied = past.applied.get(trigger.subject, ())
        is_acted = began is not None and began <= end
        is_acted = is_acted or any(trigger.at <= at <= end for at in applied)
        if is_acted or (cleared is None and trigger.episode in past.dropped):
            natural.unknown += 1
        elif cleared is None:
            natural.still_open += 1
        else:
            natural.alone += 1
            natural.alone_before += "run.signal-cleared-before" in codes_of(run.reason)
            lasted.append(max(0.0, (cleared - trigger.at).total_seconds()))
    natural.half_within = timedelta(seconds=median(lasted)) if lasted else None
    return natural


def describe_backtest(report: Backtest) -> Iterator[str]:
    """The report in lines."""
    yield f"{report.runbook} (version {report.version}), played as auto; its mode is {report.mode}"
    yield (
        f"log: {report.since:%Y-%m-%d %H:%M} to {report.until:%Y-%m-%d %H:%M} UTC,"
        f" {report.read:,} signals and requests"
        + (f", {report.unreadable:,} records could not be read" if report.unreadable else "")
    )
    yield f"matched: {report.matched:,} times"
    if not report.matched:
        return
    yield (
        f"would have acted: {report.acted:,} times on {report.targets:,} targets, at most"
        f" {report.most_in_a_day:,} in a day (UTC)"
    )
    yield (
        f"people: {report.people:,}"
        + (f"; {report.without_person:,} runs name nobody" if report.without_person else "")
    )
    at = f" ({report.most_at_once_at:%Y-%m-%d %H:%M} UTC)" if report.most_at_once_at else ""
    yield f"at once: at most {report.most_at_once:,}{at}"
    yield from _describe_held(report)
    for fate, number in report.did_not_act.items():
        yield f"did not act: {number:,}, {fate}"
    yield from _describe_natural(report)
    yield "Taken for granted: guards pass, acts are done, and it helps by the end of 'verify'."
    yield "Nothing was sent."


def _describe_held(report: Backtest) -> Iterator[str]:
    if not report.held_back_runs:
        yield "held back by limits: none"
        return
    limits = ", ".join(f"{name} {number:,}" for name, number in report.held_back.items())
    yield (
        f"held back by limits: {report.held_back_runs:,} ({limits});"
        f" {report.held_back_and_acted:,} of them acted later"
    )


def _describe_natural(report: Backtest) -> Iterator[str]:
    natural = report.natural
    troubles = report.matched - natural.requests
    if not troubles:
        yield "healed by themselves: no question, these are requests of people"
        return
    line = f"cleared without a run: {natural.alone:,} of {troubles:,}"
    if natural.half_within is not None:
        half = write_duration(timedelta(seconds=round(natural.half_within.total_seconds())))
        line += f" ({natural.alone_before:,} before it acted), half of them within {half}"
    yield line + "; by themselves or by people, which the log does not say"
    if natural.still_open:
        yield f"not cleared when the log ends: {natural.still_open:,}"
    if natural.unknown:
        yield (
            f"unknown whether it would have cleared: {natural.unknown:,}, since a run or the"
            " device itself acted meanwhile"
        )
