"""A replica keeps copies of what it changes; what another wrote meanwhile counts all the same."""

from datetime import timedelta

from desk_automation.runs import lifecycle
from desk_automation.runs.model import Phase
from desk_automation.runs.store import run_rule
from desk_automation.safety.target import AdmissionRequest, Target, admit
from desk_automation.verification.decide import clear_episode
from desk_automation.verification.store import subject_rule
from desk_kernel import Context, Decision
from desk_platform.kafka import CommandQueue
from desk_platform.kafka.unit_of_work import UnitOfWork
from desk_platform.kafka.work_items import Projection
from desk_platform.store.document import S
from desk_testing.telemetry import unread_meters

from tests.support.automation_engine import Engine, act, raised, runbook

MINUTE = timedelta(minutes=1)
OFTEN = {"per_target": {"cooldown": "1s", "per_day": 9}}
WAIT = {"id": "pause", "kind": "wait", "for": "10m"}


def other_replica(engine: Engine, projection: Projection[S]) -> CommandQueue[S]:
    """It changes the same documents, and the engine hears nothing of it."""
    return CommandQueue(UnitOfWork(projection, engine.bus, engine.clock, unread_meters()))


async def test_a_run_that_was_stopped_elsewhere_does_not_act_again() -> None:
    engine = Engine((runbook(steps=[act(), WAIT, act(id="again")], verify=None),))
    await engine.hear(raised())
    await engine.settle(MINUTE)
    assert len(engine.target.calls) == 1
    run = await engine.run()
    assert run.phase is Phase.WORKING
    stop = run_rule(lambda run, now: lifecycle.brake(run, lifecycle.Brake("ana"), now))
    await other_replica(engine, engine.run_projection).change(run.id, stop)
    await engine.settle(timedelta(hours=1))
    assert len(engine.target.calls) == 1
    assert (await engine.run()).cancelled_by == "ana"


async def test_a_target_that_was_taken_elsewhere_is_busy() -> None:
    engine = Engine((runbook(verify=None, limits=OFTEN),))
    await engine.hear(raised(episode="first"))
    await engine.settle(MINUTE)
    assert len(engine.target.calls) == 1
    now = engine.clock.now()
    ask = AdmissionRequest("elsewhere", "restart", MINUTE, 9, now + timedelta(minutes=30))

    def hold(target: Target | None, _context: Context) -> Decision[Target] | None:
        after = admit(target, ask, now)
        return None if after is None else Decision(after)

    target = (await engine.run()).target
    await other_replica(engine, engine.target_projection).change(target, hold)
    await engine.hear(event := raised(episode="second", at=now))
    await engine.settle(5 * MINUTE)
    assert len(engine.target.calls) == 1
    assert (await engine.run(event)).phase is Phase.QUEUED
    await engine.settle(timedelta(hours=1))
    assert len(engine.target.calls) == 2


async def test_trouble_that_was_seen_to_be_over_elsewhere_starts_nothing() -> None:
    engine = Engine((runbook(verify=None, limits=OFTEN),))
    await engine.hear(raised(episode="first"))
    await engine.settle(MINUTE)
    await engine.hear(event := raised(episode="second", at=engine.clock.now()))
    over = subject_rule(lambda subject, _: clear_episode(subject, event.data.episode))
    await other_replica(engine, engine.subject_projection).change(event.subject, over)
    await engine.settle(5 * MINUTE)
    assert len(engine.target.calls) == 1
    assert (await engine.run(event)).phase is Phase.SKIPPED
