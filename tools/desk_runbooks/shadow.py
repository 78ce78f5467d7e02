"""What a runbook would start by the log as it grows: nothing is started, and nothing is written."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from aiokafka import AIOKafkaConsumer
from desk_automation.adapters.executors.registry import EXECUTORS
from desk_automation.matching.decide import Raised, RunPolicy, run_id, start_run
from desk_automation.matching.rulebook import Rules, compile_rules
from desk_automation.pattern_windows.decide import find_next, hear_event, let_time_pass
from desk_automation.patterns.decide import clear_matches
from desk_automation.patterns.model import Match, SubjectWindows
from desk_automation.patterns.rules import PatternRule, match_run_id, restore
from desk_automation.runs.model import Phase
from desk_charter import Charter
from desk_charter.runbooks import Runbook
from desk_cli.options import settings
from desk_contracts import AnyEvent, names
from desk_contracts.errors import Invalid
from desk_contracts.events.fulfilment import TicketFulfilmentRequested
from desk_contracts.events.signals import SignalRaised
from desk_platform.kafka.deserializer import RecordDecoder
from desk_platform.kafka.records import find_arrival
from desk_platform.kafka.topic_reader import reader

# Far more subjects than have trouble at once; of the oldest beyond it is no longer counted.
MOST_SUBJECTS = 100_000
_POLL_MS = 250
_STARTING = frozenset({SignalRaised.TYPE, TicketFulfilmentRequested.TYPE})
Say = Callable[[str], None]


@dataclass(slots=True)
class Tally:
    """What was read, and what would have come of it."""

    read: int = 0
    unreadable: int = 0
    starts: int = 0
    late: int = 0
    quiet: int = 0
    flapping: int = 0
    given_up: int = 0


@dataclass(slots=True)
class Shadow:
    """One runbook beside the log: automation's own matcher and planning, all in memory."""

    charter: Charter
    runbook: Runbook
    tally: Tally = field(default_factory=Tally)
    _windows: dict[str, SubjectWindows] = field(default_factory=dict)
    _rules: Rules = field(init=False)
    _patterns: tuple[PatternRule, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._rules, self._patterns = compile_rules([self.runbook])

    def hear(self, event: AnyEvent, arrived: datetime, now: datetime) -> Iterator[str]:
        """What an event would have started, in lines."""
        self.tally.read += 1
        if event.type in _STARTING:
            raised = cast("Raised", event)
            for _ in self._rules.find_matching(raised):
                yield from self._describe(raised, run_id(raised, self.runbook), "", None, now)
        before = self._windows.get(event.subject)
        after = hear_event(before, event, arrived, self._patterns)
        if after is not None:
            self._keep(event.subject, after)
            yield from self._take_matches(event.subject, now)

    def let_time_pass(self, now: datetime) -> Iterator[str]:
        """What would have started since no more was heard until now; all of the log is read."""
        rules = {rule.runbook: rule for rule in self._patterns}
        for subject, windows in list(self._windows.items()):
            due = find_next(windows, rules, now)
            if due is not None and due <= now:
                self._keep(subject, let_time_pass(windows, rules, now))
                yield from self._take_matches(subject, now)

    def _keep(self, subject: str, windows: SubjectWindows) -> None:
        left, before = windows.left_out, self._windows.pop(subject, SubjectWindows()).left_out
        self.tally.late += left.late - before.late
        self.tally.quiet += left.quiet - before.quiet
        self.tally.flapping += left.flapping - before.flapping
        if windows.windows:
            self._windows[subject] = windows
        if len(self._windows) > MOST_SUBJECTS:
            self._windows.pop(next(iter(self._windows)))
            self.tally.given_up += 1

    def _take_matches(self, subject: str, now: datetime) -> Iterator[str]:
        windows = self._windows.get(subject, SubjectWindows())
        matches = [match for window in windows.windows for match in window.matches]
        if not matches:
            return
        for match in matches:
            run, event = match_run_id(subject, self.runbook.id, match), restore(match, subject)
            yield from self._describe(event, run, self._explain(match), match.at, now)
        taken = [(self.runbook.id, match.first) for match in matches]
        self._keep(subject, clear_matches(windows, taken))

    def _explain(self, match: Match) -> str:
        [kind] = self.runbook.when.model_dump(exclude_defaults=True).keys() & {
            "count", "distinct", "sequence", "absent", "held",
        }  # fmt: skip
        since = f"{match.since:%Y-%m-%d %H:%M:%S}"
        return (
            f"'{kind}' since {since} UTC, there at {match.at:%H:%M:%S}; first event {match.first}"
        )

    def _describe(
        self, event: Raised, run: str, why: str, at: datetime | None, now: datetime
    ) -> Iterator[str]:
        self.tally.starts += 1
        owner = self.charter.team(self.runbook.owner_team)
        policy = RunPolicy(timedelta(hours=1), timedelta(hours=1), EXECUTORS.kinds)
        # As of then: one that is read back is not stale for it.
        then = max(at or event.time, min(now, event.time + policy.stale))
        state = start_run(self.runbook, event, owner, policy, then, id=run, matched_at=at).state
        moment = at or event.time
        yield f"{moment:%Y-%m-%d %H:%M:%S} UTC  {event.subject}: would start run {run}"
        yield f"  since: {why or 'its condition holds for this event'}"
        yield f"  event: {event.data.title} ({event.id})"
        if state.phase is Phase.SETTLING:
            steps = ", ".join(step.id for step in state.plan.steps)
            yield f"  then: on {state.target}, mode {state.plan.mode}: {steps}"
        else:
            yield f"  then: {state.reason}"


async def follow(shadow: Shadow, say: Say, begin: datetime, lasts: timedelta | None) -> None:
    """Read the log of the desk from that moment, and go on as it grows, for so long or until it is
    stopped. No group reads, so nobody's position moves."""
    chosen = settings()
    decoder = RecordDecoder(prefix=chosen.topic_prefix)
    topics = [chosen.topic_prefix + name for name in (names.SIGNALS, names.TICKETS)]
    topics = topics if shadow.runbook.event != SignalRaised.TYPE else topics[:1]
    ends = None if lasts is None else datetime.now(UTC) + lasts
    async with reader(chosen.kafka, topics) as consumer:
        await _begin(consumer, begin)
        while ends is None or datetime.now(UTC) < ends:
            batches = await consumer.getmany(timeout_ms=_POLL_MS, max_records=2000)
            now = datetime.now(UTC)
            for record in (record for records in batches.values() for record in records):
                try:
                    event = decoder.read(record)
                except Invalid:
                    shadow.tally.unreadable += 1
                    continue
                for line in shadow.hear(event, find_arrival(record) or now, now):
                    say(line)
            # Only where all that is in the log now is read, time alone says something.
            ends_now = await consumer.end_offsets(consumer.assignment()) if not batches else {}
            behind = [
                place for place, end in ends_now.items() if await consumer.position(place) < end
            ]
            if not (batches or behind):
                for line in shadow.let_time_pass(now):
                    say(line)
            await asyncio.sleep(0)


async def _begin(consumer: AIOKafkaConsumer, moment: datetime) -> None:
    partitions = consumer.assignment()
    at = dict.fromkeys(partitions, int(moment.timestamp() * 1000))
    offsets = await consumer.offsets_for_times(at)
    ends = await consumer.end_offsets(partitions)
    for partition in partitions:
        place = offsets.get(partition)
        consumer.seek(partition, ends[partition] if place is None else place.offset)


def describe_tally(shadow: Shadow) -> Iterator[str]:
    """What was read in all, and what was left out."""
    tally = shadow.tally
    yield f"read: {tally.read} events; would have started: {tally.starts}"
    if shadow.runbook.when.pattern is not None:
        yield (
            f"left out: {tally.late} too late, {tally.quiet} within 'quiet', {tally.flapping} of"
            " flapping subjects"
        )
    if tally.unreadable:
        yield f"could not be read: {tally.unreadable}"
    if tally.given_up:
        yield f"not followed to the end: {tally.given_up} subjects, since there were too many"
    yield "Limits, locks, guards and approvals were not asked. Nothing was started or written."
