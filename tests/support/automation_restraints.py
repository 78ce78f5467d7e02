"""Windows, announced changes and open signals around the engine in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from desk_automation.chains.decide import Sealing
from desk_automation.inhibition.store import OPEN_SIGNALS, project_open_signals
from desk_automation.runs.model import Run
from desk_automation.runs.store import count_waiting
from desk_automation.runs.worker.restraints import RestraintRecords
from desk_automation.scopes.api import ScopesApi
from desk_automation.scopes.store import SCOPES
from desk_automation.windows.store import PLANNED_CHANGES, project_planned_changes
from desk_charter import CharterSource
from desk_charter.dated_calendars import DatedCalendar
from desk_charter.runbooks import Runbook
from desk_charter.services import Service
from desk_charter.windows import ScheduledWindow
from desk_platform.clock import FakeClock
from desk_platform.kafka import Projection, UnitOfWork
from desk_platform.store import Documents
from desk_testing.fakes import FakeDocuments

from tests.support.automation_units import CHAIN_KEYS


@dataclass
class FakeRestraints:
    """What the charter says, and what was told of it on the bus."""

    windows: tuple[ScheduledWindow, ...] = ()
    services: tuple[Service, ...] = ()
    calendars: dict[str, DatedCalendar] = field(default_factory=dict)
    units: list[tuple[UnitOfWork[Any], Projection[Any]]] = field(default_factory=list)

    def open(
        self,
        clock: FakeClock,
        unit_of_work: Callable[[Projection[Any]], UnitOfWork[Any]],
        runbooks: Sequence[Runbook],
    ) -> None:
        """Documents of their own for each engine."""
        self.clock = clock
        planned = FakeDocuments(PLANNED_CHANGES, clock)
        signals = FakeDocuments(OPEN_SIGNALS, clock)

        def find_inhibitors() -> set[str]:
            return {signal for runbook in runbooks for signal in runbook.inhibited_by}

        projections: list[Projection[Any]] = [
            project_planned_changes(planned),
            project_open_signals(signals, find_inhibitors),
        ]
        self.units = [(unit_of_work(projection), projection) for projection in projections]
        self.scopes = Projection(
            FakeDocuments(SCOPES, clock), seal=Sealing(lambda: CHAIN_KEYS, "scope/")
        )
        self.records = RestraintRecords(
            lambda: self.windows,
            lambda name: self.calendars[name],
            lambda: self.services,
            planned,
            signals,
        )

    def scopes_api(self, charter: CharterSource, runs: Documents[Run]) -> ScopesApi:
        """What the route about limits of services reads."""
        return ScopesApi(charter, self.scopes.documents, partial(count_waiting, runs), self.clock)
