"""Automation as one table: what it reads, keeps, answers and runs.

`python -m desk_automation` runs it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from desk_charter.desk import Desk, obey_charter
from desk_charter.public_holidays import date_calendar
from desk_charter.retention import RETENTION, Records, find_time_kept
from desk_charter.window_checks import WINDOWS
from desk_contracts import names
from desk_contracts.device_orders import DevicePolicy
from desk_contracts.signing import Signer
from desk_platform.kafka import CommandQueue, Projection, UnitOfWork
from desk_platform.kafka.specification import application
from desk_platform.kafka.timer_stops import NothingUnread
from desk_platform.kafka.timers import Silence
from desk_platform.lifetimes import Beginning, Ending
from desk_platform.lookout import Lookout
from desk_platform.service import Service, Subscription, Web
from desk_platform.settings import find_chain_keys
from desk_platform.store import Documents
from desk_platform.store.removal import Removal

from desk_automation.actions.executor import Executor
from desk_automation.adapters.executors.device import Devices
from desk_automation.adapters.executors.http_hosts import Hosts
from desk_automation.adapters.executors.registry import EXECUTORS, Surroundings
from desk_automation.adapters.executors.script import Scripts
from desk_automation.adapters.executors.secrets import Secrets
from desk_automation.chains.decide import Sealing
from desk_automation.devices.api import DevicesApi, device_router
from desk_automation.devices.charter import POLICIES
from desk_automation.devices.store import (
    ANSWERS_KEPT,
    COMMANDS,
    DEVICES,
    command_projection,
    device_projection,
)
from desk_automation.inhibition.store import OPEN_SIGNALS, project_open_signals
from desk_automation.matching.api import MatchingApi, RunbookRecords, StartApi, match_router
from desk_automation.matching.charter import RUNBOOKS
from desk_automation.matching.decide import RunPolicy
from desk_automation.matching.store import OpenRuns, Rulebooks
from desk_automation.matching.worker import note_runbooks, run_projection
from desk_automation.pattern_windows.store import PATTERN_WINDOWS, window_projection
from desk_automation.pattern_windows.worker import MatchStarter
from desk_automation.promotion.api import PromotionApi, promotion_router
from desk_automation.promotion.model import PromotionState
from desk_automation.promotion.store import PROMOTIONS, promotion_projection
from desk_automation.promotion.worker import PromotedModes
from desk_automation.recurrence.model import TargetHistory
from desk_automation.recurrence.store import DEBTS, HISTORIES, history_projection
from desk_automation.rollouts.api import RolloutApi, rollout_router
from desk_automation.rollouts.model import RolloutState
from desk_automation.rollouts.store import ROLLOUTS, rollout_projection
from desk_automation.rollouts.worker import RingOpener
from desk_automation.runs.api.approvals import approval_router
from desk_automation.runs.api.consents import consent_router
from desk_automation.runs.api.runs import run_router
from desk_automation.runs.api.views import RunsApi
from desk_automation.runs.model import Run
from desk_automation.runs.store import RUNS, count_waiting
from desk_automation.runs.worker.admission import Collections
from desk_automation.runs.worker.driver import OnDue, Worker
from desk_automation.runs.worker.relapses import Relapses
from desk_automation.runs.worker.restraints import RestraintRecords
from desk_automation.runs.worker.slots import Concurrency
from desk_automation.runs.worker.takeover import Takeover
from desk_automation.safety.api import StopApi, stop_router
from desk_automation.safety.store import STATISTICS, STOPS, TARGETS, target_projection
from desk_automation.safety.target import Target
from desk_automation.scopes.api import ScopesApi, scopes_router
from desk_automation.scopes.model import Scope
from desk_automation.scopes.store import SCOPES
from desk_automation.scopes.worker import LostBreakers
from desk_automation.settings import AutomationSettings
from desk_automation.verification.model import Subject
from desk_automation.verification.store import SUBJECTS, subject_projection
from desk_automation.verification.worker import VerificationNotifier
from desk_automation.windows.store import PLANNED_CHANGES, project_planned_changes

# Evidence for a mode is gathered over days; a run's own events are read back many at once.
EVIDENCE_LINGER = timedelta(milliseconds=200)
# Of the events of a ticket few concern a run, and they come in quick succession.
TICKET_LINGER = timedelta(milliseconds=500)
# Of what is at work here copies are kept, so that a change reads nothing. One that is outdated is
# refused and decided anew. What many replicas change at once is always read (ADR 125).
AT_WORK = 500


@dataclass(frozen=True, slots=True)
class Hooks:
    """Where a test stands in between: around the calls that go out, around the journal."""

    around_executor: Callable[[Executor], Executor] = lambda executor: executor
    around_journal: Callable[[CommandQueue[Run]], CommandQueue[Run]] = lambda runs: runs


class Units(NamedTuple):
    """The units of work whose documents have timers."""

    runs: UnitOfWork[Run]
    subjects: UnitOfWork[Subject]
    targets: UnitOfWork[Target]
    rollouts: UnitOfWork[RolloutState]
    histories: UnitOfWork[TargetHistory]


def compose(desk: Desk, settings: AutomationSettings, hooks: Hooks | None = None) -> Web:
    """Its units of work, workers and routes."""
    hooks = hooks or Hooks()
    lookout = Lookout(desk.clock.now(), desk.telemetry.meters)
    rulebooks = Rulebooks(desk.charter)
    seal = Sealing(find_chain_keys(settings.environment, settings.chain_key))
    modes, promotions = _add_promotions(desk, seal)
    policy = RunPolicy(settings.queue_wait, settings.stale_after, EXECUTORS.kinds, modes.find)
    stored_runs, stored_subjects = desk.documents(RUNS), desk.documents(SUBJECTS)
    records = RunbookRecords(
        desk.documents(STATISTICS),
        desk.documents(DEBTS),
        desk.documents(ROLLOUTS),
        desk.documents(PROMOTIONS),
    )
    desk.part("open runs", Beginning(OpenRuns(stored_runs, rulebooks, desk.clock).hear))
    signals = run_projection(
        stored_runs, rulebooks, policy, partial(note_runbooks, lookout), partial(_policies, desk)
    )
    runs = desk.unit_of_work("runs", replace(signals, seal=seal), cached=AT_WORK)
    measured = subject_projection(stored_subjects, lambda: rulebooks().measurements)
    subjects = desk.unit_of_work("subjects", measured, cached=AT_WORK)
    stored_targets, stored_histories = desk.documents(TARGETS), desk.documents(HISTORIES)
    targets = desk.unit_of_work("targets", target_projection(stored_targets), cached=AT_WORK)
    seen = history_projection(stored_histories, lambda event: rulebooks().find_targets(event))
    histories = desk.unit_of_work("histories", seen, cached=0)
    faults = partial(rulebooks.find_faults, mode_of=modes.find)
    counted = rollout_projection(records.rollouts, faults, settings.stale_after)
    sealed = replace(counted, seal=seal.within("runbook/"))
    rollouts = desk.unit_of_work("rollouts", sealed, cached=0)
    units = Units(runs, subjects, targets, rollouts, histories)
    collections = _collect(desk, hooks, units, records, seal, modes)
    worker = _add_worker(desk, settings, collections, runs.due.remember, hooks)
    _add_patterns(desk, collections, rulebooks, policy)
    _add_timers(desk, collections, units, worker, stored_targets)
    matching = MatchingApi(desk.charter, records, stored_runs, lookout, desk.clock)
    promoting = PromotionApi(desk.charter, promotions, desk.clock)
    return _open_routes(desk, collections, seal, matching, policy, promoting)


def _collect(
    desk: Desk,
    hooks: Hooks,
    units: Units,
    records: RunbookRecords,
    seal: Sealing,
    modes: PromotedModes,
) -> Collections:
    """What the worker and the routes change, one command at a time."""
    breakers = Projection(records.statistics, seal=seal.within("breaker/"))
    statistics = desk.unit_of_work("runbooks", breakers, cached=0)
    debts = desk.unit_of_work("debts", Projection(records.debts, seal=seal), cached=0)
    return Collections(
        runs=hooks.around_journal(desk.commands(units.runs)),
        targets=desk.commands(units.targets),
        statistics=desk.commands(statistics),
        rollouts=desk.commands(units.rollouts),
        subjects=desk.commands(units.subjects),
        histories=desk.commands(units.histories),
        debts=desk.commands(debts),
        scopes=_add_scopes(desk, seal),
        stored_runs=desk.documents(RUNS),
        stored_subjects=desk.documents(SUBJECTS),
        stored_histories=desk.documents(HISTORIES),
        stored_stops=desk.documents(STOPS),
        restraints=_add_restraints(desk),
        is_promoted=modes.is_promoted,
    )


def _add_scopes(desk: Desk, seal: Sealing) -> CommandQueue[Scope]:
    """The limits of services and places, and who tells of a breaker that the charter has lost."""
    stored = desk.documents(SCOPES)
    unit = desk.unit_of_work("scopes", Projection(stored, seal=seal.within("scope/")), cached=0)
    scopes = desk.commands(unit)
    lost = LostBreakers(scopes, stored, lambda: desk.charter.current.services, desk.clock)
    desk.job("lost breakers", lost.run)
    return scopes


class Promotions(NamedTuple):
    """The modes of promoted runbooks, and how people change them."""

    modes: PromotedModes
    commands: CommandQueue[PromotionState]


def _add_promotions(desk: Desk, seal: Sealing) -> Promotions:
    """Evidence is what is published, so it is read as anybody reads it."""
    stored = desk.documents(PROMOTIONS)
    modes = PromotedModes(stored, lambda: desk.charter.current.of(RUNBOOKS), desk.clock)
    counted = promotion_projection(stored, modes.find_version)
    sealed = replace(counted, seal=seal.within("promotion/"))
    promotions = desk.unit_of_work("promotions", sealed, cached=0)
    desk.part("promotions", Beginning(modes.begin))
    desk.job("promotions", modes.run)
    return Promotions(modes, desk.commands(promotions))


def _add_restraints(desk: Desk) -> RestraintRecords:
    """What is announced and what is open, as far as a run may have to wait for it."""
    planned, signals = desk.documents(PLANNED_CHANGES), desk.documents(OPEN_SIGNALS)

    def find_inhibitors() -> frozenset[str]:
        runbooks = desk.charter.current.of(RUNBOOKS)
        return frozenset(signal for runbook in runbooks for signal in runbook.inhibited_by)

    desk.unit_of_work("changes", project_planned_changes(planned), cached=0)
    desk.unit_of_work("open-signals", project_open_signals(signals, find_inhibitors), cached=0)
    return RestraintRecords(
        lambda: desk.charter.current.of(WINDOWS),
        lambda name: date_calendar(desk.charter.current.calendar(name), desk.clock.now().year),
        lambda: desk.charter.current.services,
        planned,
        signals,
    )


def _open_routes(
    desk: Desk,
    collections: Collections,
    seal: Sealing,
    matching: MatchingApi,
    policy: RunPolicy,
    promoting: PromotionApi,
) -> Web:
    sealed = Projection(collections.stored_stops, seal=seal)
    stops = desk.commands(desk.unit_of_work("stops", sealed, cached=0))
    runs_api = RunsApi(collections.stored_runs, collections.runs, _remove_old(desk))
    devices = DevicesApi(desk.documents(DEVICES), partial(_policies, desk))
    return Web(
        [
            run_router(runs_api, desk.cursors),
            approval_router(runs_api),
            consent_router(runs_api),
            stop_router(StopApi(stops, collections.stored_stops)),
            match_router(matching, StartApi(policy, runs_api)),
            rollout_router(RolloutApi(desk.charter, collections.rollouts, desk.clock)),
            promotion_router(promoting),
            scopes_router(
                ScopesApi(
                    desk.charter,
                    desk.documents(SCOPES),
                    partial(count_waiting, collections.stored_runs),
                    desk.clock,
                )
            ),
            device_router(devices, desk.cursors),
        ]
    )


def _remove_old(desk: Desk) -> Callable[[], timedelta]:
    """Removes what is over; how long runs are kept."""
    kept = partial(find_time_kept, desk.charter, Records.RUNS)
    runs = Removal(RUNS, desk.documents(RUNS), kept, desk.clock)
    desk.job("removal of runs", runs.run)
    answers = Removal(COMMANDS, desk.documents(COMMANDS), lambda: ANSWERS_KEPT, desk.clock)
    desk.job("removal of device_commands", answers.run)
    return kept


def _add_timers(
    desk: Desk,
    collections: Collections,
    units: Units,
    worker: Worker,
    stored_targets: Documents[Target],
) -> None:
    """What is written with a due time reaches its worker at that time."""
    acts = NothingUnread("an act asks for the run's fence and the signal's end just before")
    desk.timers("runs", units.runs, worker.on_timer, acts)
    takeover = Takeover(
        collections.targets, stored_targets, collections.runs, collections.stored_runs
    )
    takings = NothingUnread("that somebody took a device is in its document")
    desk.timers("targets", units.targets, takeover.on_timer, takings)
    relapses = Relapses(collections, desk.clock)
    back = NothingUnread("that the trouble is back is in its document")
    desk.timers("histories", units.histories, relapses.on_timer, back)
    # That nothing well was measured is concluded from silence: only by who reads the device.
    notifier = VerificationNotifier(
        collections.subjects, collections.stored_subjects, worker.reschedule
    )
    opener = RingOpener(collections.rollouts, worker.reschedule)
    verdicts = NothingUnread("a ring opens by verdicts that are in its document")
    desk.timers("rollouts", units.rollouts, opener.on_timer, verdicts)
    silence = Silence(desk.watermarks(names.TELEMETRY), notifier.on_timer)
    desk.timers("subjects", units.subjects, notifier.on_timer, silence)


def _add_patterns(
    desk: Desk, collections: Collections, rulebooks: Rulebooks, policy: RunPolicy
) -> None:
    """Patterns over time. That nothing more came is concluded once all signals are read."""
    projection = window_projection(desk.documents(PATTERN_WINDOWS), rulebooks)
    windows = desk.unit_of_work("patterns", projection, cached=0)
    commands = desk.commands(windows)
    starter = MatchStarter(commands, collections.runs, rulebooks, policy, desk.clock)
    silence = Silence(desk.watermarks_of_all((names.SIGNALS,)), starter.on_timer)
    desk.timers("patterns", windows, starter.on_timer, silence)


def _add_devices(desk: Desk, settings: AutomationSettings) -> Devices:
    """What agents answer is only looked up by id, by whichever replica waits for it."""
    desk.unit_of_work("commands", command_projection(desk.documents(COMMANDS)), cached=0)
    key = settings.device_signing_key
    signer = None if key is None else Signer(key.get_secret_value())
    devices = device_projection(desk.documents(DEVICES), partial(_policies, desk), signer)
    desk.unit_of_work("devices", devices, cached=0)
    return Devices(desk.publisher, desk.documents(COMMANDS), signer)


def _policies(desk: Desk, device: str) -> Iterator[DevicePolicy]:
    """Those of the charter in force."""
    for policy in desk.charter.current.of(POLICIES):
        given = policy.for_device(device)
        if given is not None:
            yield given


def _add_worker(
    desk: Desk,
    settings: AutomationSettings,
    collections: Collections,
    on_due: OnDue,
    hooks: Hooks,
) -> Worker:
    surroundings = Surroundings(
        Hosts(settings.callable_hosts),
        desk.clock,
        desk.telemetry.meters,
        Secrets(settings.secrets),
        Scripts(settings.scripts, settings.script_user),
        _add_devices(desk, settings),
    )
    executors = {name: kind.open(surroundings) for name, kind in EXECUTORS.kinds.items()}
    for name, executor in executors.items():
        desk.part(f"executor {name}", Ending(executor.close))
    concurrency = Concurrency(
        runs=settings.concurrency, per_slot=settings.per_host, term=settings.lease
    )
    around = {name: hooks.around_executor(executor) for name, executor in executors.items()}
    worker = Worker(
        collections, around, desk.clock, concurrency, telemetry=desk.telemetry, on_due=on_due
    )
    desk.part("worker", Ending(worker.finish))
    return worker


SERVICE = Service(
    "automation",
    AutomationSettings,
    collections=(
        *(RUNS, SUBJECTS, TARGETS, STATISTICS, ROLLOUTS, STOPS, COMMANDS, DEVICES),
        *(HISTORIES, DEBTS, PLANNED_CHANGES, OPEN_SIGNALS, PATTERN_WINDOWS, PROMOTIONS, SCOPES),
    ),
    subscriptions=(
        Subscription(
            (names.SIGNALS,),
            to=("open-signals", "runs", "subjects", "rollouts", "histories", "patterns"),
        ),
        Subscription((names.CHANGES,), to=("changes",), group="changes"),
        Subscription(
            (names.TICKETS,),
            to=("runs", "subjects", "targets"),
            group="requests",
            linger=TICKET_LINGER,
        ),
        Subscription((names.TELEMETRY,), to=("subjects",), group="telemetry"),
        Subscription(
            (names.AUTOMATION,), to=("promotions",), group="promotions", linger=EVIDENCE_LINGER
        ),
        Subscription(
            (names.ACTION_RESULTS,),
            to=("commands", "devices", "runs", "histories"),
            group="devices",
        ),
    ),
    organisation=obey_charter(RUNBOOKS, POLICIES, RETENTION, WINDOWS),
    compose=compose,
)

# `faststream docs serve desk_automation.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)
