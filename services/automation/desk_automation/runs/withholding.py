"""A run that a window or an open signal holds back: skipped, or made to wait and asked anew. Pure.

What waited acts only if a measurement taken since then shows that the trouble is still there.
"""

from datetime import datetime, timedelta

from desk_contracts.events.automation import Outcome
from desk_contracts.message import message
from desk_kernel import Decision

from desk_automation.actions.model import PlannedProbe
from desk_automation.runs import events
from desk_automation.runs.lifecycle import BEHIND_SIGNAL, Decided, escalate, find_next_look, skip
from desk_automation.runs.model import Phase, Run, Withheld
from desk_automation.runs.verdict import IsWell, is_cure
from desk_automation.safety.model import Refusal
from desk_automation.verification.model import Watch
from desk_automation.verification.sample import fresh

# An open signal holds a run back for so long; a window, until it closes.
LONGEST_INHIBITION = timedelta(hours=24)
# A window may close before its time: a change is finished early, a freeze is taken out.
LOOK_AGAIN = timedelta(minutes=5)


def may_withhold(run: Run, kind: str) -> bool:
    """What a person asked for by hand is held back by a freeze only: they know of the rest."""
    return not run.trigger.requested_by or kind == "freeze"


def withhold(run: Run, refused: Refusal, now: datetime) -> Decided:
    """The run waits, or is over at once, as its runbook says. What a ticket asked for waits."""
    is_asked = bool(run.trigger.request)
    is_inhibited = refused.kind == "inhibited"
    if not (is_inhibited or is_asked or run.plan.in_window == "wait"):
        return skip(run, refused.reason, now)
    since = now if run.withheld is None else run.withheld.since
    if is_inhibited and now - since >= LONGEST_INHIBITION:
        reason = message("run.withheld-too-long", since=since, why=refused.reason)
        return escalate(run, Outcome.NOT_RUN, reason, now) if is_asked else skip(run, reason, now)
    look = find_next_look(since, now, BEHIND_SIGNAL)
    again = look if is_inhibited else now + LOOK_AGAIN
    until = min(refused.until or again, again)
    changes = {
        "phase": Phase.QUEUED,
        "timer_at": until,
        "reason": refused.reason,
        # It has as long for its turn afterwards as it had before.
        "queue_until": run.queue_until + (until - now),
        "withheld": Withheld(since=since),
    }
    held = run.model_copy(update=changes)
    emitted = (events.emit_withheld(held, refused.until, now),) if run.withheld is None else ()
    return Decision(held, emitted)


def step_back(run: Run, refused: Refusal, now: datetime) -> Decided:
    """A run that was let in and has not begun an act gives its turn back. Its guards and what it
    asked before the act are asked again; a wait that is over is not begun again."""
    decided = withhold(run, refused, now)
    if decided.state.has_ended:
        return decided
    position = run.position
    while position and isinstance(run.steps[position - 1], PlannedProbe):
        position -= 1
    changes = {"position": position, "guarded": 0, "deadline": None, "lease": None}
    return Decision(decided.state.model_copy(update=changes), decided.events)


def recheck(run: Run, watch: Watch | None, is_well: IsWell, now: datetime) -> Decided | None:
    """What held it back is over. Skipped if it is well by now, let go on if it is not; people get
    it where nothing tells."""
    held, verify = run.withheld, run.plan.verify
    if held is None:
        return None
    if verify is None or run.trigger.request:
        # Nothing is measured of it: that its signal is open, and its guards, must be enough.
        return Decision(_resume(run, now))
    if held.over_at is None:
        until = now + verify.within + verify.grace
        waiting = {
            "phase": Phase.QUEUED,
            "timer_at": until,
            "reason": message("run.waits-for-measurement", measurement=verify.measurement),
            "queue_until": run.queue_until + (until - now),
            "withheld": held.model_copy(update={"over_at": now, "ask_until": until}),
        }
        return Decision(run.model_copy(update=waiting))
    samples = () if watch is None else watch.samples
    run = run.model_copy(update={"samples": samples})
    newest = fresh(samples, held.over_at)[-verify.samples :]
    if is_cure(newest, verify.samples, is_well):
        values = [message("measured.value", value=item.value, at=item.at) for item in newest]
        return skip(run, message("run.well-meanwhile", values=values), now)
    if newest and not is_well(newest[-1].value):
        return Decision(_resume(run, now))
    return _wait_on(run, held, now)


def _wait_on(run: Run, held: Withheld, now: datetime) -> Decided:
    """Nothing tells yet; after its time people get it."""
    if held.ask_until is not None and now < held.ask_until:
        return Decision(run.model_copy(update={"timer_at": held.ask_until}))
    measurement = run.plan.verify.measurement if run.plan.verify else ""
    reason = message(
        "run.nothing-measured-since", measurement=measurement, since=held.over_at or now
    )
    return escalate(run, Outcome.NOT_RUN, reason, now)


def _resume(run: Run, now: datetime) -> Run:
    return run.model_copy(update={"withheld": None, "samples": (), "timer_at": now, "reason": None})
