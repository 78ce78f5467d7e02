"""A small storm in which all went well, told as books; tests falsify one line of it at a time."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

from desk_contracts import Event, Payload
from desk_contracts.events import tickets as life
from desk_contracts.events.automation import (
    Outcome,
    RunEscalated,
    RunHealed,
    RunSkipped,
    RunStarted,
    RunStepRecorded,
    StepStatus,
)
from desk_contracts.events.notifications import Audience, MessageKind, Notified
from desk_contracts.events.requests import TicketRequested
from desk_contracts.events.sla import (
    ClockName,
    SlaAtRisk,
    SlaBreached,
    SlaMet,
    SlaPaused,
    SlaResumed,
    SlaStarted,
)
from desk_contracts.events.telemetry import Measured
from desk_contracts.ids import request_ticket_id
from desk_contracts.message import Message, message, verbatim
from desk_contracts.topics import BY_NAME
from desk_contracts.value_types import SubjectKind
from desk_storm.books import (
    Act,
    Books,
    Charter,
    Delivery,
    HttpCall,
    Mail,
    Record,
    Sent,
    Step,
    Verify,
)

BEGAN = datetime(2026, 11, 27, 12, tzinfo=UTC)
ANSWER, SOLVED = timedelta(seconds=60), timedelta(seconds=120)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


class _Head(TypedDict):
    clock: ClockName
    policy: str
    policy_version: str
    cycle: int


@dataclass
class Story:
    """Books in the making."""

    calls: list[HttpCall] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    numbers: Counter[str] = field(default_factory=Counter)
    offsets: Counter[str] = field(default_factory=Counter)

    def tell(self, id: str, subject: str, seconds: float, data: Payload, cause: str = "") -> None:
        """One event on its topic, written by whoever writes there."""
        topic = data.destination()
        topic_info = BY_NAME.get(topic)
        writer = "notify" if topic_info is None else topic_info.writer
        source = "/monitor" if writer == "outside" else f"/desk/{writer}"
        number = None
        if topic == life.TicketOpened.TOPIC:
            self.numbers[subject] += 1
            number = self.numbers[subject]
        event = Event(id, source, subject, at(seconds), data, number, causation_id=cause)
        self.offsets[topic] += 1
        arrived = at(seconds + 0.1)
        self.records.append(Record(topic, 0, self.offsets[topic], arrived, event))
        if writer == "outside":
            self.sent.append(Sent(event, at(seconds), acknowledged=True))

    def message(self, cause: str, seconds: float, to: str, kind: MessageKind, ticket: str) -> None:
        audience = Audience.PERSON if "@" in to else Audience.TEAM
        data = Notified(
            audience=audience, recipient=to, kind=kind, title="t", body="b", ticket=ticket
        )
        self.tell(f"{kind}-{cause}", to, seconds, data, cause)

    def call(self, key: str, path: str, body: dict[str, str], answer: dict[str, str]) -> None:
        person = "member@example.org" if "/v1/tickets/" in path else "ann@example.org"
        text = json.dumps(body)
        given = (key, person, "POST", path, text, 201, json.dumps(answer))
        self.calls.append(HttpCall(at(0), at(1), *given, answers=(503, 201)))

    def sla(
        self, ticket: str, clock: ClockName, since: float, kept: float | None, waits: float = 0
    ) -> None:
        """A clock: kept at a moment, or broken; it stands for a while from ten seconds on."""
        goal = ANSWER if clock is ClockName.RESPONSE else SOLVED
        due = at(since) + goal
        head: _Head = {"clock": clock, "policy": "p", "policy_version": "1", "cycle": 1}
        name = f"{clock}-{ticket}"
        self.tell(f"s-{name}", ticket, since, SlaStarted(**head, target=goal, due=due))
        if waits:
            self.tell(f"p-{name}", ticket, since + 10, SlaPaused(**head, waiting_for="employee"))
            due += timedelta(seconds=waits)
            self.tell(f"c-{name}", ticket, since + 10 + waits, SlaResumed(**head, due=due))
        if kept is not None:
            took = at(kept) - at(since)
            self.tell(f"k-{name}", ticket, kept, SlaMet(**head, took=took, due=due))
            return
        half = since + goal.total_seconds() / 2
        self.tell(f"r-{name}", ticket, half, SlaAtRisk(**head, percent=50, due=due))
        self.message(f"r-{name}", half, "net", MessageKind.SLA_AT_RISK, ticket)
        over = (due - BEGAN).total_seconds()
        self.tell(f"b-{name}", ticket, over, SlaBreached(**head, due=due))
        self.message(f"b-{name}", over, "net", MessageKind.SLA_BREACHED, ticket)

    def ticket(self, ticket: str, since: float, opened: life.TicketOpened) -> None:
        """Opened and given to a team."""
        self.tell(f"opened-{ticket}", ticket, since, opened)
        self.tell(f"assigned-{ticket}", ticket, since + 1, life.TicketAssigned(team="net"))
        cause = f"assigned-{ticket}"
        self.message(cause, since + 1, "net", MessageKind.TICKET_ASSIGNED, ticket)

    def solved(self, ticket: str, seconds: float) -> None:
        data = life.TicketResolved(by="member@example.org", resolution=verbatim("done"))
        self.tell(f"resolved-{ticket}", ticket, seconds, data)
        cause = f"resolved-{ticket}"
        self.message(cause, seconds, "ann@example.org", MessageKind.TICKET_RESOLVED, ticket)

    def run(self, run: str, since: float, answers: Sequence[str], *, effect: bool) -> None:
        """A run that begins and sends its act, as the target's book has it."""
        head = {"run": run, "runbook": "clean"}
        began = RunStarted(**head, version="1", title="Clean", episode=f"episode-{run}")
        self.tell(f"began-{run}", f"device-{run}", since, began)
        for number, answer in enumerate(answers, 1):
            moment = at(since + number)
            ended = moment + timedelta(milliseconds=50)
            is_changed = effect and number == 1
            self.acts.append(
                Act(
                    moment,
                    f"device-{run}",
                    f"key-{run}",
                    "/clean",
                    is_changed,
                    moment if is_changed else None,
                    answer,
                    ended,
                    run,
                )
            )
            is_done = answer == "200"
            status = StepStatus.DONE if is_done else StepStatus.IN_DOUBT
            step = RunStepRecorded(
                run=run,
                runbook="clean",
                step="sweep",
                status=status,
                attempt=number,
                message=verbatim(answer),
            )
            self.tell(f"step-{run}-{number}", f"device-{run}", since + number + 0.2, step)

    def escalated(self, run: str, seconds: float, outcome: Outcome, reason: Message) -> None:
        """People get the run, as a ticket that is soon solved."""
        data = RunEscalated(
            run=run,
            runbook="clean",
            title="Not clean",
            outcome=outcome,
            team="net",
            reason=reason,
        )
        self.tell(f"over-{run}", f"device-{run}", seconds, data)
        ticket = f"ticket-of-{run}"
        self.ticket(ticket, seconds, _opened(run, life.Channel.DESK, "", {"run": run}))
        tried = message("comment.repair-tried", runbook="clean", run=run, why=reason, steps=())
        evidence = life.TicketCommented(
            by="automation", role=life.Role.AUTOMATION, message=tried, public=False, automatic=True
        )
        self.tell(f"evidence-{run}", ticket, seconds, evidence)
        self.solved(ticket, seconds + 5)
        self.sla(ticket, ClockName.RESPONSE, seconds, kept=seconds + 5)

    def measured(self, run: str, seconds: float, value: float) -> None:
        data = Measured(subject_kind=SubjectKind.DEVICE, name="disk.free.percent", value=value)
        self.tell(f"m-{run}-{seconds}", f"device-{run}", seconds, data)


