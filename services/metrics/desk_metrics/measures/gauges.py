"""Figures of the last 28 days by team, for Prometheus. A view: the truth is `GET /v1/measures`.

Today and the 27 days before it (UTC). Levels and not counters, since late facts amend what is past.
No ticket or person is a label. It reads the sums of these days, and of open tickets their facets.
"""

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from desk_platform.clock import Clock
from desk_platform.heartbeat import beat
from desk_platform.store import Documents, Unreadable
from opentelemetry.metrics import Meter

from desk_metrics.measures.figures import figures_of
from desk_metrics.measures.model import TicketRecord
from desk_metrics.measures.rollups import Bucket
from desk_metrics.measures.sources import sources_of
from desk_metrics.measures.store import DailySums, ticket_facets
from desk_metrics.measures.sums import Cut, DaySums
from desk_metrics.measures.totals import QuerySpan, Totals, TotalsQuery
from desk_metrics.sla.worktime import instant, micros

DAYS = 28
# Today's sums are made anew each time, so it is not done often.
EVERY = timedelta(minutes=5)
# A store without an index looks at all tickets for each page, so there are few: facets are small.
_PAGE = 10_000
TEAM = "desk.team"

# The name of each gauge, the figure it shows, its unit, and what it is.
GAUGES = (
    ("desk.tickets.backlog", "backlog", "{ticket}", "Tickets open now"),
    ("desk.tickets.contacts", "contacts", "{ticket}", "Tickets that people opened"),
    ("desk.tickets.proactive", "proactive", "{ticket}", "Tickets that the desk opened first"),
    ("desk.sla.evaluated", "sla_evaluated", "{sla}", "SLAs with a verdict"),
    ("desk.sla.met.share", "sla_met", "1", "Share of them that was kept"),
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
AT_RISK = ("desk.tickets.at_risk", "{ticket}", "Open tickets with an SLA at risk")
_BOOK = "gauges"
_CUT = Cut(by="team", measures=sources_of(figure for _, figure, _, _ in GAUGES))


class _Open(NamedTuple):
    """Tickets open now, and those of them with an SLA at risk, by team."""

    backlog: Counter[str]
    at_risk: Counter[str]


class Gauges:
    """Looks at the figures now and then and shows them."""

    def __init__(
        self,
        meter: Meter,
        buckets: Documents[Bucket],
        sums: Documents[DaySums],
        tickets: Documents[TicketRecord],
        clock: Clock,
    ) -> None:
        self._kept = DailySums(_BOOK, buckets, sums)
        self._tickets = tickets
        # A team that was shown is shown on, if only with zeros.
        self._teams: set[str] = set()
        self._at_risk = meter.create_gauge(*AT_RISK)
        self._clock = clock
        self._gauges = [
            (figure, meter.create_gauge(name, unit, text)) for name, figure, unit, text in GAUGES
        ]

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            beat()
            await self._clock.sleep(EVERY)

    async def look(self) -> None:
        """Set every gauge once; what cannot be told keeps no value."""
        now = self._clock.now()
        midnight = datetime.combine(now.date(), time(), UTC)
        span = QuerySpan(micros(midnight - timedelta(days=DAYS - 1)), micros(now), micros(now))
        there, totals = await self._open(), await self._totals(span)
        self._teams |= totals.keys() | there.backlog.keys()
        for team in sorted(self._teams):
            label = {TEAM: team or "none"}
            self._at_risk.set(there.at_risk[team], label)
            # A backlog has all of history; the tickets that are open now are the same, and fewer.
            figures = figures_of(totals.get(team) or Totals(), span)
            figures["backlog"] = there.backlog[team]
            for name, gauge in self._gauges:
                value = figures[name]
                if value is not None:
                    gauge.set(value, label)

    async def _totals(self, span: QuerySpan) -> dict[str, Totals]:
        """What the days of the span add up to."""
        totals_query, now = TotalsQuery([span], _CUT.by), instant(span.as_of)
        first = instant(span.start).date()
        async for day in self._kept.days(first, now.date(), [_CUT], now):
            if isinstance(day, DaySums):
                totals_query.take_day(day.start, day.cuts[_CUT.key])
            else:
                for bucket in day:
                    totals_query.add(bucket)
        return {team: totals for (_, team), totals in totals_query.totals().items()}

    async def _open(self) -> _Open:
        """Page by page, and of each ticket only its facets."""
        there, after = _Open(Counter(), Counter()), None
        while page := await self._tickets.find_facets({"open": True}, after=after, limit=_PAGE):
            after = (page[-1][0], page[-1][0])
            for id, facets in page:
                if "team" not in facets:  # last written by a version that kept less
                    # Of one that cannot be read only that it is open; it hides no other.
                    facets = {}  # noqa: PLW2901
                    with suppress(Unreadable):
                        stored = (await self._tickets.load([id])).get(id)
                        if stored and stored.state:
                            facets = ticket_facets(stored.state)  # noqa: PLW2901
                team = str(facets.get("team", ""))
                there.backlog[team] += 1
                there.at_risk[team] += bool(facets.get("at_risk"))
        return there
