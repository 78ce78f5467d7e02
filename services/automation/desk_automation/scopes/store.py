"""How scopes are kept: one document for each service that has limits, and for each place of a
runbook's own limits."""

from collections.abc import Callable
from datetime import datetime

from desk_kernel import Context, Decision
from desk_platform.kafka.unit_of_work import Rule
from desk_platform.store import Schema

from desk_automation.scopes.breaker import tell_breaker
from desk_automation.scopes.model import Evidence, Limit, Scope

Change = Callable[[Scope | None, datetime], Scope | None]

SCOPES = Schema(
    collection="scopes",
    model=Scope,
    kept="one for each service, and for each site of a runbook, that has limits",
)


def scope_rule(change: Change, limit: Limit, evidence: Evidence) -> Rule[Scope]:
    """A change with what it says of the breaker; what is refused says why itself."""

    def rule(scope: Scope | None, context: Context) -> Decision[Scope] | None:
        after = change(scope, context.now)
        if after is None:
            return None
        events = tell_breaker(scope or Scope(), after, limit, evidence, context.now)
        return Decision(after, tuple(events))

    return rule
