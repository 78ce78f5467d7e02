"""Which scopes a run is in, and how many people it concerns. Pure."""

from collections.abc import Iterator, Mapping

from desk_charter.services import Service
from desk_contracts.value_types import SubjectKind

from desk_automation.runs.model import Run
from desk_automation.scopes.limits import limit_of, scope_of_service
from desk_automation.scopes.model import Limit


def list_scopes(run: Run, services: Mapping[str, Service]) -> Iterator[tuple[str, Limit]]:
    """The limits that hold for it, each with the id of its scope: of its service, of its plan."""
    for name in dict.fromkeys((run.trigger.service, run.target)):
        limit = limit_of(services.get(name))
        if limit is not None:
            yield scope_of_service(name), limit
    # What names no site, or no service, shares one place with all others that name none.
    places = {"runbook": "", "site": run.trigger.site, "service": run.trigger.service}
    for scope in run.plan.scopes:
        name = places[scope.by]
        limit = Limit(scope.by, name, "", scope.at_once, scope.per_hour, scope.people_at_once)
        yield f"runbook/{run.plan.runbook}/{scope.by}/{name}", limit


def count_people(run: Run, services: Mapping[str, Service]) -> int | None:
    """A device has one person, a service those that its entry names; None if nobody knows."""
    service = services.get(run.target)
    if service is None and run.trigger.subject_kind == SubjectKind.SERVICE:
        service = services.get(run.trigger.service)
    if service is not None:
        return service.people
    is_one = run.trigger.subject_kind not in {SubjectKind.SERVICE, SubjectKind.FLEET}
    return 1 if is_one else None
