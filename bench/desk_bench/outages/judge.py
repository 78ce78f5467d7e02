"""Plays a stream to triage's own decisions, and counts what of the outages they found."""

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from time import perf_counter
from zlib import crc32

from desk_charter import Charter
from desk_contracts import AnyEvent, Event
from desk_contracts.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.events.trouble import TroubleReported
from desk_kernel import Decision
from desk_triage.changes.snapshot import EMPTY
from desk_triage.problems.counting import Counts
from desk_triage.problems.decide import add_report, emit_joined, end_if_quiet
from desk_triage.problems.joining import Desk
from desk_triage.problems.meaning import Meanings
from desk_triage.problems.model import ProblemRegister
from desk_triage.problems.terms import read_words
from desk_triage.routing.classification import classify

from desk_bench.outages.stream import Arrival, Outage, Stream

_MISSED = float("inf")
# Of several replicas: so long is a batch of each, and for so many reports one keeps the register.
_BATCH, _KEPT_FOR = timedelta(seconds=5), 500


@dataclass
class Detected:
    """A problem as it was told."""

    at: datetime
    tickets: set[str]
    service: str = ""
    ended: datetime | None = None


@dataclass
class Verdict:
    """What was found of one stream. Counts are of tickets; `seconds` is by outage."""

    hours: float = 0.0
    background: int = 0
    swept: int = 0
    false_problems: int = 0
    problems: int = 0
    outages: int = 0
    split: int = 0
    open_at_end: int = 0
    listed: Counter[str] = field(default_factory=Counter)
    reported: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    fates: Counter[str] = field(default_factory=Counter)
    tickets_a_second: float = 0.0
    largest: int = 0
    notes: list[str] = field(default_factory=list)


def _read(charter: Charter, title: str, description: str) -> tuple[str, str, tuple[str, ...]]:
    opened = TicketOpened(
        code="T",
        kind=Kind.INCIDENT,
        title=title[:300] or "-",
        description=description,
        requester="p",
        channel=Channel.API,
    )
    about = classify(opened, charter)
    service = about.service.name if about.service else ""
    return service, about.category, read_words(title, description)


