"""Evidence says when a runbook may act in its next mode, a person decides, harm takes it back."""

from datetime import timedelta

import pytest
from desk_automation.promotion.decide import add_event, promotion_id
from desk_automation.promotion.model import PromotionState, find_mode
from desk_automation.runs.approving import record_vote
from desk_automation.runs.model import Phase
from desk_automation.runs.plan import version_of
from desk_automation.runs.store import run_rule
from desk_automation.safety.approval import Vote
from desk_charter.runbooks import Runbook
from desk_contracts import Payload
from desk_contracts.errors import Rejected
from desk_contracts.events.automation import RunApprovalRequested, RunStarted
from desk_contracts.events.promotions import (
    PromotionProposed,
    PromotionWithdrawn,
    RunbookDemoted,
    RunbookPromoted,
)
from desk_contracts.message import message

from tests.support.automation_engine import Engine, measured, raised, runbook
from tests.support.promotion_log import (
    MORNING,
    VERSION,
    decide_promotion,
    entry,
    version_with,
)
from tests.support.spoken import codes

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
WELL, ILL = 60.0, 4.0
READY = (*["yes"] * 3, *["healed"] * 3)
RULES = {"ceiling": "auto", "matches": 3, "runs": 3, "healed_percent": 50, "approved_percent": 50}


def book(**changes: object) -> Runbook:
    plain: dict[str, object] = {
        "mode": "approve",
        "promotion": {**RULES, "age": "1h"},
        "breaker": {"consecutive": 2, "reopen_after": "30m"},
        "limits": {"per_target": {"cooldown": "1s", "per_day": 99}},
    }
    return runbook(**(plain | changes))


@pytest.fixture
async def engine() -> Engine:
    return Engine((book(),))


async def state_of(engine: Engine) -> PromotionState:
    id = promotion_id("clean-disk", version_of(engine.runbooks[0]))
    stored = (await engine.promotions.documents.load([id])).get(id)
    return (stored and stored.state) or PromotionState()


async def run_on(engine: Engine, target: str, value: float, *, vote: bool | None = True) -> None:
    """The trouble shows, somebody says yes or no or nothing, and after the act it is measured."""
    now = engine.clock.now()
    event = raised(target, episode=f"{target}/{now.isoformat()}", at=now)
    await engine.hear(event)
    await engine.settle(2 * SECOND)
    run = await engine.run(event)
    if run.phase is Phase.AWAITING_APPROVAL and vote is not None:
        answer = Vote(by="bo", is_approved=vote, at=engine.clock.now())
        plan = run.plan.hash
        rule = run_rule(lambda r, now: record_vote(r, answer, plan, now))
        await engine.journal.change(run.id, rule)
        await engine.settle(2 * SECOND)
    for _ in range(3):
        engine.clock.advance(SECOND)
        await engine.hear(measured(value, engine.clock.now(), target))
    await engine.settle(2 * HOUR if vote is None else 30 * MINUTE)
    await engine.promotions.hear(engine.bus.events())


async def decide(engine: Engine, mode: str = "auto") -> None:
    """A person promotes it."""
    await decide_promotion(engine.promotions.commands, engine.runbooks[0], mode, by="ana")
    await engine.promotions.hear(engine.bus.events())


async def make_ready(engine: Engine) -> None:
    for number in range(4):
        await run_on(engine, f"laptop-{number}", WELL)


def of_type(engine: Engine, kind: type) -> list[object]:
    return [event.data for event in engine.bus.events() if isinstance(event.data, kind)]


async def test_evidence_proposes_once_and_changes_nothing_by_itself(engine: Engine) -> None:
    await make_ready(engine)
    await run_on(engine, "laptop-9", WELL)
    [proposed] = of_type(engine, PromotionProposed)
    assert isinstance(proposed, PromotionProposed)
    assert (proposed.mode, proposed.proposed, proposed.team) == ("approve", "auto", "workplace")
    assert (proposed.evidence.healed, proposed.evidence.approved) == (3, 3)
    assert codes(proposed.explanation) == [
        "promotion.age",
        "promotion.runs",
        "promotion.healed",
        "promotion.approved",
    ]
    state = await state_of(engine)
    assert (state.mode, state.proposed, state.evidence.healed) == (None, "auto", 5)
    assert len(of_type(engine, RunApprovalRequested)) == 5


