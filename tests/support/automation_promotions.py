"""Promotion as the service has it, with documents in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from desk_automation.chains.decide import Sealing
from desk_automation.promotion.model import PromotionState
from desk_automation.promotion.store import PROMOTIONS, promotion_projection
from desk_automation.promotion.worker import PromotedModes
from desk_charter.runbooks import Runbook
from desk_contracts import AnyEvent
from desk_contracts.chain_keys import read_chain_keys
from desk_platform.clock import FakeClock
from desk_platform.kafka import CommandQueue, Projection, UnitOfWork
from desk_testing.fakes import FakeDocuments

from tests.support.automation_units import apply_event

_KEYS = read_chain_keys("for promotions, of thirty-two characters")


class FakePromotions:
    """What automation published is heard when the test says so."""

    def open(
        self,
        clock: FakeClock,
        unit_of_work: Callable[[Projection[Any]], UnitOfWork[Any]],
        runbooks: Sequence[Runbook],
    ) -> None:
        self.documents = FakeDocuments(PROMOTIONS, clock)
        self.modes = PromotedModes(self.documents, lambda: tuple(runbooks), clock)
        plain = promotion_projection(self.documents, self.modes.find_version)
        self._projection = replace(plain, seal=Sealing(lambda: _KEYS, "promotion/"))
        self._unit: UnitOfWork[PromotionState] = unit_of_work(self._projection)
        self.commands = CommandQueue(self._unit)
        self._heard = 0

    async def hear(self, published: Sequence[AnyEvent]) -> None:
        """What is new of all that was published; then every replica knows the modes."""
        for event in published[self._heard :]:
            await apply_event(self._unit, self._projection, event)
        self._heard = len(published)
        await self.modes.refresh()
