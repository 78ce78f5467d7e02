"""A run's places in its scopes: asked for before it acts, given back or ended after."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from desk_charter.services import Service
from desk_platform.kafka import CommandQueue
from desk_platform.store import Stored

from desk_automation.actions.redaction import redact_message
from desk_automation.runs.model import Run
from desk_automation.runs.scopes import count_people, list_scopes
from desk_automation.safety.model import Refusal
from desk_automation.scopes.decide import admit, count_free, end, find_refusal, give_back
from desk_automation.scopes.model import Evidence, Limit, Scope, ScopeRequest
from desk_automation.scopes.store import Change, scope_rule


class Scopes:
    """Nothing is asked or written for runs to which no such limit applies.

    Limits of a runbook are those of the run's plan, limits of a service those of the charter now:
    who tightens them for a system in trouble means the runs that wait as well.
    """

    def __init__(
        self, scopes: CommandQueue[Scope], services: Callable[[], tuple[Service, ...]]
    ) -> None:
        self._scopes, self._services = scopes, services

    async def find_refusal(self, run: Run, until: datetime, now: datetime) -> Refusal | None:
        """Why the run may not act; None once it has its places. Who is refused gives them back."""
        services = {service.name: service for service in self._services()}
        people = count_people(run, services)
        for id, limit in list_scopes(run, services):
            number = run.queue_number if run.line == id else 0
            ask = ScopeRequest(run.id, run.cause, people, until, run.plan.runbook, number)
            changed = await self._change(run, id, limit, partial(admit, limit=limit, ask=ask))
            refusal = find_refusal(changed.state or Scope(), limit, ask, now)
            if refusal is not None:
                return replace(refusal, place=id)
        return None

    async def give_back(self, run: Run, now: datetime) -> dict[str, int]:
        """It did not come to act. Returns how many may be called in the line of each place that it
        had: where it had none, who is refused would call others who are."""
        held = set[str]()

        def leave(scope: Scope | None, now: datetime, *, id: str) -> Scope | None:
            after = give_back(scope, now, run=run.id)
            held.update(() if after is None else (id,))
            return after

        free = await self._leave(run, now, lambda id, _: partial(leave, id=id))
        return {id: count for id, count in free.items() if id in held}

    async def record_end(self, run: Run, now: datetime) -> dict[str, int]:
        """What became of it; returns how many may be called in the line of each of its places. One
        that is corrected has given them back before, and changes no count."""
        if run.corrects is not None:
            return {}
        if not run.has_sent:
            return await self._leave(run, now, lambda *_: partial(give_back, run=run.id))
        outcome = run.outcome
        return await self._leave(
            run, now, lambda _, limit: partial(end, limit=limit, run=run.id, outcome=outcome)
        )

    async def _leave(
        self, run: Run, now: datetime, change_of: Callable[[str, Limit], Change]
    ) -> dict[str, int]:
        services = {service.name: service for service in self._services()}
        free = {}
        for id, limit in list_scopes(run, services):
            changed = await self._change(run, id, limit, change_of(id, limit))
            free[id] = count_free(changed.state or Scope(), limit, now)
        return free

    async def _change(self, run: Run, id: str, limit: Limit, change: Change) -> Stored[Scope]:
        reason = None if run.reason is None else redact_message(run.reason)
        evidence = Evidence(run.id, run.plan.runbook, reason)
        return await self._scopes.change(id, scope_rule(change, limit, evidence))
