"""Whether a run may act in a scope, and what is known of the scope after it. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from desk_contracts.events.automation import Outcome
from desk_contracts.message import Message, message

from desk_automation.safety.model import Refusal
from desk_automation.scopes.model import Limit, Repair, Scope, ScopeRequest

HOUR = timedelta(hours=1)
MAX_COUNTED = 200
MAX_CAUSES = 200
MAX_FAILED = 50
_BAD = frozenset({Outcome.NOT_HEALED, Outcome.INCONCLUSIVE, Outcome.IN_DOUBT})


def find_refusal(scope: Scope, limit: Limit, ask: ScopeRequest, now: datetime) -> Refusal | None:
    """Why the run may not act there now; None if it has its place or may have it."""
    active = [repair for repair in scope.repairs if repair.is_active(now)]
    if any(repair.run == ask.run for repair in active):
        return None
    refused = (
        _find_breaker(scope, limit, ask, now)
        or _find_people(active, limit, ask)
        or _find_count(scope, active, limit, now)
    )
    if refused is None or not _is_in_line(refused):
        return refused
    return replace(
        refused, queue_number=ask.queue_number or scope.queue_numbers.last_of(ask.runbook)
    )


def count_free(scope: Scope, limit: Limit, now: datetime) -> int:
    """How many runs that wait there are to be called. Where only people are limited it is not known
    for how many there is room: two, so that it is filled though each calls no more."""
    if not scope.queue_numbers.is_used:
        return 0
    if limit.at_once is None:
        return 2
    return max(0, limit.at_once - sum(repair.is_active(now) for repair in scope.repairs))


def admit(scope: Scope | None, now: datetime, *, limit: Limit, ask: ScopeRequest) -> Scope | None:
    """The scope with the run let in, or with its turn; None if nothing changes."""
    scope = scope or Scope()
    refused = find_refusal(scope, limit, ask, now)
    if refused is None:
        return _let_in(scope, limit, ask, now)
    if refused.kind == "breaker":
        # The first run of each cause brings it to people while the breaker is open.
        if not ask.cause or ask.cause in scope.told_by or len(scope.told_by) >= MAX_CAUSES:
            return None
        told_by = {**scope.told_by, ask.cause: ask.run}
        return scope.model_copy(update={"told_by": told_by})
    if ask.queue_number or not _is_in_line(refused):
        return None
    return scope.model_copy(update={"queue_numbers": scope.queue_numbers.give(ask.runbook)})


def give_back(scope: Scope | None, _now: datetime, *, run: str) -> Scope | None:
    """The scope of a run that did not come to act, so that it does not count."""
    if scope is None or all(repair.run != run for repair in scope.repairs):
        return None
    return scope.model_copy(
        update={
            "repairs": tuple(repair for repair in scope.repairs if repair.run != run),
            "canary": "" if scope.canary == run else scope.canary,
        }
    )


def end(
    scope: Scope | None, now: datetime, *, limit: Limit, run: str, outcome: Outcome | None
) -> Scope | None:
    """The scope after a run that sent something, counted once; None if nothing changes.

    One that healed closes the breaker; one that tried while it was open opens it anew.
    """
    scope = scope or Scope()
    if run in scope.counted:
        return None
    ended = (
        repair.model_copy(update={"has_ended": True}) if repair.run == run else repair
        for repair in scope.repairs
    )
    changes: dict[str, object] = {
        "repairs": tuple(ended),
        "counted": (*scope.counted, run)[-MAX_COUNTED:],
        "canary": "" if scope.canary == run else scope.canary,
    }
    if outcome is Outcome.HEALED:
        changes |= {"failures": 0, "failed": (), "told_by": {}}
        changes |= {"stopped_at": None, "opened_at": None}
    elif outcome in _BAD:
        failures = scope.failures + 1
        changes |= {"failures": failures, "failed": (*scope.failed, run)[-MAX_FAILED:]}
        if limit.failures and (failures >= limit.failures or scope.canary == run):
            changes |= {"opened_at": now, "stopped_at": scope.stopped_at or now}
    return scope.model_copy(update=changes)


def remove_breaker(scope: Scope | None) -> Scope | None:
    """The scope of a service that has no breaker any more; None if that was closed. One that the
    charter gives it later begins anew."""
    if scope is None or scope.stopped_at is None:
        return None
    changes = {"failures": 0, "failed": (), "told_by": {}, "canary": ""}
    return scope.model_copy(update={**changes, "stopped_at": None, "opened_at": None})


def _let_in(scope: Scope, limit: Limit, ask: ScopeRequest, now: datetime) -> Scope | None:
    """What has ended is kept for an hour if a limit counts it, so there are never more of them."""
    counts_from = now if limit.per_hour is None else now - HOUR
    others = [
        repair
        for repair in scope.repairs
        if repair.run != ask.run and (repair.at > counts_from or repair.is_active(now))
    ]
    own = next((it for it in scope.repairs if it.run == ask.run and it.is_active(now)), None)
    if own is not None and own.until >= ask.until:
        return None
    repair = Repair(run=ask.run, at=now, until=ask.until, people=ask.people)
    if own is not None:
        repair = own.model_copy(update={"until": ask.until})
    return scope.model_copy(
        update={
            "repairs": (*others, repair),
            "queue_numbers": scope.queue_numbers.reach(ask.queue_number),
            "canary": scope.canary if own or scope.opened_at is None else ask.run,
        }
    )


def _is_in_line(refused: Refusal) -> bool:
    """Whether the run is called when a place is free; what is free by time it knows itself."""
    return refused.kind == "limit" and refused.until is None


def _find_breaker(scope: Scope, limit: Limit, ask: ScopeRequest, now: datetime) -> Refusal | None:
    if not limit.failures or scope.opened_at is None:
        return None
    until = scope.opened_at + limit.reopen_after
    is_open = now < until
    tries = any(repair.run == scope.canary and repair.is_active(now) for repair in scope.repairs)
    if not is_open and (scope.canary == ask.run or not tries):
        return None
    place, failures = _name(limit), scope.failures
    if is_open:
        reason = message("refusal.scope-breaker", scope=place, failures=failures)
    else:
        reason = message("refusal.scope-canary", scope=place, failures=failures)
    return Refusal(
        "breaker",
        reason,
        until if is_open else None,
        holder=scope.told_by.get(ask.cause, ask.run) if ask.cause else ask.run,
        since=scope.stopped_at,
    )


def _find_people(active: list[Repair], limit: Limit, ask: ScopeRequest) -> Refusal | None:
    most = limit.people_at_once
    if most is None:
        return None
    if ask.people is None:
        reason = message("refusal.scope-people-unknown", scope=_name(limit), most=most)
        return Refusal("people", reason)
    if ask.people > most:
        reason = message("refusal.scope-too-many", scope=_name(limit), people=ask.people, most=most)
        return Refusal("people", reason)
    if any(repair.people is None for repair in active):
        # Let in before this limit was written: nobody knows how many they concern.
        reason = message("refusal.scope-at-once", scope=_name(limit), count=len(active))
        return Refusal("limit", reason)
    concerned = sum(repair.people or 0 for repair in active)
    if concerned + ask.people > most:
        reason = message("refusal.scope-people", scope=_name(limit), count=concerned, most=most)
        return Refusal("limit", reason)
    return None


def _find_count(scope: Scope, active: list[Repair], limit: Limit, now: datetime) -> Refusal | None:
    if limit.at_once is not None and len(active) >= limit.at_once:
        reason = message("refusal.scope-at-once", scope=_name(limit), count=len(active))
        return Refusal("limit", reason)
    starts = sorted(repair.at for repair in scope.repairs if repair.at > now - HOUR)
    if limit.per_hour is not None and len(starts) >= limit.per_hour:
        reason = message("refusal.scope-per-hour", scope=_name(limit), count=len(starts))
        return Refusal("limit", reason, starts[-limit.per_hour] + HOUR)
    return None


def _name(limit: Limit) -> Message:
    match limit.kind, limit.name:
        case "runbook", _:
            return message("scope.runbook")
        case "site", "":
            return message("scope.site-unknown")
        case "site", name:
            return message("scope.site", name=name)
        case _, "":
            return message("scope.service-unknown")
        case _, name:
            return message("scope.service", name=name)
