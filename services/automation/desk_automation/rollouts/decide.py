"""Rings: each twice as large as the one before, open once its cures are verified and last. Pure.

A ring has places. A run needs one to start; one that never acted gives it back. When enough of a
full ring is healed and the hold is over, the next one opens; when that cannot be any more, the
runbook is stopped and all others wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk_contracts.events.automation import StopKind
from desk_contracts.message import Message, message

from desk_automation.rollouts.model import (
    CALL,
    Place,
    PlannedRollout,
    Ring,
    RolloutState,
    RunbookStop,
)
from desk_automation.safety.model import Refusal

# More wait as well, but find their place by looking again.
MAX_WAITING = 1000
MAX_TARGETS = 50
# A run that waits looks again so often, in case that nobody set its timer off.
LOOK_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RingRequest:
    """A run that wants to start, and what its plan says of rings.

    `until`: by then it is over for certain. `rules` is None where only the fleet is guarded.
    """

    run: str
    target: str
    version: str
    matched_at: datetime
    until: datetime
    rules: PlannedRollout | None
    title: str
    team: str


def request_place(
    state: RolloutState | None, ask: RingRequest, now: datetime
) -> RolloutState | None:
    """The state with the run in a ring, or as one that waits; None if nothing changes."""
    before = state or RolloutState()
    after = before
    if ask.rules is not None:
        # Time comes first: whether the ring rested is asked once its silent runs are counted.
        after = _take_version(advance(after, now), ask, ask.rules, now)
        after = advance(_note_relapse(after, ask, now), now)
    if after.stop is not None:
        after = _wait_for_resumption(after, ask)
    elif ask.rules is not None:
        after = _give_place(after, ask, now)
    return None if after == before else after


def find_refusal(state: RolloutState, ask: RingRequest, now: datetime) -> Refusal | None:
    """Why the run may not start; None if it has its place, or needs none."""
    stop, again = state.stop, now + LOOK_AGAIN
    if stop is not None:
        held, is_fleet = describe_stop(stop, state), stop.kind is StopKind.FLEET
        return Refusal("fleet" if is_fleet else "stopped", held, again, holder=stop.run)
    place = state.ring.place_of(ask.run)
    if ask.rules is None or (place is not None and place.is_started):
        return None
    return Refusal("ring", describe_ring(state), again)


def describe_stop(stop: RunbookStop, state: RolloutState) -> Message:
    """Since when the runbook starts nothing, why, and how many wait."""
    count = len(state.waiting)
    return message("refusal.runbook-stopped", since=stop.at, why=stop.reason, count=count)


def describe_ring(state: RolloutState) -> Message:
    """How far the ring that is open has come, and how many wait for the next."""
    ring = state.ring
    return message(
        "refusal.ring",
        ring=ring.number,
        size=ring.size,
        healed=ring.healed,
        open=ring.under_way,
        count=len(state.waiting),
    )


def end_place(
    state: RolloutState | None, ask: RingRequest, now: datetime, *, is_healed: bool | None
) -> RolloutState | None:
    """The state after a run's end. None for `is_healed` says that it never acted: it gives its
    place back. So does one of an older version, which proves nothing of this one."""
    if state is None:
        return None
    place = state.ring.place_of(ask.run)
    changes: dict[str, object] = {}
    if ask.run in state.waiting:
        changes["waiting"] = tuple(run for run in state.waiting if run != ask.run)
    if place is not None and place.is_healed is None:
        if is_healed is None or ask.version != state.ring.version:
            ring = _with_places(state.ring, [p for p in state.ring.places if p != place])
        else:
            # One that was called from among those that wait has not said its target yet.
            verdict = {"target": ask.target, "is_healed": is_healed, "ended_at": now}
            ended = place.model_copy(update=verdict)
            ring = _replace(state.ring, ended).model_copy(update={"used_at": now})
        changes["ring"] = ring
    after = advance(_close_failed(state.model_copy(update=changes), ask, now), now)
    return None if after == state else after


def correct_place(
    state: RolloutState | None, ask: RingRequest, now: datetime
) -> RolloutState | None:
    """The state once late measurements show that a run helped after all: what was stopped only
    for it goes on."""
    place = None if state is None else state.ring.place_of(ask.run)
    if state is None or place is None or place.is_healed is not False:
        return None
    ring = _replace(state.ring, place.model_copy(update={"is_healed": True}))
    stop = state.stop
    if stop is not None and stop.kind is StopKind.RING and not _is_lost(ring):
        stop = None
    return advance(state.model_copy(update={"ring": ring, "stop": stop}), now)


def resume(state: RolloutState, now: datetime) -> RolloutState:
    """The runbook starts again, with the first ring; faults are counted anew."""
    # Without rings nobody is called: those that wait look again by themselves.
    waiting = () if state.ring.rules is None else state.waiting
    ring = _begin_again(state.ring, now)
    changes = {"ring": ring, "stop": None, "faults": (), "waiting": waiting}
    return advance(state.model_copy(update=changes), now)


def advance(state: RolloutState, now: datetime) -> RolloutState:
    """What time alone brings: lost runs are no cures, places are given away, a ring opens."""
    state = state.model_copy(update={"ring": _expire(state.ring, now)})
    if state.ring.rules is None:
        return state
    if state.stop is None and _is_lost(state.ring):
        state = _close_ring(state, "", now)
    if state.stop is not None:
        return state
    ring = state.ring
    if ring.held_until is not None and ring.held_until <= now:
        size = min(2 * ring.size, ring.rules.most if ring.rules else ring.size)
        following = {"number": ring.number + 1, "size": size, "earned_by": ring.healed}
        ring = ring.model_copy(update=following | {"places": (), "opened_at": now})
    return _call_waiting(state.model_copy(update={"ring": ring}), now)


def mark_rescheduled(state: RolloutState | None, runs: Sequence[str]) -> RolloutState | None:
    """The state once the timers of called runs were set off."""
    if state is None:
        return None
    places = [
        place.model_copy(update={"is_rescheduled": place.is_rescheduled or place.run in runs})
        for place in state.ring.places
    ]
    after = state.model_copy(update={"ring": _with_places(state.ring, places)})
    return None if after == state else after


def list_called(state: RolloutState) -> tuple[str, ...]:
    """The runs that have a place and do not know of it yet."""
    return tuple(
        place.run
        for place in state.ring.places
        if not place.is_started and not place.is_rescheduled and place.is_healed is None
    )


def _take_version(
    state: RolloutState, ask: RingRequest, rules: PlannedRollout, now: datetime
) -> RolloutState:
    """A newer version, or one that rested long, begins with the first ring."""
    ring = state.ring
    if ring.version != ask.version:
        if ring.since is not None and ask.matched_at <= ring.since:
            return state  # matched before this version did
        stop = state.stop
        if stop is not None and stop.kind is StopKind.RING:
            stop = None  # the runbook that did not help is no more
        first = Ring(
            version=ask.version,
            since=ask.matched_at,
            rules=rules,
            title=ask.title,
            team=ask.team,
            size=rules.first,
            opened_at=now,
            used_at=now,
        )
        return state.model_copy(update={"ring": first, "stop": stop})
    is_at_rest = not (ring.under_way or state.waiting or state.stop)
    if is_at_rest and ring.used_at is not None and now - ring.used_at >= rules.restart_after:
        return state.model_copy(update={"ring": _begin_again(ring, now)})
    return state


def _begin_again(ring: Ring, now: datetime) -> Ring:
    size = 1 if ring.rules is None else ring.rules.first
    again = {"number": 1, "size": size, "places": (), "opened_at": now, "used_at": now}
    return ring.model_copy(update=again | {"earned_by": 0})


def _note_relapse(state: RolloutState, ask: RingRequest, now: datetime) -> RolloutState:
    """The same trouble again on a target of this ring: its cure did not last."""
    for place in state.ring.places:
        is_same = place.target == ask.target and place.run != ask.run and place.is_healed
        if is_same and place.ended_at is not None and ask.matched_at > place.ended_at:
            ring = _replace(state.ring, place.model_copy(update={"is_healed": False}))
            return _close_failed(state.model_copy(update={"ring": ring}), ask, now)
    return state


def _close_failed(state: RolloutState, ask: RingRequest, now: datetime) -> RolloutState:
    if state.stop is not None or state.ring.rules is None or not _is_lost(state.ring):
        return state
    return _close_ring(state, ask.run, now)


def _close_ring(state: RolloutState, run: str, now: datetime) -> RolloutState:
    """Nothing starts any more; `run` is the one that showed it, if one did."""
    ring = state.ring
    reason = message(
        "stop.ring", ring=ring.number, size=ring.size, failed=ring.failed, needed=ring.needed
    )
    targets = [place.target for place in ring.places if place.is_healed is False]
    stop = RunbookStop(
        kind=StopKind.RING,
        at=now,
        reason=reason,
        title=ring.title,
        team=ring.team,
        targets=tuple(targets[:MAX_TARGETS]),
        target_count=len(targets),
        run=run,
    )
    called = [p.run for p in ring.places if p.is_healed is None and not p.is_started]
    places = [place for place in ring.places if place.run not in called]
    waiting = (*called, *state.waiting)[:MAX_WAITING]
    changes = {"stop": stop, "waiting": waiting, "ring": _with_places(ring, places)}
    return state.model_copy(update=changes)


def _is_lost(ring: Ring) -> bool:
    """Whether so many are not healed that enough cannot be any more."""
    return ring.failed > ring.size - ring.needed


def _give_place(state: RolloutState, ask: RingRequest, now: datetime) -> RolloutState:
    ring = state.ring
    place = ring.place_of(ask.run)
    if place is not None and place.is_started:
        return state
    started = Place(run=ask.run, target=ask.target, is_started=True, until=ask.until)
    if place is not None:
        ring = _replace(ring, started)
    elif len(ring.places) < ring.size:
        ring = _with_places(ring, [*ring.places, started])
    elif ask.run in state.waiting or len(state.waiting) >= MAX_WAITING:
        return state
    else:
        return state.model_copy(update={"waiting": (*state.waiting, ask.run)})
    waiting = tuple(run for run in state.waiting if run != ask.run)
    ring = ring.model_copy(update={"used_at": now})
    return state.model_copy(update={"ring": ring, "waiting": waiting})


def _wait_for_resumption(state: RolloutState, ask: RingRequest) -> RolloutState:
    """Nothing starts. The first run that asks brings the evidence to people, if none has it yet."""
    stop = state.stop
    if stop is not None and not stop.run:
        return state.model_copy(update={"stop": stop.model_copy(update={"run": ask.run})})
    is_first = stop is not None and stop.run == ask.run
    # One whose place ran out without a word keeps it in the ring, and does not wait for another.
    is_known = ask.run in state.waiting or state.ring.place_of(ask.run) is not None
    if is_first or is_known or len(state.waiting) >= MAX_WAITING:
        return state
    return state.model_copy(update={"waiting": (*state.waiting, ask.run)})


def _call_waiting(state: RolloutState, now: datetime) -> RolloutState:
    free = max(0, state.ring.size - len(state.ring.places))
    called, waiting = state.waiting[:free], state.waiting[free:]
    if not called:
        return state
    places = [Place(run=run, until=now + CALL) for run in called]
    ring = _with_places(state.ring, [*state.ring.places, *places])
    return state.model_copy(update={"ring": ring, "waiting": waiting})


def _expire(ring: Ring, now: datetime) -> Ring:
    places = list[Place]()
    for place in ring.places:
        is_over = place.is_healed is None and place.until <= now
        if is_over and place.is_started:
            places.append(place.model_copy(update={"is_healed": False, "ended_at": place.until}))
        elif not is_over:
            places.append(place)
    return _with_places(ring, places)


def _replace(ring: Ring, changed: Place) -> Ring:
    return _with_places(ring, [changed if p.run == changed.run else p for p in ring.places])


def _with_places(ring: Ring, places: Sequence[Place]) -> Ring:
    return ring.model_copy(update={"places": tuple(places)})