async def test_nothing_is_promoted_by_silence_or_by_no_data(engine: Engine) -> None:
    with pytest.raises(Rejected) as refused:
        await decide(engine)
    assert refused.value.kind == "not-ready"
    for number in range(6):
        await run_on(engine, f"laptop-{number}", WELL, vote=None)
    state = await state_of(engine)
    assert (state.evidence.proposed, state.evidence.denied, state.evidence.healed) == (6, 6, 0)
    assert of_type(engine, PromotionProposed) == []


async def test_who_says_no_too_often_is_heard(engine: Engine) -> None:
    await make_ready(engine)
    assert (await state_of(engine)).proposed == "auto"
    for number in range(4):
        await run_on(engine, f"printer-{number}", WELL, vote=False)
    assert (await state_of(engine)).proposed is None
    [withdrawn] = of_type(engine, PromotionWithdrawn)  # once, with the first no that decides it
    assert isinstance(withdrawn, PromotionWithdrawn)
    assert (withdrawn.mode, withdrawn.proposed, withdrawn.team) == ("approve", "auto", "workplace")
    assert codes(withdrawn.explanation) == ["promotion.approved"]
    with pytest.raises(Rejected) as refused:
        await decide(engine)
    assert refused.value.kind == "not-ready"


async def test_once_a_person_says_so_it_acts_unrequests_with_evidence_of_its_own(
    engine: Engine,
) -> None:
    await make_ready(engine)
    await decide(engine)
    [promoted] = of_type(engine, RunbookPromoted)
    assert isinstance(promoted, RunbookPromoted)
    assert (promoted.previous, promoted.mode, promoted.by) == ("approve", "auto", "ana")
    assert promoted.version == version_of(engine.runbooks[0])
    requests = len(of_type(engine, RunApprovalRequested))
    await run_on(engine, "laptop-7", WELL)
    assert len(of_type(engine, RunApprovalRequested)) == requests
    assert len(of_type(engine, RunStarted)) == 5
    state = await state_of(engine)
    assert (state.mode, state.by, state.evidence.healed) == ("auto", "ana", 1)
    with pytest.raises(Rejected) as refused:
        await decide(engine)
    assert refused.value.kind == "at-its-ceiling"


async def test_a_breaker_that_opens_takes_the_promotion_back_and_says_why(engine: Engine) -> None:
    await make_ready(engine)
    await decide(engine)
    for number in range(2):
        await run_on(engine, f"laptop-{number}", ILL)
    [demoted] = of_type(engine, RunbookDemoted)
    assert isinstance(demoted, RunbookDemoted)
    assert (demoted.previous, demoted.mode, demoted.by) == ("auto", "approve", "")
    assert codes(demoted.explanation) == ["promotion.stopped"]
    state = await state_of(engine)
    assert state.fault is not None
    assert (state.mode, state.evidence.healed, state.fault.code) == (None, 0, "promotion.stopped")
    engine.clock.advance(HOUR)
    requests = len(of_type(engine, RunApprovalRequested))
    await run_on(engine, "laptop-8", WELL)
    assert len(of_type(engine, RunApprovalRequested)) == requests + 1


async def test_a_run_that_was_to_act_unrequests_does_not_once_that_is_taken_back(
    engine: Engine,
) -> None:
    await make_ready(engine)
    await decide(engine)
    event = raised("laptop-7", episode="laptop-7/late", at=engine.clock.now())
    await engine.hear(event)
    await decide_promotion(engine.promotions.commands, engine.runbooks[0], "", by="bo")
    calls = len(engine.target.calls)
    await engine.settle(MINUTE)
    run = await engine.run(event)
    assert (run.phase, len(engine.target.calls)) == (Phase.ESCALATED, calls)
    assert run.reason is not None
    assert run.reason.params["why"] == message("refusal.demoted")
    [demoted] = of_type(engine, RunbookDemoted)
    assert isinstance(demoted, RunbookDemoted)
    assert (demoted.by, codes(demoted.explanation)) == ("bo", ["promotion.taken-back"])


async def test_an_edited_runbook_has_the_mode_of_its_charter_and_no_evidence(
    engine: Engine,
) -> None:
    await make_ready(engine)
    await decide(engine)
    edited = book(title="Free more space")
    day = engine.clock.now().date()
    assert engine.promotions.modes.find(engine.runbooks[0], day) == "auto"
    assert engine.promotions.modes.find(edited, day) == "approve"
    assert engine.promotions.modes.find_version("clean-disk", version_of(edited)) is None


