"""The limits of a service, as the charter has them. Pure."""

from dataclasses import replace

from desk_charter.services import Service

from desk_automation.scopes.model import Limit


def limit_of(service: Service | None) -> Limit | None:
    """What holds for it over all runbooks; None where nothing does."""
    healing = None if service is None else service.healing
    if service is None or healing is None:
        return None
    at_once, people = healing.at_once, healing.people_at_once
    limit = Limit("service", service.name, service.owner, at_once, healing.per_hour, people)
    if (breaker := healing.breaker) is None:
        return limit
    return replace(limit, failures=breaker.consecutive, reopen_after=breaker.reopen_after)


def scope_of_service(name: str) -> str:
    """The id of its scope."""
    return f"service/{name}"
