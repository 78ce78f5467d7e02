"""What is used now and then and never asked beside it: health says how the last use went."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from desk_contracts.errors import DependencyDown

from desk_platform.health.register import Health, State


@dataclass(frozen=True, slots=True)
class UsageReport:
    """One such component: unknown until it is used, degraded while its last use found it away."""

    health: Health
    component: str

    def __post_init__(self) -> None:
        self.health.expect(self.component, required=False)
        self.health.mark(self.component, State.UNKNOWN, "not used since the start")

    @contextmanager
    def around_use(self) -> Iterator[None]:
        """Around one use. Errors other than `DependencyDown` say nothing of it."""
        try:
            yield
        except DependencyDown as down:
            self.note_absence(str(down))
            raise
        self.health.mark(self.component, State.READY, "it answered when it was used last")

    def note_absence(self, reason: str) -> None:
        """It did not answer."""
        self.health.mark(self.component, State.DEGRADED, reason)
