"""The whole engine in memory: real rules and worker, a fake clock, store, bus and target."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from desk_automation.actions.answer import Answer, Result
from desk_automation.actions.executor import Executor, Fence
from desk_automation.actions.model import Attempt, Call
from desk_automation.adapters.executors.registry import EXECUTORS
from desk_automation.adapters.executors.wait import WaitExecutor
from desk_automation.chains.decide import Sealing
from desk_automation.matching.decide import RunPolicy, run_id
from desk_automation.matching.worker import run_projection
from desk_automation.recurrence.store import DEBTS, HISTORIES, history_projection
from desk_automation.rollouts.model import RolloutState
from desk_automation.rollouts.store import ROLLOUTS, rollout_projection
from desk_automation.rollouts.worker import RingOpener
from desk_automation.runs import lifecycle
from desk_automation.runs.model import Run
from desk_automation.runs.store import RUNS, run_rule
from desk_automation.runs.worker.admission import Collections
from desk_automation.runs.worker.driver import Worker
from desk_automation.runs.worker.relapses import Relapses
from desk_automation.runs.worker.slots import Concurrency
from desk_automation.runs.worker.takeover import Takeover
from desk_automation.safety.statistics import RunbookStatistics
from desk_automation.safety.store import STATISTICS, STOPS, TARGETS, target_projection
from desk_automation.service import AT_WORK
from desk_automation.verification.store import SUBJECTS, subject_projection
from desk_automation.verification.worker import VerificationNotifier
from desk_charter.runbooks import Runbook
from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import RunEscalated, RunHealed, RunSkipped, RunStepRecorded
from desk_contracts.events.signals import SignalCleared, SignalRaised
from desk_contracts.events.telemetry import Measured
from desk_contracts.message import verbatim
from desk_contracts.value_types import Severity, SubjectKind
from desk_platform.clock import FakeClock
from desk_platform.kafka import CommandQueue, Projection, UnitOfWork
from desk_platform.store.document import S
from desk_testing.fakes import FakeDocuments, FakePublisher
from desk_testing.telemetry import record_telemetry, unread_meters

from tests.support.automation_books import OneBook
from tests.support.automation_crashes import Boundary, Crash, CrashingCommands
from tests.support.automation_promotions import FakePromotions
from tests.support.automation_restraints import FakeRestraints
from tests.support.automation_units import CHAIN_KEYS, apply_event, refuse_failures

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TERM, KEPT = timedelta(seconds=6), timedelta(days=400)
OK = Answer(Result.OK, verbatim("200 done"), is_met=True)
NOT_MET = Answer(Result.OK, verbatim("200 no"), is_met=False)
TIMEOUT = Answer(Result.UNKNOWN, verbatim("no answer within 5 s"))
REFUSED = Answer(Result.REFUSED, verbatim("404 not here"))
NO_CONNECTION = Answer(Result.NOT_TAKEN, verbatim("no connection"), is_sent=False)
NO_JSON = verbatim("it cannot be told from the answer, it is no JSON: 200 {")
UNREADABLE = Answer(Result.UNKNOWN, NO_JSON)
_Shown = RunHealed | RunEscalated | RunSkipped | RunStepRecorded
NOT_OURS = Answer(Result.NOT_TAKEN, verbatim("another worker has the run"), is_sent=False)


@dataclass
class FakeTarget:
    """An executor whose far side keeps idempotency keys, and does what the script says."""

    script: list[Answer | type[Crash]] = field(default_factory=list)
    calls: list[Attempt] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    effects: dict[str, int] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    on_call: Callable[[Attempt], None] = lambda _: None
    is_closed: bool = False
    before_call: Callable[[Attempt], None] = lambda _: None

    def slot_of(self, call: Call) -> str | None:
        return str(call.action.get("url"))

    async def close(self) -> None:
        self.is_closed = True

    def kinds(self) -> list[str]:
        return [call.kind for call in self.calls]

    @property
    def distinct_effects(self) -> int:
        return len(self.keys)

    async def execute(self, attempt: Attempt, _run: str, token: int, fence: Fence) -> Answer:
        self.before_call(attempt)
        if not await fence():
            return NOT_OURS
        self.calls.append(attempt)
        self.tokens.append(token)
        answer = self.script.pop(0) if self.script else OK
        is_taken = isinstance(answer, type) or answer.result in {Result.OK, Result.UNKNOWN}
        if attempt.kind == "act" and is_taken:
            self.effects[attempt.step] = self.effects.get(attempt.step, 0) + 1
            self.keys.add(attempt.key)
        self.on_call(attempt)
        if isinstance(answer, type):
            raise answer
        return answer


@dataclass
class Engine:
    """Feeds events in, moves the clock from one due moment to the next, keeps what was said."""

    runbooks: tuple[Runbook, ...]
    target: FakeTarget = field(default_factory=FakeTarget)
    policy: RunPolicy = field(
        default_factory=lambda: RunPolicy(timedelta(hours=1), timedelta(hours=1), EXECUTORS.kinds)
    )
    restraints: FakeRestraints = field(default_factory=FakeRestraints)
    promotions: FakePromotions = field(default_factory=FakePromotions)
    clock: FakeClock = field(default_factory=lambda: FakeClock(START))
    bus: FakePublisher = field(default_factory=FakePublisher)
    crashes: int = 0
    per_slot: int = 32
    boundary: Boundary = field(default_factory=Boundary)

    def __post_init__(self) -> None:
        self.restraints.open(self.clock, self._unit_of_work, self.runbooks)
        self.promotions.open(self.clock, self._unit_of_work, self.runbooks)
        self.runs = FakeDocuments(RUNS, self.clock)
        self.targets = FakeDocuments(TARGETS, self.clock)
        self.statistics = FakeDocuments(STATISTICS, self.clock)
        self.subjects = FakeDocuments(SUBJECTS, self.clock)
        self.stops = FakeDocuments(STOPS, self.clock)
        self.rollouts = FakeDocuments(ROLLOUTS, self.clock)
        self.stop_commands = CommandQueue(self._unit_of_work(Projection(self.stops)))
        self.rulebook = OneBook(*self.runbooks)
        self.executors: dict[str, Executor] = {"http": self.target, "wait": WaitExecutor()}
        self.restart_projection()
        self.subject_projection = subject_projection(
            self.subjects, lambda: self.rulebook.measurements
        )
        self.run_unit_of_work = self._unit_of_work(self.run_projection, AT_WORK)
        self.subject_unit_of_work = self._unit_of_work(self.subject_projection, AT_WORK)
        self.journal = self._changes(self.run_unit_of_work)
        self.target_projection = target_projection(self.targets)
        self.target_unit_of_work = self._unit_of_work(self.target_projection, AT_WORK)
        self.rollout_unit_of_work = self._open_rollouts()
        self._open_recurrence()
        self.collections = Collections(
            runs=self.journal,
            targets=self._changes(self.target_unit_of_work),
            statistics=self._changes(self._unit_of_work(self._sealed(self.statistics))),
            rollouts=self._changes(self.rollout_unit_of_work),
            subjects=self._changes(self.subject_unit_of_work),
            histories=self._changes(self.history_unit_of_work),
            debts=self._changes(self._unit_of_work(self.debt_projection)),
            scopes=self._changes(self._unit_of_work(self.restraints.scopes)),
            stored_runs=self.runs,
            stored_subjects=self.subjects,
            stored_histories=self.histories,
            stored_stops=self.stops,
            restraints=self.restraints.records,
            is_promoted=self.promotions.modes.is_promoted,
        )
        self.restart()

    def _open_rollouts(self) -> UnitOfWork[RolloutState]:
        counted = rollout_projection(
            self.rollouts,
            lambda it, now: self.rulebook.find_faults(it, now),  # noqa: PLW0108 (it is replaced)
            self.policy.stale,
        )
        self.rollout_projection = replace(counted, seal=Sealing(lambda: CHAIN_KEYS))
        return self._unit_of_work(self.rollout_projection)

    def _open_recurrence(self) -> None:
        self.histories = FakeDocuments(HISTORIES, self.clock)
        self.history_projection = history_projection(self.histories, self.rulebook.find_targets)
        self.history_unit_of_work = self._unit_of_work(self.history_projection)
        self.debts = FakeDocuments(DEBTS, self.clock)
        self.debt_projection = Projection(self.debts, seal=Sealing(lambda: CHAIN_KEYS))

    def _sealed(self, documents: FakeDocuments[RunbookStatistics]) -> Projection[RunbookStatistics]:
        return Projection(documents, seal=Sealing(lambda: CHAIN_KEYS, "breaker/"))

    def _unit_of_work(self, projection: Projection[S], cached: int = 0) -> UnitOfWork[S]:
        meters = unread_meters()
        return UnitOfWork(projection, self.bus, self.clock, meters, cached=cached)

    def _changes(self, unit_of_work: UnitOfWork[S]) -> CrashingCommands[S]:
        return CrashingCommands(unit_of_work, self.boundary)

    def restart_projection(self) -> None:
        """Plan runs from now on by the policy as it is now."""
        policy = replace(self.policy, mode_of=self.promotions.modes.find)
        plain = run_projection(self.runs, lambda: self.rulebook, policy)
        self.run_projection = replace(plain, seal=Sealing(lambda: CHAIN_KEYS))

    def restart(self) -> None:
        """A new worker that knows nothing of the last one."""
        self.worker = Worker(
            self.collections,
            self.executors,
            self.clock,
            Concurrency(per_slot=self.per_slot, term=TERM),
            telemetry=record_telemetry().telemetry,
            on_due=self.run_unit_of_work.due.remember,
            jitter=lambda: 1.0,
        )
        changed, reschedule = self.collections, self.worker.reschedule
        self.opener = RingOpener(changed.rollouts, reschedule)
        self.takeover = Takeover(changed.targets, self.targets, self.journal, self.runs)
        self.relapses = Relapses(changed, self.clock)
        self.notifier = VerificationNotifier(changed.subjects, self.subjects, reschedule)

    async def brake(self, by: str = "ana", **changes: Any) -> None:
        """A person stops the one run, or takes it over."""
        run, brake = await self.run(), lifecycle.Brake(by, **changes)
        await self.journal.change(run.id, run_rule(lambda r, now: lifecycle.brake(r, brake, now)))

    async def hear(self, *events: AnyEvent) -> None:
        """Events arrive, as from the bus."""
        for event in events:
            await apply_event(self.run_unit_of_work, self.run_projection, event)
            await apply_event(self.subject_unit_of_work, self.subject_projection, event)
            await apply_event(self.target_unit_of_work, self.target_projection, event)
            await apply_event(self.rollout_unit_of_work, self.rollout_projection, event)
            await apply_event(self.history_unit_of_work, self.history_projection, event)
            for unit_of_work, projection in self.restraints.units:
                await apply_event(unit_of_work, projection, event)

    async def settle(self, until: timedelta = timedelta(hours=3)) -> None:
        """Do all that is due, moving the clock on, until nothing is due before `until`."""
        end = self.clock.now() + until
        for _ in range(2000):
            if not await self.step(end):
                return
        raise AssertionError("the engine never comes to rest")

    async def step(self, end: datetime) -> bool:
        """The next due document, run or subject; False if none is due before the end."""
        soon = [(due, id, "runs") for due, id in await self.runs.due(end, 10)]
        soon += [(due, id, "takings") for due, id in await self.targets.due(end, 10)]
        soon += [(due, id, "rings") for due, id in await self.rollouts.due(end, 10)]
        soon += [(due, id, "news") for due, id in await self.subjects.due(end, 10)]
        soon += [(due, id, "relapses") for due, id in await self.histories.due(end, 10)]
        if not soon:
            self.clock.advance(max(timedelta(), end - self.clock.now()))
            return False
        due, id, kind = min(soon)
        self.clock.advance(max(timedelta(), due - self.clock.now()))
        timers = {
            "takings": self.takeover.on_timer,
            "rings": self.opener.on_timer,
            "relapses": self.relapses.on_timer,
        }
        try:
            if kind in timers:
                await timers[kind]([id], refuse_failures)
            elif kind == "news":
                await self.notifier.on_timer([id], refuse_failures, self.clock.now())
            else:
                await self.worker.advance(id)
        except Crash:
            self.crashes += 1
            self.restart()
        return True

    async def run(self, event: AnyEvent | None = None, runbook: int = 0) -> Run:
        """The run that an event started; the only one if no event is given."""
        if event is not None:
            id = run_id(event, self.runbooks[runbook])  # type: ignore[arg-type]  # a SignalRaised
            stored = (await self.runs.load([id]))[id]
        else:
            [stored] = await self.runs.find({})
        assert stored.state is not None
        return stored.state

    async def rollout(self, runbook: str = "clean-disk") -> RolloutState:
        stored = (await self.rollouts.load([runbook])).get(runbook)
        return (stored and stored.state) or RolloutState()

    def emitted(self) -> list[str]:
        """Short names of the published events, each once."""
        types = {event.id: event.type for event in self.bus.events()}.values()
        return [item.removeprefix("desk.run.").removesuffix(".v1") for item in types]

    def last(self) -> _Shown:
        data = self.bus.events()[-1].data
        assert isinstance(data, _Shown)
        return data


def runbook(**changes: object) -> Runbook:
    """A disk cleaner; anything can be changed."""
    plain: dict[str, object] = {
        "id": "clean-disk",
        "title": "Free space on a laptop's disk",
        "why": "Caches fill up.",
        "owner_team": "workplace",
        "risk": "reversible",
        "mode": "auto",
        "expires": "2027-12-31",
        "when": 'data.signal == "disk-filling"',
        "settle": "1s",
        "limits": {"per_target": {"cooldown": "10m", "per_day": 4}},
        "steps": [act()],
        "verify": {"measurement": "disk.free.percent", "at_least": 15, "within": "30s"},
        "escalate": {"title": "The disk of ${target} is nearly full"},
        "tell": {"after": "You have space again.", "on_failure": "We come to you."},
    }
    return Runbook.model_validate(plain | changes)


def act(effect: str = "keyed", id: str = "clean", **changes: object) -> dict[str, object]:
    """One step that changes something."""
    step: dict[str, object] = {
        "id": id,
        "kind": "act",
        "effect": effect,
        "request": {
            "method": "POST",
            "url": "${data.attributes.agent_url}/v1/" + id,
            "body": {"device": "${target}"},
        },
        "timeout": "5s",
    }
    if effect != "once":
        step["retry"] = {"attempts": 3, "base": "1s", "cap": "4s"}
    if effect == "confirmable":
        step["confirm"] = {
            "request": {"method": "GET", "url": "${data.attributes.agent_url}/v1/done"},
            "retry": {"attempts": 2, "base": "1s", "cap": "1s"},
        }
    return step | changes


def guard(id: str = "is-needed") -> dict[str, object]:
    """A precondition."""
    return {
        "id": id,
        "request": {"method": "GET", "url": "${data.attributes.agent_url}/v1/" + id},
        "expect": "response.body.ok == true",
        "retry": {"attempts": 2, "base": "1s", "cap": "1s"},
    }


def raised(
    subject: str = "laptop-1",
    *,
    episode: str = "",
    at: datetime = START,
    attributes: dict[str, str] | None = None,
    service: str = "",
) -> Event[SignalRaised]:
    """A disk fills."""
    episode = episode or f"{subject}/1"
    return Event(
        id=f"raise/{episode}",
        source="/desk/triage",
        subject=subject,
        time=at,
        data=SignalRaised(
            episode=episode,
            detector="threshold",
            signal="disk-filling",
            title="A disk fills",
            severity=Severity.WARNING,
            subject_kind=SubjectKind.DEVICE,
            measurement="disk.free.percent",
            value=4.0,
            threshold=10.0,
            service=service,
            person="ana",
            attributes={"agent_url": "http://127.0.0.1:9000"} if attributes is None else attributes,
        ),
    )


def cleared(event: Event[SignalRaised], at: datetime = START) -> Event[SignalCleared]:
    """It is over."""
    return Event(
        id=f"clear/{event.data.episode}",
        source="/desk/triage",
        subject=event.subject,
        time=at,
        data=SignalCleared(
            episode=event.data.episode, detector="threshold", signal="disk-filling", value=60.0
        ),
    )


def measured(value: float, at: datetime, subject: str = "laptop-1") -> Event[Measured]:
    """What the device says of itself."""
    return Event(
        id=f"measure/{subject}/{at.isoformat()}/{value}",
        source="/device",
        subject=subject,
        time=at,
        data=Measured(subject_kind=SubjectKind.DEVICE, name="disk.free.percent", value=value),
    )
