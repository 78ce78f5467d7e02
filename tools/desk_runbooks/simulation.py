"""Plays a scenario: feeds its events to the simulated service, moves the clock, notes all.

The same scenario and charter always give the same record.
"""

import asyncio
import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from desk_automation.actions.model import Attempt
from desk_automation.runs.store import RUNS
from desk_automation.service import Hooks, compose
from desk_charter import Charter
from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.promotions import RunbookDemoted, RunbookPromoted
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.telemetry import Measured
from desk_contracts.message import Message
from desk_contracts.value_types import Severity, SubjectKind
from desk_platform.clock import FakeClock

from desk_runbooks.scenario import ALL, Expected, Scenario, ScriptedEvent, SimulatedTarget
from desk_runbooks.simulated_desk import SimulatedDesk
from desk_runbooks.simulated_people import SimulatedPeople
from desk_runbooks.simulated_targets import SimulatedTargets, TargetState, states_of

_SOURCE = "/simulation"


@dataclass(frozen=True, slots=True)
class Line:
    """An event that came in, a call to a target, or an event that went out."""

    at: timedelta
    way: str
    subject: str
    what: str
    detail: str = ""


@dataclass(slots=True)
class Record:
    """All that happened, in order."""

    lines: list[Line] = field(default_factory=list)
    emitted: list[AnyEvent] = field(default_factory=list)
    effects: int = 0


@dataclass(frozen=True, slots=True)
class Script:
    """One of a scenario's two halves: the fault itself, or its twin."""

    name: str
    runbook: str
    title: str
    danger: str
    start: datetime
    lasts: timedelta
    targets: tuple[SimulatedTarget, ...]
    events: tuple[ScriptedEvent, ...]
    expect: Expected


def scripts_of(scenario: Scenario) -> tuple[Script, Script]:
    """The fault, and the twin in which nothing may be healed."""
    twin, common = scenario.twin, (scenario.start, scenario.lasts)
    return (
        Script(
            scenario.id, scenario.runbook, scenario.title, "", *common,
            scenario.targets, scenario.events, scenario.expect,
        ),
        Script(
            f"{scenario.id} twin", scenario.runbook, twin.title, twin.danger, *common,
            twin.targets or scenario.targets, twin.events or scenario.events, twin.expect,
        ),
    )  # fmt: skip


def play(script: Script, charter: Charter) -> Record:
    """What the service does with the script under this charter."""
    # The worker's jitter comes from there: without it no two records of retries are the same.
    random.seed(script.name)
    return asyncio.run(_Play(script, charter).run())


class _Play:
    def __init__(self, script: Script, charter: Charter) -> None:
        self._script, self._record = script, Record()
        self._clock = FakeClock(script.start)
        self._desk = SimulatedDesk(charter, self._clock)
        self._people = SimulatedPeople(self._desk, charter)
        self._states = states_of(script.targets)
        self._seen = 0
        self._number = count()

    async def run(self) -> Record:
        targets = SimulatedTargets(self._states, self._subject_of, self._note_call)
        compose(self._desk, self._desk.defaults, Hooks(around_executor=targets.around))
        end = self._script.start + self._script.lasts
        async with self._desk.opened:
            await self._desk.open()
            queue = [(at, next(self._number), item) for at, item in self._inputs(end)]
            heapq.heapify(queue)
            async for _moment in self._desk.play(queue, self._feed, end):
                await self._note_emitted()
        self._record.effects = targets.effects
        return self._record

    async def _subject_of(self, run: str) -> str:
        stored = (await self._desk.documents(RUNS).load([run])).get(run)
        return "" if stored is None or stored.state is None else stored.state.target

    def _inputs(self, end: datetime) -> Iterator[tuple[datetime, "_Input"]]:
        start = self._script.start
        for event in self._script.events:
            subjects = list(self._states) if event.subject == ALL else [event.subject]
            subjects = subjects if event.promote is None else [self._script.runbook]
            for place, subject in enumerate(subjects):
                yield start + event.at + place * event.apart, _Input(subject, event)
        for subject, state in self._states.items():
            for name, gauge in state.model.measures.items():
                at = start + gauge.every
                while at <= end:
                    yield at, _Input(subject, None, name)
                    at += gauge.every

    async def _feed(self, item: "_Input") -> None:
        scripted, now = item.scripted, self._clock.now()
        if scripted is not None and scripted.promote is not None:
            result = await self._people.promote(item.subject, scripted.promote)
            self._note("in", item.subject, f"promote to {scripted.promote}", result)
            return
        if scripted is not None and scripted.vote is not None:
            is_approved = scripted.vote == "approve"
            result = await self._people.vote(item.subject, is_approved=is_approved)
            self._note("in", item.subject, scripted.vote, result)
            return
        event = item.event_at(now, self._states[item.subject])
        if event is None:
            return
        if item.scripted is not None:
            word = event.type.removeprefix("desk.").removesuffix(".v1")
            data = event.data
            about = f"{data.name} {data.value:g}" if isinstance(data, Measured) else ""
            self._note("in", item.subject, word, about or str(getattr(data, "signal", "")))
        await self._desk.hear(event)

    def _note_call(self, subject: str, attempt: Attempt, result: str) -> None:
        text = f"{attempt.kind} {attempt.step} ({attempt.call.executor}), try {attempt.number}"
        self._note("call", subject, text, result)

    async def _note_emitted(self) -> None:
        """The service reads what it published as well, and modes that were changed by it."""
        while events := self._desk.bus.events(since=self._seen):
            self._seen += len(events)
            for event in events:
                self._record.emitted.append(event)
                if not event.type.startswith("desk.run.step"):
                    self._note("out", event.subject, short_type(event), reason_code(event))
                await self._desk.hear(event)
                if isinstance(event.data, RunbookPromoted | RunbookDemoted):
                    await self._desk.begin_again("promotions")

    def _note(self, way: str, subject: str, what: str, detail: str = "") -> None:
        at = self._clock.now() - self._script.start
        self._record.lines.append(Line(at, way, subject, what, detail))


