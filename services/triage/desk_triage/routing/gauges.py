"""How routing does on the live desk: who decides, and how often what was learned was right.

Kept in memory since the process started, and published as meters; each replica counts its tickets.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator

from desk_contracts import AnyEvent, Event
from desk_contracts.events.tickets import TicketClosed, TicketResolved
from desk_kernel import Readings
from desk_kernel.wilson import wilson
from desk_platform.telemetry import get_logger, names
from opentelemetry.metrics import CallbackOptions, Meter, Observation

from desk_triage.routing.model import BY_A_TEAM, Routing, Ticket

log = get_logger()

# Who decided: a rule or service of the charter, the model alone, a person with or without its help.
BY_RULE, BY_MODEL, PROPOSED, UNROUTED = "rule", "model", "proposed", "unrouted"
RIGHT, AMONG_THREE, WRONG = "right", "among-three", "wrong"
# Drift is told of the last decisions of one model, and by a limit that chance hardly reaches.
WINDOW, FEWEST = 200, 30
_Z = 2.33


is_finished_by_team: Readings[bool] = Readings(otherwise=False)


@is_finished_by_team.on(TicketResolved)
def _is_resolved(event: Event[TicketResolved]) -> bool:
    return event.data.how in BY_A_TEAM


@is_finished_by_team.on(TicketClosed)
def _is_closed(_event: Event[TicketClosed]) -> bool:
    return True


class RoutingQuality:
    """Counts decisions when they are made, and proposals when their ticket is finished."""

    def __init__(self, meter: Meter, precision: Callable[[], float]) -> None:
        """Creates its instruments, read when somebody asks for figures.

        `precision` is how often the model in force has to be right where it decides alone.
        """
        self._precision = precision
        self._decisions = Counter[str]()
        self._outcomes = Counter[tuple[str, str]]()
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._model = ""
        self.has_drifted = False
        meter.create_observable_counter(
            names.ROUTED, [self._read_decisions], "{ticket}", "Tickets by who chose their team"
        )
        meter.create_observable_counter(
            names.PREDICTED,
            [self._read_outcomes],
            "{ticket}",
            "Finished tickets, by what was learned",
        )
        meter.create_observable_gauge(
            names.DRIFTED, [self._read_drift], "{model}", "1: right less often than it has to be"
        )

    def count(self, decision: Routing) -> None:
        """One more decision."""
        by = UNROUTED if decision.is_deferred else BY_RULE
        if decision.proposals:
            by = PROPOSED if decision.is_deferred else BY_MODEL
        self._decisions[by] += 1

    def judge(self, before: Ticket, event: AnyEvent) -> None:
        """What was proposed for a ticket against the team that finished it."""
        decision = before.decision
        if not before.is_open or not is_finished_by_team(event):
            return
        teams = [proposal.team for proposal in decision.proposals]
        if not teams:
            return
        place = teams.index(before.team) if before.team in teams else len(teams)
        outcome = RIGHT if place == 0 else AMONG_THREE if place < len(teams) else WRONG
        self._outcomes[before.team, outcome] += 1
        if decision.model:
            self._follow(decision.model, is_right=place == 0)

    def _follow(self, model: str, *, is_right: bool) -> None:
        """The last decisions of the newest model that decided alone."""
        if model != self._model:
            self._model, self.has_drifted = model, False
            self._recent.clear()
        self._recent.append(is_right)
        count, right = len(self._recent), sum(self._recent)
        drifted = count >= FEWEST and wilson(right, count, _Z)[1] < self._precision()
        if drifted and not self.has_drifted:
            log.warning("model_drifted", version=model, right=right, decided=count)
        self.has_drifted = drifted

    def _read_decisions(self, _options: CallbackOptions) -> Iterator[Observation]:
        for by in (BY_RULE, BY_MODEL, PROPOSED, UNROUTED):
            yield Observation(self._decisions[by], {names.REASON: by})

    def _read_outcomes(self, _options: CallbackOptions) -> Iterator[Observation]:
        for (team, outcome), count in tuple(self._outcomes.items()):
            yield Observation(count, {names.TEAM: team, names.REASON: outcome})

    def _read_drift(self, _options: CallbackOptions) -> Iterator[Observation]:
        # Before a model decided alone there is nothing to know, and no number.
        if self._model:
            yield Observation(int(self.has_drifted), {names.MODEL: self._model})
