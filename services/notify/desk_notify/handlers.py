"""From the bus to the rules: which documents an event concerns, and what they conclude."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

from desk_shared.bus import BatchHandler, Projection, Received
from desk_shared.bus.batch_processor import ParkRecords
from desk_shared.charter import Charter
from desk_shared.events import AnyEvent, Event, names
from desk_shared.events.notifications import Notified
from desk_shared.events.problems import ProblemResolved
from desk_shared.events.sla import ClockName
from desk_shared.kernel import Context, Decision, Readings, Reducers
from desk_shared.messages import Language
from desk_shared.store import Documents
from desk_shared.telemetry import get_logger
from desk_shared.text import plain_words
from pydantic import BaseModel

from desk_notify.domain import matters, people, tickets
from desk_notify.domain.deliveries import LOG, MAIL, channels_of, dispatched, due_of
from desk_notify.domain.directory import Directory, TeamCard
from desk_notify.domain.messages import Messages
from desk_notify.domain.model import Dispatch, Matter, Person, Ticket

log = get_logger()

S = TypeVar("S", bound=BaseModel)
Look = Callable[[], Directory]


def directory_of(charter: Charter, portal: str, language: Language) -> Directory:
    """The charter as messages need it; made once per charter."""
    return Directory(
        teams={
            team.name: TeamCard(team.name, team.title, ZoneInfo(team.zone), language, team.channels)
            for team in charter.teams
        },
        default_team=charter.routing.default_team,
        owners=_owners(charter),
        confidential=charter.sight_of("", sees_all=False).hidden_services,
        service_titles={service.name: service.title for service in charter.services},
        mails={m.id: m.mail for team in charter.teams for m in team.members if m.mail},
        portal=portal.rstrip("/"),
        has_response_policy=any(p.clock is ClockName.RESPONSE for p in charter.slas),
    )


def _owners(charter: Charter) -> dict[str, str]:
    """By title and name, as they may be written; a name counts before another's title."""
    titled = {plain_words(one.title): one.owner for one in charter.services}
    named = {plain_words(one.name): one.owner for one in charter.services}
    return titled | named | {one.name: one.owner for one in charter.services}


def ticket_projection(documents: Documents[Ticket], look: Look) -> Projection[Ticket]:
    """A document per ticket, fed by its own life, its SLAs and the end of its problem."""

    def keys(event: AnyEvent) -> Iterable[str]:
        if isinstance(event.data, ProblemResolved):
            return dict.fromkeys(event.data.tickets)
        is_ours = event.data.TOPIC == names.TICKETS or tickets.concerns(event)
        return (event.subject,) if is_ours else ()

    def react(state: Ticket | None, event: AnyEvent, _context: Context) -> Decision[Ticket] | None:
        return _decision(tickets.react(state, event, look()))

    return Projection(documents, keys, react, ordered=True)


def person_projection(documents: Documents[Person], look: Look) -> Projection[Person]:
    """A document per person, so that nobody is told twice of one problem."""

    def react(state: Person | None, event: AnyEvent, context: Context) -> Decision[Person] | None:
        return _decision(people.react(state, context.id, event, look()))

    return Projection(documents, people.people_of, react)


def matter_projection(documents: Documents[Matter], look: Look) -> Projection[Matter]:
    """A document per problem, failed repair, alarming signal and report, for its team."""

    def react(state: Matter | None, event: AnyEvent, _context: Context) -> Decision[Matter] | None:
        return _decision(matters.react(state, event, look()))

    return Projection(documents, matters.matters_of, react)


def delivery_projection(
    documents: Documents[Dispatch], look: Look, *, has_mail: bool
) -> Projection[Dispatch]:
    """A document per message that goes further than Kafka; a worker does what it says."""

    keys: Readings[Iterable[str]] = Readings(())
    react: Reducers[Dispatch | None, [Context], Decision[Dispatch] | None] = Reducers(
        lambda _state, _event, _context: None
    )

    def chosen(event: Event[Notified]) -> tuple[str, ...]:
        found = channels_of(event.data, look())
        return tuple(one for one in found if one == LOG or (has_mail and one.startswith(MAIL)))

    @keys.on(Notified)
    def sent_further(event: Event[Notified]) -> Iterable[str]:
        return (event.id,) if chosen(event) else ()

    @react.on(Notified)
    def dispatch(
        state: Dispatch | None, event: Event[Notified], context: Context
    ) -> Decision[Dispatch] | None:
        if state is not None:
            return None
        made = dispatched(event, chosen(event), context.now)
        return Decision(made, due=due_of(made))

    return Projection(documents, keys, react)


class LogChannel:
    """The log channel: a line for each message of a team that wants it, once it is stored."""

    def __init__(self, inner: BatchHandler, look: Look) -> None:
        self._inner = inner
        self._look = look

    async def handle(self, batch: Sequence[Received], park: ParkRecords) -> None:
        """After the documents: a line for what could not be stored would be told twice."""
        await self._inner.handle(batch, park)
        directory = self._look()
        for received in batch:
            message = received.event.data
            if isinstance(message, Notified) and LOG in channels_of(message, directory):
                _say(received.event.id, message)

    def forget(self) -> None:
        self._inner.forget()


def _say(id: str, message: Notified) -> None:
    log.info(
        "message_sent",
        message_id=id,
        channel=LOG,
        recipient=message.recipient,
        kind=message.kind.value,
        title=message.title,
        ticket=message.ticket,
        code=message.code,
        urgent=message.urgent,
    )


def _decision(conclusion: tuple[S, Messages] | None) -> Decision[S] | None:
    return None if conclusion is None else Decision(*conclusion)
