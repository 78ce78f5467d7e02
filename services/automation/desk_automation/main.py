"""Automation put together; `python -m desk_automation.main` runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import httpx
from desk_shared.builder import ServiceBuilder
from desk_shared.bus import BatchProcessor, CommandQueue, Projection
from desk_shared.bus.stops import NothingUnread
from desk_shared.bus.timers import Silence, Woken
from desk_shared.bus.unit_of_work import UnitOfWork
from desk_shared.charter import CharterSource
from desk_shared.clock import Clock
from desk_shared.events import names
from desk_shared.http import authenticator_from, cursors_from, make_app
from desk_shared.lookout import Lookout
from desk_shared.service import Service
from desk_shared.starting import start_service
from desk_shared.store import Documents
from desk_shared.store.document import S

from desk_automation.api import Api, automation_routes
from desk_automation.domain.matching import Patience
from desk_automation.domain.model import Run
from desk_automation.handlers import Heard, run_projection, subject_projection
from desk_automation.hosts import Hosts
from desk_automation.http_executor import HttpExecutor, host_of
from desk_automation.looking import note_runbooks
from desk_automation.news import NewsBearer
from desk_automation.ports import Changes, Executor
from desk_automation.rulebook import check_runbooks
from desk_automation.rulebooks import OpenRuns, Rulebooks
from desk_automation.settings import AutomationSettings
from desk_automation.store import BOOKS, RUNS, SUBJECTS, TARGETS
from desk_automation.why import Whys, why_routes
from desk_automation.worker import Bounds, UnitsOfWork, Worker


@dataclass(frozen=True, slots=True)
class Seams:
    """Where a test stands in between: around the calls that go out, around the journal."""

    around_executor: Callable[[Executor], Executor] = lambda executor: executor
    around_journal: Callable[[Changes[Run]], Changes[Run]] = lambda runs: runs


class _Closing:
    """Lets the sign-in client go when the service stops."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def start(self) -> None:
        """It connects when it is used."""

    async def stop(self) -> None:
        await self._client.aclose()


def build(
    settings: AutomationSettings, clock: Clock | None = None, seams: Seams | None = None
) -> Service:
    """The whole service; nothing connects yet."""
    builder = ServiceBuilder.open("automation", settings, clock)
    client = httpx.AsyncClient()
    authenticator = authenticator_from(settings, client, builder.clock)
    builder.part("sign-in client", _Closing(client))
    charter = builder.charter([check_runbooks])
    lookout = Lookout(builder.clock.now(), builder.telemetry.meters)
    look = Rulebooks(charter)
    api = _wire(builder, settings, look, partial(note_runbooks, lookout), seams or Seams())(charter)
    routes = automation_routes(api, cursors_from(settings))
    why = why_routes(Whys(lookout, api.runs))
    parts = builder.app_parts(authenticator)
    return builder.service(make_app("Experience Desk: automation", "0.1.0", [routes, why], parts))


def _wire(
    builder: ServiceBuilder,
    settings: AutomationSettings,
    look: Rulebooks,
    heard: Heard,
    seams: Seams,
) -> Callable[[CharterSource], Api]:
    """Folds, workers and their timers. Nothing is cached: other replicas write these too."""
    patience = Patience(queue=settings.queue_wait, stale=settings.stale_after)
    stored_runs, stored_subjects = builder.documents(RUNS), builder.documents(SUBJECTS)
    builder.part("open runs", OpenRuns(stored_runs, look, builder.clock))
    stored_targets, stored_books = builder.documents(TARGETS), builder.documents(BOOKS)
    runs = builder.unit_of_work(
        "runs", run_projection(stored_runs, look, patience, heard), cached=0
    )
    subjects = builder.unit_of_work("subjects", subject_projection(stored_subjects, look), cached=0)
    journal = seams.around_journal(CommandQueue(runs))
    targets = builder.unit_of_work("targets", Projection(stored_targets), cached=0)
    books = builder.unit_of_work("runbooks", Projection(stored_books), cached=0)
    units_of_work = UnitsOfWork(
        runs=journal,
        targets=CommandQueue(targets),
        books=CommandQueue(books),
        subjects=CommandQueue(subjects),
        stored_runs=stored_runs,
        stored_subjects=stored_subjects,
    )
    worker = _work(builder, settings, units_of_work, seams)
    acts = NothingUnread("an act asks for the run's fence and the signal's end just before")
    _fire(builder, "runs", runs, worker, stored_runs, acts)
    bearer = NewsBearer(units_of_work)
    # That nothing well was measured is concluded from silence: only by who hears the device.
    silence = Silence(builder.watermarks(names.TELEMETRY), bearer.wake)
    _fire(builder, "subjects", subjects, bearer, stored_subjects, silence)
    builder.reads(names.SIGNALS, handler=BatchProcessor(runs, subjects))
    builder.reads(names.TELEMETRY, handler=BatchProcessor(subjects), lane="telemetry")
    return lambda charter: Api(charter, stored_runs, stored_books, journal, builder.clock)


def _work(
    builder: ServiceBuilder, settings: AutomationSettings, units_of_work: UnitsOfWork, seams: Seams
) -> Worker:
    executor = HttpExecutor(Hosts(settings.callable_hosts), builder.clock)
    bounds = Bounds(
        concurrency=settings.concurrency, per_lane=settings.per_host, term=settings.lease
    )
    worker = Worker(units_of_work, seams.around_executor(executor), builder.clock, host_of, bounds)
    builder.part("executor", executor)
    builder.part("worker", worker)
    return worker


def _fire(
    builder: ServiceBuilder,
    name: str,
    unit_of_work: UnitOfWork[S],
    woken: Woken,
    documents: Documents[S],
    stops: Silence | NothingUnread,
) -> None:
    """What is written with a due moment reaches the worker at that moment."""
    unit_of_work.on_due = builder.timers(name, woken, documents, stops).remember


def main() -> None:
    """Run until told to stop; what cannot start says why and ends with 2."""
    start_service(AutomationSettings, build)


if __name__ == "__main__":
    main()
