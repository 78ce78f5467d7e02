"""What reports asked and what their owners answered, read from the store."""

from collections.abc import Iterable
from dataclasses import dataclass

from desk_shared.events.message import Message
from desk_shared.store import Documents

from desk_metrics.domain.answers import Answers, Asked, Said, standing_of
from desk_metrics.domain.reporting import WEEKLY, Reported


@dataclass(frozen=True, slots=True)
class Correspondence:
    """The two collections that know of it."""

    reported: Documents[Reported]
    answers: Documents[Answers]

    async def asked(self, service: str) -> Asked | None:
        """What reports said of a service so far."""
        return (await self._asked()).get(service)

    async def answered(self, service: str) -> Answers:
        """What was answered about a service."""
        found = (await self.answers.load([service])).get(service)
        return Answers() if found is None or found.state is None else found.state

    async def said(self, services: Iterable[str]) -> dict[str, Said]:
        """The last answer about each of the services that has one."""
        found = await self.answers.load(services)
        lasts = {name: one.state.last for name, one in found.items() if one.state is not None}
        return {name: last for name, last in lasts.items() if last is not None}

    async def open(self) -> list[tuple[str, Message]]:
        """Every service that a report asks about, and where that stands."""
        return list((await self.standings(await self._asked())).items())

    async def standings(self, services: Iterable[str]) -> dict[str, Message]:
        """Where each of the services stands, if anything was asked about it."""
        services = tuple(services)
        asked, said = await self._asked(), await self.said(services)
        found = {name: standing_of(asked.get(name), said.get(name)) for name in services}
        return {name: stands for name, stands in found.items() if stands is not None}

    async def _asked(self) -> dict[str, Asked]:
        found = (await self.reported.load([WEEKLY])).get(WEEKLY)
        made = () if found is None or found.state is None else found.state.made
        return {one.service: one for one in made}
