"""Breakers that the charter has lost while they were open: they hold nothing back any more."""

from collections.abc import Callable
from datetime import timedelta

from desk_charter.services import Service
from desk_kernel import Context, Decision
from desk_platform.clock import Clock
from desk_platform.heartbeat import beat
from desk_platform.kafka import CommandQueue
from desk_platform.store import Documents
from desk_platform.store.pages import by_id

from desk_automation.scopes.breaker import tell_removal
from desk_automation.scopes.decide import remove_breaker
from desk_automation.scopes.limits import limit_of, scope_of_service
from desk_automation.scopes.model import Scope

# So long after the charter has changed it is told at most.
LOOK_EVERY = timedelta(seconds=10)
_PAGE = 100


class LostBreakers:
    """Looks through all scopes at the start, and whenever services are others than before."""

    def __init__(
        self,
        scopes: CommandQueue[Scope],
        stored_scopes: Documents[Scope],
        services: Callable[[], tuple[Service, ...]],
        clock: Clock,
    ) -> None:
        self._scopes, self._stored_scopes = scopes, stored_scopes
        self._services, self._clock = services, clock
        self._seen: tuple[Service, ...] | None = None

    async def run(self) -> None:
        """Look until cancelled; whoever keeps this loop tells of a store that is away."""
        while True:
            await self.look()
            beat()
            await self._clock.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Close and tell those for which the services of now have no breaker."""
        services = self._services()
        if services is self._seen:
            return
        owners = {scope_of_service(service.name): service.owner for service in services}
        limits = {scope_of_service(service.name): limit_of(service) for service in services}
        kept = {id for id, limit in limits.items() if limit is not None and limit.failures}
        begin = scope_of_service("")
        async for page in by_id(self._stored_scopes, limit=_PAGE):
            for stored in page:
                is_lost = stored.id.startswith(begin) and stored.id not in kept
                if is_lost and remove_breaker(stored.state) is not None:
                    name, owner = stored.id.removeprefix(begin), owners.get(stored.id, "")
                    await self._remove(stored.id, name, owner)
        self._seen = services

    async def _remove(self, id: str, service: str, owner: str) -> None:
        def rule(scope: Scope | None, context: Context) -> Decision[Scope] | None:
            after = remove_breaker(scope)
            if scope is None or after is None:
                return None
            return Decision(after, tuple(tell_removal(scope, service, owner, context.now)))

        await self._scopes.change(id, rule)
