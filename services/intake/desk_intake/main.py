"""Puts intake together and runs it: `python -m desk_intake.main`."""

import httpx
from desk_shared.builder import ServiceBuilder
from desk_shared.bus import CommandQueue, Projection
from desk_shared.bus.stops import AllPartitions
from desk_shared.clock import Clock
from desk_shared.events import names
from desk_shared.http import authenticator_from, cursors_from
from desk_shared.service import Service
from desk_shared.starting import start_service

from desk_intake.api import intake_app
from desk_intake.domain.feedback import Feedback
from desk_intake.domain.model import Ticket
from desk_intake.handlers import (
    READS,
    problems_projection,
    slas_projection,
    tickets_projection,
)
from desk_intake.ports import IntakeDeps
from desk_intake.settings import IntakeSettings
from desk_intake.store import FEEDBACK, PROBLEMS, SLAS, TICKETS


class _Closing:
    """Lets the HTTP client go when the service stops."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def start(self) -> None:
        """It connects when it is used."""

    async def stop(self) -> None:
        await self._client.aclose()


class _Draining:
    """Answers every call that was accepted before the service stops."""

    def __init__(self, *commands: CommandQueue[Ticket] | CommandQueue[Feedback]) -> None:
        self._commands = commands

    async def start(self) -> None:
        """It works when it is asked."""

    async def stop(self) -> None:
        for one in self._commands:
            await one.stop()


def build(settings: IntakeSettings, clock: Clock | None = None) -> Service:
    """The whole service; nothing connects yet."""
    builder = ServiceBuilder.open("intake", settings, clock)
    client = httpx.AsyncClient()
    authenticator = authenticator_from(settings, client, builder.clock)
    charter = builder.charter()
    tickets, problems, slas = (builder.documents(one) for one in (TICKETS, PROBLEMS, SLAS))
    # Other replicas and the HTTP side write the same tickets: nothing is remembered between turns.
    # What other services found out may open a ticket again, under any key.
    changes = builder.unit_of_work(
        "tickets",
        tickets_projection(tickets, settings.close_after),
        cached=0,
        stops=AllPartitions((names.TRIAGE, names.PROBLEMS, names.AUTOMATION)),
    )
    builder.unit_of_work("problems", problems_projection(problems))
    builder.unit_of_work("slas", slas_projection(slas))
    said = builder.unit_of_work(
        "feedback", Projection(builder.documents(FEEDBACK)), reads_bus=False, cached=0
    )
    commands, feedback = CommandQueue(changes), CommandQueue(said)
    builder.tells_how_far(names.TICKETS, changes, TICKETS.collection)
    builder.part("sign-in client", _Closing(client))
    builder.part("calls under way", _Draining(commands, feedback))
    builder.reads(*READS)
    deps = IntakeDeps(
        tickets=tickets,
        changes=commands,
        feedback=feedback,
        problems=problems,
        slas=slas,
        charter=lambda: charter.current,
        publisher=builder.publisher,
        calls=builder.kept_calls(),
        clock=builder.clock,
        cursors=cursors_from(settings),
        close_after=settings.close_after,
    )
    parts = builder.app_parts(authenticator)
    return builder.service(intake_app(parts, deps))


def main() -> None:
    """Run until told to stop; what cannot start says why and ends with 2."""
    start_service(IntakeSettings, build)


if __name__ == "__main__":
    main()
