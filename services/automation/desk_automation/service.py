"""Automation as one table: what it reads, keeps, answers and runs.

`python -m desk_automation.service` runs it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from desk_shared.bus import Projection
from desk_shared.bus.described import application
from desk_shared.bus.stops import NothingUnread
from desk_shared.bus.timers import Silence
from desk_shared.bus.unit_of_work import UnitOfWork
from desk_shared.charter.desk import Desk, obey_charter
from desk_shared.events import names
from desk_shared.lifetimes import Beginning, Ending
from desk_shared.lookout import Lookout
from desk_shared.service import Service, Subscription, Web
from desk_shared.starting import start_service

from desk_automation.api import Api, automation_routes
from desk_automation.domain.matching import Patience
from desk_automation.domain.model import Run
from desk_automation.domain.subjects import Subject
from desk_automation.handlers import run_projection, subject_projection
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
from desk_automation.worker import Bounds, OnDue, UnitsOfWork, Worker


@dataclass(frozen=True, slots=True)
class Seams:
    """Where a test stands in between: around the calls that go out, around the journal."""

    around_executor: Callable[[Executor], Executor] = lambda executor: executor
    around_journal: Callable[[Changes[Run]], Changes[Run]] = lambda runs: runs


def compose(desk: Desk, settings: AutomationSettings, seams: Seams | None = None) -> Web:
    """Its units of work, workers and routes. Nothing is cached: other replicas write these too."""
    seams = seams or Seams()
    lookout = Lookout(desk.clock.now(), desk.telemetry.meters)
    rulebooks = Rulebooks(desk.charter)
    patience = Patience(queue=settings.queue_wait, stale=settings.stale_after)
    stored_runs, stored_subjects = desk.documents(RUNS), desk.documents(SUBJECTS)
    stored_books = desk.documents(BOOKS)
    desk.part("open runs", Beginning(OpenRuns(stored_runs, rulebooks, desk.clock).hear))
    heard = partial(note_runbooks, lookout)
    runs = desk.unit_of_work(
        "runs", run_projection(stored_runs, rulebooks, patience, heard), cached=0
    )
    subjects = desk.unit_of_work(
        "subjects", subject_projection(stored_subjects, rulebooks), cached=0
    )
    targets = desk.unit_of_work("targets", Projection(desk.documents(TARGETS)), cached=0)
    books = desk.unit_of_work("runbooks", Projection(stored_books), cached=0)
    units_of_work = UnitsOfWork(
        runs=seams.around_journal(desk.commands(runs)),
        targets=desk.commands(targets),
        books=desk.commands(books),
        subjects=desk.commands(subjects),
        stored_runs=stored_runs,
        stored_subjects=stored_subjects,
    )
    worker = _worker(desk, settings, units_of_work, runs.due.remember, seams)
    _wake(desk, runs, worker, subjects, NewsBearer(units_of_work))
    api = Api(desk.charter, stored_runs, stored_books, units_of_work.runs, desk.clock)
    why = Whys(lookout, stored_runs)
    return Web([automation_routes(api, desk.cursors), why_routes(why)])


def _worker(
    desk: Desk,
    settings: AutomationSettings,
    units_of_work: UnitsOfWork,
    on_due: OnDue,
    seams: Seams,
) -> Worker:
    executor = HttpExecutor(Hosts(settings.callable_hosts), desk.clock)
    bounds = Bounds(
        concurrency=settings.concurrency, per_lane=settings.per_host, term=settings.lease
    )
    calls = seams.around_executor(executor)
    worker = Worker(units_of_work, calls, desk.clock, host_of, bounds, on_due=on_due)
    desk.part("executor", Ending(executor.close))
    desk.part("worker", Ending(worker.finish))
    return worker


def _wake(
    desk: Desk,
    runs: UnitOfWork[Run],
    worker: Worker,
    subjects: UnitOfWork[Subject],
    bearer: NewsBearer,
) -> None:
    """What is written with a due moment reaches its worker at that moment."""
    acts = NothingUnread("an act asks for the run's fence and the signal's end just before")
    desk.timers("runs", runs, worker.wake, acts)
    # That nothing well was measured is concluded from silence: only by who hears the device.
    silence = Silence(desk.watermarks(names.TELEMETRY), bearer.wake)
    desk.timers("subjects", subjects, bearer.wake, silence)


SERVICE = Service(
    "automation",
    AutomationSettings,
    collections=(RUNS, SUBJECTS, TARGETS, BOOKS),
    subscriptions=(
        Subscription((names.SIGNALS,), to=("runs", "subjects")),
        Subscription((names.TELEMETRY,), to=("subjects",), lane="telemetry"),
    ),
    organisation=obey_charter(check_runbooks),
    compose=compose,
)

# `faststream docs serve desk_automation.service:asyncapi --factory`
asyncapi = partial(application, SERVICE)

if __name__ == "__main__":
    start_service(SERVICE)
