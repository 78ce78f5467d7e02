"""A run's places in its scopes: asked for before it acts, given back or ended after."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from desk_charter.services import Service
from desk_platform.kafka import CommandQueue
from desk_platform.store import Stored

from desk_automation.actions.redaction import redact_message
from desk_automation.runs.model import Run
from desk_automation.runs.scopes import count_people, list_scopes
from desk_automation.safety.model import Refusal
from desk_automation.scopes.decide import admit, end, find_refusal, give_back
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
        """Why the run may not act; None once it has its places. Of one refused it holds none."""
        services = {service.name: service for service in self._services()}
        ask = ScopeRequest(run.id, run.cause, count_people(run, services), until)
        for id, limit in list_scopes(run, services):
            changed = await self._change(run, id, limit, partial(admit, limit=limit, ask=ask))
            refusal = find_refusal(changed.state or Scope(), limit, ask, now)
            if refusal is not None:
                await self.give_back(run, but=id)
                return refusal
        return None

    async def give_back(self, run: Run, *, but: str = "") -> None:
        """It did not come to act."""
        services = {service.name: service for service in self._services()}
        for id, limit in list_scopes(run, services):
            if id != but:
                await self._change(run, id, limit, partial(give_back, run=run.id))

    async def record_end(self, run: Run) -> list[str]:
        """What became of it; returns the runs that wait for its places. One that is corrected has
        given them back before, and changes no count."""
        if run.corrects is not None:
            return []
        services = {service.name: service for service in self._services()}
        waiting: list[str] = []
        for id, limit in list_scopes(run, services):
            change: Change = partial(give_back, run=run.id)
            if run.has_sent:
                change = partial(end, limit=limit, run=run.id, outcome=run.outcome)
            changed = await self._change(run, id, limit, change)
            waiting += changed.state.waiting if changed.state is not None else ()
        return waiting

    async def _change(self, run: Run, id: str, limit: Limit, change: Change) -> Stored[Scope]:
        reason = None if run.reason is None else redact_message(run.reason)
        evidence = Evidence(run.id, run.plan.runbook, reason)
        return await self._scopes.change(id, scope_rule(change, limit, evidence))