@dataclass(frozen=True, slots=True)
class _Input:
    """A scripted event, or the next measurement that a target sends by itself."""

    subject: str
    scripted: ScriptedEvent | None
    measurement: str = ""

    def event_at(self, now: datetime, state: TargetState) -> AnyEvent | None:
        """The event as it arrives now; None if the target has fallen silent."""
        scripted = self.scripted
        if scripted is None:
            gauge = state.model.measures[self.measurement]
            value = gauge.after if state.is_changed else gauge.before
            return (
                None
                if value is None
                else _make_measurement(self.subject, self.measurement, value, now)
            )
        at = now - scripted.age
        episode = f"{self.subject}/{scripted.raised or scripted.clear}/{scripted.episode}"
        if scripted.measure is not None:
            return _make_measurement(self.subject, scripted.measure, scripted.value, at)
        if scripted.clear is not None:
            cleared = SignalCleared(
                episode=episode, detector="simulation", signal=scripted.clear, value=scripted.value
            )
            return _event(f"clear/{episode}", self.subject, at, cleared)
        given = {
            "episode": episode,
            "detector": "simulation",
            "signal": scripted.raised,
            "title": f"{scripted.raised} on {self.subject}",
            "severity": Severity.WARNING,
            "subject_kind": SubjectKind.DEVICE,
            "measurement": "",
            "value": scripted.value,
            "threshold": 0.0,
            "attributes": {"agent_url": "http://agent.example:9000"},
        }
        raised = SignalRaised.model_validate(given | scripted.data)
        return _event(f"raise/{episode}", self.subject, at, raised)


def _make_measurement(subject: str, name: str, value: float, at: datetime) -> AnyEvent:
    data = Measured(subject_kind=SubjectKind.DEVICE, name=name, value=value)
    id = f"measure/{subject}/{name}/{at.isoformat()}"
    return _event(id, subject, at, data)


def _event(id: str, subject: str, at: datetime, data: Payload) -> AnyEvent:
    return Event(id=id, source=_SOURCE, subject=subject, time=at, data=data)


def short_type(event: AnyEvent) -> str:
    """`healed` of `desk.run.healed.v1`, `runbook.stopped` of `desk.runbook.stopped.v1`."""
    return event.type.removeprefix("desk.run.").removeprefix("desk.").removesuffix(".v1")


def reason_code(event: AnyEvent) -> str:
    """The codes of the message that says why, outermost first, with blanks between."""
    reason = getattr(event.data, "reason", None)
    if reason is None:
        reason = next(iter(getattr(event.data, "explanation", ())), None)
    return " ".join(codes_of(reason))


def codes_of(reason: object) -> Iterator[str]:
    """The codes of a message and of those within it, outermost first."""
    while isinstance(reason, Message):
        yield reason.code
        reason = next((item for item in reason.params.values() if isinstance(item, Message)), None)
