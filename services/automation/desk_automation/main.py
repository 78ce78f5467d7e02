"""Automation put together; `python -m desk_automation.main` runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import httpx
from desk_shared.bus import Commands, Fold, Folding
from desk_shared.bus.ledger import Ledger
from desk_shared.bus.stops import NothingUnread
from desk_shared.bus.timers import Silence, Woken
from desk_shared.charter import CharterSource
from desk_shared.clock import Clock
from desk_shared.events import names
from desk_shared.http import authenticator_from, cursors_from, make_app
from desk_shared.kit import Kit
from desk_shared.lookout import Lookout
from desk_shared.service import Service
from desk_shared.starting import start_service
from desk_shared.store import Documents
from desk_shared.store.document import S

from desk_automation.api import Api, automation_routes
from desk_automation.domain.matching import Patience
from desk_automation.domain.model import Run
from desk_automation.handlers import Heard, run_fold, subject_fold
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
from desk_automation.worker import Bounds, Ledgers, Worker


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
    kit = Kit.open("automation", settings, clock)
    client = httpx.AsyncClient()
    authenticator = authenticator_from(settings, client, kit.clock)
    kit.part("sign-in client", _Closing(client))
    charter = kit.charter([check_runbooks])
    lookout = Lookout(kit.clock.now(), kit.telemetry.meters)
    look = Rulebooks(charter)
    api = _wire(kit, settings, look, partial(note_runbooks, lookout), seams or Seams())(charter)
    routes = automation_routes(api, cursors_from(settings))
    why = why_routes(Whys(lookout, api.runs))
    parts = kit.app_parts(authenticator)
    return kit.service(make_app("Experience Desk: automation", "0.1.0", [routes, why], parts))


def _wire(
    kit: Kit, settings: AutomationSettings, look: Rulebooks, heard: Heard, seams: Seams
) -> Callable[[CharterSource], Api]:
    """Folds, workers and their timers. Nothing is cached: other replicas write these too."""
    patience = Patience(queue=settings.queue_wait, stale=settings.stale_after)
    stored_runs, stored_subjects = kit.documents(RUNS), kit.documents(SUBJECTS)
    kit.part("open runs", OpenRuns(stored_runs, look, kit.clock))
    stored_targets, stored_books = kit.documents(TARGETS), kit.documents(BOOKS)
    runs = kit.ledger("runs", run_fold(stored_runs, look, patience, heard), cached=0)
    subjects = kit.ledger("subjects", subject_fold(stored_subjects, look), cached=0)
    journal = seams.around_journal(Commands(runs))
    targets = kit.ledger("targets", _by_command(stored_targets), cached=0)
    books = kit.ledger("runbooks", _by_command(stored_books), cached=0)
    ledgers = Ledgers(
        runs=journal,
        targets=Commands(targets),
        books=Commands(books),
        subjects=Commands(subjects),
        stored_runs=stored_runs,
        stored_subjects=stored_subjects,
    )
    worker = _work(kit, settings, ledgers, seams)
    acts = NothingUnread("an act asks for the run's fence and the signal's end just before")
    _fire(kit, "runs", runs, worker, stored_runs, acts)
    bearer = NewsBearer(ledgers)
    # That nothing well was measured is concluded from silence: only by who hears the device.
    silence = Silence(kit.watermarks(names.TELEMETRY), bearer.wake)
    _fire(kit, "subjects", subjects, bearer, stored_subjects, silence)
    kit.reads(names.SIGNALS, handler=Folding(runs, subjects))
    kit.reads(names.TELEMETRY, handler=Folding(subjects), lane="telemetry")
    return lambda charter: Api(charter, stored_runs, stored_books, journal, kit.clock)


def _by_command(documents: Documents[S]) -> Fold[S]:
    """Documents that no event concerns; only the worker changes them."""
    return Fold(documents, keys=lambda _: (), react=lambda _state, _event, _context: None)


def _work(kit: Kit, settings: AutomationSettings, ledgers: Ledgers, seams: Seams) -> Worker:
    executor = HttpExecutor(Hosts(settings.callable_hosts), kit.clock)
    bounds = Bounds(
        concurrency=settings.concurrency, per_lane=settings.per_host, term=settings.lease
    )
    worker = Worker(ledgers, seams.around_executor(executor), kit.clock, host_of, bounds)
    kit.part("executor", executor)
    kit.part("worker", worker)
    return worker


def _fire(
    kit: Kit,
    name: str,
    ledger: Ledger[S],
    woken: Woken,
    documents: Documents[S],
    stops: Silence | NothingUnread,
) -> None:
    """What is written with a due moment reaches the worker at that moment."""
    ledger.on_due = kit.timers(name, woken, documents, stops).remember


def main() -> None:
    """Run until told to stop; what cannot start says why and ends with 2."""
    start_service(AutomationSettings, build)


if __name__ == "__main__":
    main()
