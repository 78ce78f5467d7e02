"""Figures of the last 28 days by team, for Prometheus. A view: the truth is `GET /v1/measures`.

Levels and not counters, since late facts amend what is past. No ticket or person is a label.
"""

from collections import Counter
from datetime import timedelta

from desk_shared.clock import Clock
from desk_shared.errors import DependencyDown
from desk_shared.store import Documents
from desk_shared.telemetry import get_logger
from opentelemetry.metrics import Meter

from desk_metrics.domain.measures.cells import Cell
from desk_metrics.domain.measures.figures import figures_of
from desk_metrics.domain.measures.totals import Reckoning, Span
from desk_metrics.domain.tickets import TicketRecord, team_at_risk
from desk_metrics.domain.worktime import micros
from desk_metrics.reckoning import days

log = get_logger()

WINDOW = timedelta(days=28)
# It reads four weeks of days, so it is not done often.
EVERY = timedelta(minutes=5)
_PAGE = 500
TEAM = "desk.team"

# The name of each gauge, the figure it shows, its unit, and what it is.
GAUGES = (
    ("desk.tickets.backlog", "backlog", "{ticket}", "Tickets open now"),
    ("desk.tickets.contacts", "contacts", "{ticket}", "Tickets that people opened"),
    ("desk.tickets.proactive", "proactive", "{ticket}", "Tickets that the desk opened first"),
    ("desk.promises.judged", "promises_judged", "{promise}", "Promises with a verdict"),
    ("desk.promises.kept.share", "promises_kept", "1", "Share of them that was kept"),
    ("desk.acknowledge.mean", "mtta", "s", "Mean time to acknowledge"),
    ("desk.restore.mean", "mttr", "s", "Mean time to restore"),
    ("desk.restore.p90", "mttr_p90", "s", "Time to restore that 90 % do not exceed"),
    ("desk.resolved.at.once.share", "first_contact_resolution", "1", "Resolved at first contact"),
    ("desk.reopened.share", "reopen_rate", "1", "Reopenings per resolution"),
    ("desk.healed", "auto_healed", "{repair}", "Repairs that lasted"),
    ("desk.surveys", "surveys", "{answer}", "Answers to surveys"),
    ("desk.happiness.quotient", "happiness", "", "Happy less unhappy share of them, -1 to 1"),
    ("desk.detection.lead.mean", "detection_lead", "s", "Warning before the first report"),
)
AT_RISK = ("desk.tickets.at_risk", "{ticket}", "Open tickets with a promise at risk")


class Gauges:
    """Looks at the figures now and then and shows them."""

    def __init__(
        self,
        meter: Meter,
        cells: Documents[Cell],
        tickets: Documents[TicketRecord],
        clock: Clock,
    ) -> None:
        self._cells = cells
        self._tickets = tickets
        self._teams: set[str] = set()
        self._at_risk = meter.create_gauge(*AT_RISK)
        self._clock = clock
        self._gauges = [
            (figure, meter.create_gauge(name, unit, text)) for name, figure, unit, text in GAUGES
        ]

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except DependencyDown as error:
                log.warning("figures_wait", reason=str(error))
            await self._clock.sleep(EVERY)

    async def look(self) -> None:
        """Set every gauge once; what cannot be told keeps no value."""
        await self._look_at_risks()
        now = self._clock.now()
        span = Span(micros(now - WINDOW), micros(now), micros(now))
        reckoning = Reckoning([span], "team")
        async for one in days(self._cells, (now - WINDOW).date(), now.date(), now):
            reckoning.take(one)
        for (_, team), totals in reckoning.totals().items():
            figures = figures_of(totals, span)
            for name, gauge in self._gauges:
                value = figures[name]
                if value is not None:
                    gauge.set(value, {TEAM: team or "none"})

    async def _look_at_risks(self) -> None:
        """A team that had tickets at risk is told to have none, once that is so."""
        found = Counter[str]()
        after: tuple[object, str] | None = None
        while page := await self._tickets.find({"open": True}, after=after, limit=_PAGE):
            after = (page[-1].id, page[-1].id)
            teams = (team_at_risk(one.state) for one in page if one.state is not None)
            found.update(team or "none" for team in teams if team is not None)
        self._teams |= found.keys()
        for team in self._teams:
            self._at_risk.set(found[team], {TEAM: team})