def _opened(
    title: str, channel: life.Channel, text: str = "", attributes: dict[str, str] | None = None
) -> life.TicketOpened:
    return life.TicketOpened(
        code="K7M2-Q9PG",
        kind=life.Kind.INCIDENT,
        title=title,
        description=text,
        requester="ann@example.org",
        channel=channel,
        attributes=attributes or {},
    )


def _queried(story: Story) -> None:
    """One is answered and solved; one waits in between; one comes from a system and is broken."""
    for ticket, since in (("a", 0), ("c", 2)):
        story.call(f"key-{ticket}", "/v1/tickets", {"title": ticket}, {"id": ticket})
        story.ticket(ticket, since, _opened(ticket, life.Channel.PORTAL))
        received = MessageKind.TICKET_RECEIVED
        story.message(f"opened-{ticket}", since, "ann@example.org", received, ticket)
        comment = life.TicketCommented(by="member@example.org", role=life.Role.MEMBER, text="hello")
        story.call(f"note-{ticket}", f"/v1/tickets/{ticket}/comments", {"text": "hello"}, {})
        story.tell(f"commented-{ticket}", ticket, since + 5, comment)
        story.sla(ticket, ClockName.RESPONSE, since, kept=since + 5)
    story.solved("a", 10)
    story.sla("a", ClockName.RESOLUTION, 0, kept=10)
    waiting = life.TicketPaused(waiting_for=life.WaitingFor.EMPLOYEE, by="member@example.org")
    story.tell("paused-c", "c", 12, waiting)
    story.tell("resumed-c", "c", 32, life.TicketResumed(by="ann@example.org"))
    story.solved("c", 40)
    story.sla("c", ClockName.RESOLUTION, 2, kept=40, waits=20)
    story.tell("q", "ann@example.org", 3, TicketRequested(requester="ann@example.org", title="q"))
    ticket = request_ticket_id("/monitor", "q")
    story.ticket(ticket, 4, _opened("q", life.Channel.EVENT))
    story.sla(ticket, ClockName.RESPONSE, 4, kept=None)


