"""Whatever targets answer and whenever workers die: each run ends once, and nothing doubles."""

import asyncio
from datetime import timedelta

from desk_automation.actions.answer import Answer
from desk_automation.runs.model import Phase
from desk_contracts.events.automation import Outcome
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.automation_crashes import Crash
from tests.support.automation_engine import (
    NO_CONNECTION,
    NOT_MET,
    OK,
    REFUSED,
    TIMEOUT,
    Engine,
    FakeTarget,
    act,
    cleared,
    guard,
    measured,
    raised,
    runbook,
)

EFFECTS = st.sampled_from(["pure", "idempotent", "keyed", "confirmable", "once"])
ANSWERS = st.sampled_from([OK, OK, OK, NOT_MET, TIMEOUT, NO_CONNECTION, REFUSED, Crash])
VALUES = st.lists(st.sampled_from([4.0, 40.0]), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    effects=st.lists(EFFECTS, min_size=1, max_size=3),
    script=st.lists(ANSWERS, max_size=14),
    values=VALUES,
    clears_after=st.none() | st.integers(0, 20),
    dies_at=st.none() | st.integers(1, 30),
    is_guarded=st.booleans(),
)
def test_any_run_ends_once(
    effects: list[str],
    script: list[Answer | type[Crash]],
    values: list[float],
    clears_after: int | None,
    dies_at: int | None,
    is_guarded: bool,
) -> None:
    asyncio.run(simulate_run(effects, script, values, clears_after, dies_at, is_guarded))


async def simulate_run(
    effects: list[str],
    script: list[Answer | type[Crash]],
    values: list[float],
    clears_after: int | None,
    dies_at: int | None,
    is_guarded: bool,
) -> None:
    steps = [act(effect, id=f"s{n}") for n, effect in enumerate(effects)]
    guards = [guard()] if is_guarded else []
    engine = Engine((runbook(steps=steps, guards=guards),), FakeTarget(list(script)))
    engine.boundary.before = dies_at
    event = raised()
    await engine.hear(event)
    if clears_after is not None:
        await engine.settle(timedelta(seconds=clears_after))
        await engine.hear(cleared(event))
    for value in values:
        await engine.settle(timedelta(seconds=9))
        await engine.hear(measured(value, engine.clock.now()))
    await engine.settle()
    run = await engine.run()
    assert run.is_closed
    ends = [item for item in engine.emitted() if item in {"healed", "escalated", "skipped"}]
    assert len(ends) == 1
    for number, effect in enumerate(effects):
        calls = [call for call in engine.target.calls if call.step == f"s{number}"]
        assert len({call.key for call in calls}) <= 1
        if effect == "once":
            assert len(calls) <= 1
    assert engine.target.tokens == sorted(set(engine.target.tokens))
    if run.phase is Phase.HEALED:
        assert run.outcome is Outcome.HEALED
        assert 40.0 in values
    if run.phase is Phase.SKIPPED:
        assert not engine.target.effects or not run.has_acted
    for target in await engine.targets.find({}):
        assert target.state is not None
        assert not target.state.holder