class Judge:
    """One stream, one desk.

    Of several replicas each tells the register of the tickets of its partitions, some seconds late
    and all of a batch at once; and the register is kept by one after the other.
    """

    def __init__(
        self,
        stream: Stream,
        charter: Charter,
        replicas: int = 1,
        meanings: Meanings | None = None,
    ) -> None:
        self._stream = stream
        self._desks = [Desk(charter, EMPTY, Counts(), meanings) for _ in range(replicas)]
        self._desk = self._desks[0]
        self._read = lru_cache(65_536)(partial(_read, charter))
        self._register: ProblemRegister | None = None
        self._due: datetime | None = None
        self._now = datetime.min.replace(tzinfo=UTC)
        self._detected: dict[str, Detected] = {}

    def judge(self, since: datetime) -> Verdict:
        """Everything from `since` on; what came before is the past that the desk knows."""
        began = perf_counter()
        arrivals = list(self._stream)
        for count, (heard_at, number) in enumerate(self._tell(arrivals)):
            arrival = arrivals[number]
            if count % _KEPT_FOR == 0:
                self._hand_over(count // _KEPT_FOR)
            self._fire_timers(heard_at)
            self._now = heard_at
            service, category, words = self._read(arrival.title, arrival.description)
            data = TroubleReported(
                ticket=str(number),
                person=arrival.person,
                reported_at=arrival.at,
                service=service,
                category=category,
                words=words,
            )
            event = Event(
                id=f"e{number}", source="/eval", subject="all", time=arrival.at, data=data
            )
            decision = add_report(self._register, event, self._desk)
            self._note(emit_joined(decision, arrival.at, self._desk))
        verdict = self._sum_up(arrivals, since)
        verdict.tickets_a_second = len(arrivals) / (perf_counter() - began)
        verdict.largest = len(self._register.model_dump_json()) if self._register else 0
        return verdict

    def _tell(self, arrivals: list[Arrival]) -> list[tuple[datetime, int]]:
        """When the register is told of each, by its number, in the order in which it is told."""
        replicas = len(self._desks)
        if replicas == 1:
            return [(arrival.at, number) for number, arrival in enumerate(arrivals)]
        heard = []
        for number, arrival in enumerate(arrivals):
            replica = crc32(str(number).encode()) % replicas
            since = (arrival.at - datetime.min.replace(tzinfo=UTC)) / _BATCH + replica / replicas
            heard.append((arrival.at + (math.ceil(since) - since) * _BATCH, number))
        return sorted(heard)

    def _hand_over(self, count: int) -> None:
        """The next replica keeps the register, as the store gives it."""
        self._desk = self._desks[count % len(self._desks)]
        if len(self._desks) > 1 and self._register is not None:
            stored = self._register.model_dump_json()
            self._register = ProblemRegister.model_validate_json(stored)

    def _fire_timers(self, until: datetime) -> None:
        while self._register is not None and self._due is not None and self._due <= until:
            self._note(end_if_quiet(self._register, self._due, self._desk))

    def _note(self, decision: Decision[ProblemRegister]) -> None:
        self._register, self._due = decision.state, decision.due
        for event in decision.events:
            self._note_event(event)

    def _note_event(self, event: AnyEvent) -> None:
        match event.data:
            case ProblemDetected() as data:
                matching = Detected(self._now, set(data.tickets), data.service)
                self._detected[event.subject] = matching
            case ProblemUpdated() as data:
                self._detected[event.subject].tickets |= set(data.tickets)
            case ProblemResolved():
                self._detected[event.subject].ended = event.time

    def _sum_up(self, arrivals: list[Arrival], since: datetime) -> Verdict:
        verdict = Verdict()
        evaluated = [arrival for arrival in arrivals if arrival.at >= since]
        verdict.hours = (evaluated[-1].at - since) / timedelta(hours=1) if evaluated else 0
        verdict.background = sum(arrival.outage < 0 for arrival in evaluated)
        matching = {id: problem for id, problem in self._detected.items() if problem.at >= since}
        verdict.problems = len(matching)
        true: dict[str, Counter[int]] = {}
        for id, problem in matching.items():
            kinds = Counter(arrivals[int(ticket)].outage for ticket in problem.tickets)
            verdict.swept += kinds[-1]
            del kinds[-1]
            true[id] = kinds
            verdict.open_at_end += problem.ended is None
            if 2 * kinds.total() < len(problem.tickets):
                verdict.false_problems += 1
                sample = [arrivals[int(t)].title[:60] for t in sorted(problem.tickets, key=int)[:4]]
                verdict.notes.append(f"false: {len(problem.tickets)} {problem.service} {sample}")
        for outage in self._stream.outages:
            self._sum_up_outage(outage, arrivals, matching, true, verdict)
        return verdict

    def _sum_up_outage(
        self,
        outage: Outage,
        arrivals: list[Arrival],
        matching: dict[str, Detected],
        true: dict[str, Counter[int]],
        verdict: Verdict,
    ) -> None:
        numbers = [n for n, arrival in enumerate(arrivals) if arrival.outage == outage.number]
        reports = [arrivals[number] for number in numbers]
        people: dict[str, datetime] = {}
        for report in reports:
            people.setdefault(report.person, report.at)
        if len(people) < 5:  # too few have called for anybody to know
            return
        verdict.outages += 1
        third = sorted(people.values())[2]
        verdict.reported[outage.kind] += len(reports)
        mine = [id for id, kinds in true.items() if kinds[outage.number] >= 3]
        verdict.split += max(0, len(mine) - 1)
        best = max(mine, key=lambda id: true[id][outage.number], default=None)
        if best is None:
            verdict.seconds.append(_MISSED)
            verdict.fates["of outages that were missed"] += len(reports)
            verdict.notes.append(f"missed: {outage.kind} {outage.trouble.service} {len(reports)}")
            return
        verdict.right[outage.kind] += true[best][outage.number]
        verdict.listed[outage.kind] += len(matching[best].tickets)
        verdict.fates.update(self._fate_of(n, arrivals[n].at, matching[best]) for n in numbers)
        first = min(matching[id].at for id in mine)
        verdict.seconds.append((first - third).total_seconds())
        recall = true[best][outage.number] / len(reports)
        if recall < 0.7:
            note = f"{recall:.2f} of {len(reports)}: {outage.kind} {outage.trouble.service}"
            verdict.notes.append(f"{note} {outage.language}, in {len(mine)} problems")

    def _fate_of(self, number: int, at: datetime, problem: Detected) -> str:
        """What became of a report of the outage that this problem tells of."""
        ticket = str(number)
        if ticket in problem.tickets:
            return "in its problem"
        if any(ticket in other.tickets for other in self._detected.values()):
            return "in another"
        if at < problem.at:
            return "before it, alone"
        return "after its end" if problem.ended and at > problem.ended else "in its time, alone"
