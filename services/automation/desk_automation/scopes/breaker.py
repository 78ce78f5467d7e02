"""What is published about the breaker of a service: it opened, one run tries, it closed, or the
charter has lost it. Pure."""

from collections.abc import Iterator
from datetime import datetime

from desk_contracts import AnyEvent, Event, Payload
from desk_contracts.events.breakers import (
    ServiceBreakerClosed,
    ServiceBreakerHalfOpened,
    ServiceBreakerOpened,
    ServiceBreakerRemoved,
)
from desk_contracts.ids import derive_id
from desk_contracts.message import message
from desk_contracts.names import AUTOMATION_SOURCE

from desk_automation.scopes.model import Evidence, Limit, Scope


def tell_breaker(
    before: Scope, after: Scope, limit: Limit, evidence: Evidence, now: datetime
) -> Iterator[AnyEvent]:
    """What a change of the scope says of its breaker; nothing where that is as it was."""
    since, run, runbook = after.stopped_at, evidence.run, evidence.runbook
    service, team = limit.name, limit.owner
    if since is None or after.opened_at is None:
        if before.stopped_at is not None:
            closed = ServiceBreakerClosed(
                service=service, team=team, stopped_at=before.stopped_at, run=run, runbook=runbook
            )
            yield _emit(closed, run, service, now)
    elif after.opened_at != before.opened_at:
        until = after.opened_at + limit.reopen_after
        why = message("stop.service-breaker", count=after.failures, until=until)
        opened = ServiceBreakerOpened(
            service=service,
            team=team,
            stopped_at=since,
            until=until,
            explanation=(why,) if evidence.reason is None else (why, evidence.reason),
            failures=after.failures,
            runs=after.failed,
            run=run,
            runbook=runbook,
        )
        yield _emit(opened, run, service, now)
    elif limit.failures and after.canary not in {"", before.canary}:
        tried = ServiceBreakerHalfOpened(
            service=service, team=team, stopped_at=since, run=run, runbook=runbook
        )
        yield _emit(tried, run, service, now)


def tell_removal(before: Scope, service: str, team: str, now: datetime) -> Iterator[AnyEvent]:
    """The charter has lost a breaker that was not closed."""
    if before.stopped_at is not None:
        removed = ServiceBreakerRemoved(
            service=service, team=team, stopped_at=before.stopped_at, failures=before.failures
        )
        yield _emit(removed, "", service, now)


def _emit(data: Payload, run: str, service: str, now: datetime) -> AnyEvent:
    """A run that did not come to act may try once more, so the time is a part of the id."""
    return Event(
        id=derive_id(run, f"{data.TYPE}/{service}/{now.isoformat()}"),
        source=AUTOMATION_SOURCE,
        subject=service,
        time=now,
        data=data,
    )
