"""Reports for the problem register: an ordinary past, and an outage after it."""

import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import cast

from desk_charter import Charter
from desk_contracts import AnyEvent, Event
from desk_contracts.events.trouble import EvidenceChanged, TroubleReported
from desk_kernel import Decision
from desk_triage.changes.snapshot import EMPTY, ContextSnapshot
from desk_triage.problems.counting import Counts
from desk_triage.problems.decide import add_report, add_signal, emit_joined, remove_signal
from desk_triage.problems.joining import Desk
from desk_triage.problems.meaning import Meanings
from desk_triage.problems.model import REGISTER, Problem, ProblemRegister
from desk_triage.problems.terms import read_words

from tests.support.triage_desk import CHARTER, MONDAY

_THINGS = "mouse chair badge laptop monitor parking calendar invoice holiday contract canteen phone"
_TROUBLES = "broken missing wrong slow late strange empty locked noisy expired doubled unreadable"
_SERVICES = ("laptop", "mail", "erp", "printing", "identity", "files", "crm")
VPN = ("VPN tunnel drops after login", "tunnel of the VPN drops", "VPN login: the tunnel drops")


def report(
    ticket: str, person: str, minutes: float, text: str, service: str = "", category: str = ""
) -> Event[TroubleReported]:
    moment = MONDAY + timedelta(minutes=minutes)
    data = TroubleReported(
        ticket=ticket,
        person=person,
        reported_at=moment,
        service=service,
        category=category or service,
        words=read_words(text, ""),
    )
    return Event(
        id=f"report-{ticket}", source="/desk/triage", subject=REGISTER, time=moment, data=data
    )


def signal(
    minutes: float,
    *,
    is_open: bool = True,
    is_unknown: bool = False,
    episode: str = "e1",
    service: str = "vpn",
) -> Event[EvidenceChanged]:
    moment = MONDAY + timedelta(minutes=minutes)
    data = EvidenceChanged(
        episode=episode,
        service=service,
        title="VPN fails",
        is_open=is_open,
        is_unknown=is_unknown,
    )
    name = f"{episode}-{is_open}"
    return Event(id=name, source="/desk/triage", subject=REGISTER, time=moment, data=data)


def ordinary(
    count: int = 300, until: float = -1, every: float = 4, seed: int = 1, name: str = "past"
) -> list[Event[TroubleReported]]:
    """Tickets of many things by many people, the last `until` minutes after Monday at nine."""
    random_ = random.Random(seed)  # noqa: S311
    things, troubles = _THINGS.split(), _TROUBLES.split()
    tickets = []
    for number in range(count):
        text = f"the {random_.choice(things)} is {random_.choice(troubles)} in room {number % 97}"
        minutes = until - (count - 1 - number) * every
        service = random_.choice(_SERVICES)
        tickets.append(report(f"{name}-{number}", f"{name}-p{number}", minutes, text, service))
    return tickets


def outage(
    count: int,
    begins: float = 0,
    every: float = 0.5,
    texts: Sequence[str] = VPN,
    service: str = "vpn",
    name: str = "out",
) -> list[Event[TroubleReported]]:
    """Tickets of one trouble by as many people."""
    return [
        report(f"{name}-{n}", f"{name}-p{n}", begins + n * every, texts[n % len(texts)], service)
        for n in range(count)
    ]


class PlayedRegister:
    """A register that is given events one by one, with what it emitted."""

    def __init__(
        self,
        charter: Charter = CHARTER,
        snapshot: ContextSnapshot = EMPTY,
        meanings: Meanings | None = None,
    ) -> None:
        self._charter, self._snapshot, self.meanings = charter, snapshot, meanings
        self.register: ProblemRegister | None = None
        self.emitted: list[AnyEvent] = []
        self.restart()

    def restart(self) -> None:
        """As after a start: nothing is known but the register."""
        self.desk = Desk(self._charter, self._snapshot, Counts(), self.meanings)

    def play(self, events: Iterable[AnyEvent]) -> "PlayedRegister":
        for event in events:
            data = event.data
            decision: Decision[ProblemRegister] | None
            if isinstance(data, TroubleReported):
                decision = add_report(
                    self.register, cast("Event[TroubleReported]", event), self.desk
                )
            else:
                assert isinstance(data, EvidenceChanged)
                change = add_signal if data.is_open else remove_signal
                decision = change(self.register, cast("Event[EvidenceChanged]", event), self.desk)
            if decision is not None:
                self.take(emit_joined(decision, event.time, self.desk, event.id))
        return self

    def take(self, decision: Decision[ProblemRegister]) -> None:
        self.register = decision.state
        self.due = decision.due
        self.emitted += decision.events

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.register.problems if self.register else ()

    def of(self, kind: type) -> list[AnyEvent]:
        return [event for event in self.emitted if isinstance(event.data, kind)]

    @property
    def listed(self) -> list[str]:
        """All tickets that events listed as joining, in their order."""
        return [ticket for event in self.emitted for ticket in _joining(event)]


def _joining(event: AnyEvent) -> tuple[str, ...]:
    if event.data.TYPE in ("desk.problem.detected.v1", "desk.problem.updated.v1"):
        tickets: tuple[str, ...] = event.data.tickets  # type: ignore[attr-defined]
        return tickets
    return ()