async def test_what_only_observes_is_promoted_one_mode_at_a_time() -> None:
    engine = Engine((book(mode="observe"),))
    for number in range(4):
        await run_on(engine, f"laptop-{number}", WELL)
    [proposed] = of_type(engine, PromotionProposed)
    assert isinstance(proposed, PromotionProposed)
    assert (proposed.mode, proposed.proposed) == ("observe", "suggest")
    with pytest.raises(Rejected) as refused:
        await decide(engine, "auto")
    assert refused.value.kind == "not-the-next-mode"
    await decide(engine, "suggest")
    assert engine.promotions.modes.find(engine.runbooks[0], engine.clock.now().date()) == "suggest"
    for number in range(9):
        await run_on(engine, f"printer-{number}", WELL)
    assert len(of_type(engine, PromotionProposed)) == 1  # nobody tried it: nothing is known


def test_the_ceiling_and_the_review_date_hold_whatever_was_promoted() -> None:
    low = book(mode="observe", promotion={**RULES, "ceiling": "suggest"})
    day = low.expires
    assert find_mode(low, "auto", day) == "suggest"
    assert find_mode(book(), "auto", day) == "auto"
    assert find_mode(book(), "auto", day + timedelta(days=1)) == "suggest"
    assert find_mode(book(promotion=None), "auto", day) == "approve"
    assert find_mode(book(mode="auto"), "suggest", day) == "auto"


def add_all(state: PromotionState, *kinds: str, since: int = 0) -> PromotionState:
    """The state after these events, a minute apart."""
    for number, kind in enumerate(kinds, since):
        decided = add_event(state, entry(kind, number), version_with())
        state = state if decided is None else decided.state
    return state


def emitted_by(*kinds: str) -> list[Payload]:
    """What is said while these events are read, a minute apart."""
    state, emitted = PromotionState(), list[Payload]()
    for number, kind in enumerate(kinds):
        decided = add_event(state, entry(kind, number), version_with())
        if decided is not None:
            state = decided.state
            emitted += [event.data for event in decided.events]
    return emitted


@pytest.mark.parametrize("bad", ["stopped", "harmed"])
def test_harm_before_anybody_decided_calls_the_proposal_back_and_says_why(bad: str) -> None:
    proposed, withdrawn = emitted_by(*READY, bad)
    assert isinstance(proposed, PromotionProposed)
    assert isinstance(withdrawn, PromotionWithdrawn)
    assert (withdrawn.mode, withdrawn.proposed) == (proposed.mode, proposed.proposed)
    assert codes(withdrawn.explanation) == [f"promotion.{bad}"]


def test_a_proposal_is_called_back_once_and_made_again_once_it_is_proven_again() -> None:
    emitted = emitted_by(*READY, "failed", "failed", *["healed"] * 9)
    assert [type(data) for data in emitted] == [
        PromotionProposed,
        PromotionWithdrawn,
        PromotionProposed,
    ]
    assert codes(emitted[1].explanation) == ["promotion.healed"]  # type: ignore[attr-defined]


def test_a_cure_that_did_not_last_does_not_speak_for_it() -> None:
    """Five of six stayed well: at 95 % no less than 49.8 %."""
    log = (*["yes"] * 6, "healed", "healed", "relapsed", *["healed"] * 4)
    assert emitted_by(*log) == []
    assert [type(data) for data in emitted_by(*log, "healed")] == [PromotionProposed]


def test_what_was_never_proposed_is_not_called_back() -> None:
    assert emitted_by("yes", "healed", "failed", "no", "stopped", "harmed") == []


def test_cures_that_surely_do_not_last_take_it_back() -> None:
    promoted = PromotionState(mode="auto", by="ana", since=MORNING)
    borne = add_all(promoted, *["healed"] * 9, *["relapsed"] * 3)
    assert (borne.mode, borne.fault) == ("auto", None)
    demoted = add_all(borne, *["relapsed"] * 2, since=12)
    assert demoted.fault is not None
    assert (demoted.mode, demoted.fault.code) == (None, "promotion.relapsed")


def test_what_is_older_than_the_harm_counts_no_more() -> None:
    harmed = add_all(PromotionState(), "harmed", since=10)
    assert harmed.since == MORNING + 10 * MINUTE
    assert add_all(harmed, "yes", "healed", since=8) == harmed
    assert add_all(harmed, "healed", since=11).evidence.healed == 1


def test_the_fixture_of_logs_is_of_this_runbook() -> None:
    assert version_with().hash == VERSION