def _repaired(story: Story) -> None:
    """One is healed, one skipped, one in doubt, one refused, one that nobody can tell of."""
    story.run("healed", 100, ["200"], effect=True)
    story.measured("healed", 105, 40)
    healed = RunHealed(run="healed", runbook="clean", title="Clean", episode="episode-healed")
    story.tell("over-healed", "device-healed", 106, healed)
    story.message("over-healed", 106, "ann@example.org", MessageKind.REPAIR_DONE, "")
    why = (message("run.signal-cleared-before"),)
    story.run("skipped", 110, [], effect=False)
    skipped = RunSkipped(run="skipped", runbook="clean", explanation=why)
    story.tell("over-skipped", "device-skipped", 111, skipped)
    story.run("doubt", 120, ["broke the line"], effect=True)
    story.escalated("doubt", 125, Outcome.IN_DOUBT, message("run.a-step-in-doubt", why=""))
    story.run("refused", 130, ["403"], effect=False)
    story.escalated("refused", 135, Outcome.NOT_RUN, verbatim("Sweep failed."))
    story.run("blind", 140, ["200"], effect=True)
    reason = message("run.cannot-tell", measured="")
    story.escalated("blind", 210, Outcome.INCONCLUSIVE, reason)


def clean() -> Books:
    """All that a law asks for, and nothing that one forbids."""
    story = Story()
    _queried(story)
    _repaired(story)
    deliveries = (
        Delivery("m1", "mailto:net@example.org", "sent", "mail-1", 1, at(3)),
        Delivery("m2", "mailto:net@example.org", "unknown", "mail-2", 1, at(3)),
    )
    mails = (
        Mail(at(2), "mail-1", "net@example.org", whole=True, answer="250"),
        Mail(at(2), "mail-2", "net@example.org", whole=True, answer="broke the line"),
    )
    charter = Charter(
        BEGAN,
        "1",
        (Step("clean", "sweep", "/clean", "once", 2),),
        (Verify("clean", "disk.free.percent", timedelta(seconds=60)),),
        is_always_open=True,
    )
    return Books(
        BEGAN,
        at(600),
        tuple(story.calls),
        tuple(story.sent),
        tuple(story.acts),
        mails,
        deliveries,
        tuple(story.records),
        charters=(charter,),
    )


def changed(books: Books, id: str, **fields: object) -> Books:
    """The same books, one event's data changed; a field that starts with `_` is the envelope's."""
    envelope: dict[str, Any] = {
        name[1:]: value for name, value in fields.items() if name.startswith("_")
    }
    data = {name: value for name, value in fields.items() if not name.startswith("_")}
    records = []
    for record in books.records:
        event = record.event
        if event is not None and event.id == id:
            event = event._replace(data=event.data.model_copy(update=data), **envelope)
        records.append(replace(record, event=event))
    return replace(books, records=tuple(records))


def without(books: Books, *ids: str) -> Books:
    """The same books, some events left out."""
    kept = (
        record for record in books.records if record.event is None or record.event.id not in ids
    )
    return replace(books, records=tuple(kept))


def again(books: Books, id: str, **fields: object) -> Books:
    """The same books, with an event once more at the end of its topic, under another id."""
    place = max(record.offset for record in books.records) + 1
    original = next(
        item for item in books.records if item.event is not None and item.event.id == id
    )
    copy = replace(original, offset=place)
    more = replace(books, records=(*books.records, copy))
    only = replace(more, records=(copy,))
    other = changed(only, id, **{"_id": f"{id}-again", **fields})
    return replace(more, records=(*books.records, *other.records))
