"""What deliveries keep: each message with its channels, and what each person was mailed of late."""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from desk_contracts import Event
from desk_contracts.events.notifications import Notified
from desk_contracts.message import message
from desk_kernel import Context, Decision, Readings, Reducers
from desk_kernel.retention import is_forgotten
from desk_platform.kafka import CommandQueue, Projection
from desk_platform.store import Documents, Schema
from desk_platform.telemetry import get_logger

from desk_notify.deliveries.decide import (
    LOG,
    MAIL,
    HeldBack,
    derive_mail_id,
    find_due,
    plan_dispatch,
    scheme_of,
    select_channels,
)
from desk_notify.deliveries.mail_limits import (
    Mailbox,
    MailRules,
    count_mail,
    is_of_team,
    name_mailbox,
    refusal,
)
from desk_notify.deliveries.model import Dispatch
from desk_notify.subscriptions.model import CurrentDirectory

log = get_logger()


def _find_facets(dispatch: Dispatch) -> Mapping[str, object]:
    return {"recipient": dispatch.recipient, "at": dispatch.happened_at}


MAILBOXES = Schema(
    "mailboxes",
    Mailbox,
    kept="one for each person who is mailed; what is in it for an hour",
)
DELIVERIES = Schema(
    "deliveries",
    Dispatch,
    facets=_find_facets,
    brief=lambda dispatch: dispatch.model_copy(update={"body": ""}),
    searched=(("recipient", "at"), ("at",)),
    kept="by age: `records_days` of `deliveries` after the last try (400 days)",
    over=lambda dispatch: dispatch.over_since,
)


def delivery_projection(
    documents: Documents[Dispatch], directory_now: CurrentDirectory, schemes: Collection[str]
) -> Projection[Dispatch]:
    """A document per message that goes further than Kafka; a worker does what it says."""

    keys: Readings[Iterable[str]] = Readings(())
    react: Reducers[Dispatch | None, [Context], Decision[Dispatch] | None] = Reducers(
        lambda _state, _event, _context: None
    )

    def choose(event: Event[Notified]) -> tuple[str, ...]:
        channels = select_channels(event.data, directory_now())
        served = {scheme_of(LOG), *schemes}
        return tuple(channel for channel in channels if scheme_of(channel) in served)

    @keys.on(Notified)
    def find_message(event: Event[Notified]) -> Iterable[str]:
        return (event.id,) if choose(event) else ()

    @react.on(Notified)
    def dispatch(
        state: Dispatch | None, event: Event[Notified], context: Context
    ) -> Decision[Dispatch] | None:
        if state is not None:
            return None
        if is_forgotten(event.time, context.now):
            log.warning("message_not_sent", message=event.id, why="it is too old")
            return None
        made = plan_dispatch(event, choose(event), context.now)
        return Decision(made, due=find_due(made))

    return Projection(documents, keys, react)


class Limits(Protocol):
    """Says whether a delivery may leave; what may not is told with its reason."""

    async def refuse(self, dispatch: Dispatch, channel: str) -> HeldBack | None: ...


class MailLimits:
    """The limits of mail. A team's own channels pass: a reviewed file names them."""

    def __init__(
        self, directory_now: CurrentDirectory, mailboxes: CommandQueue[Mailbox], rules: MailRules
    ) -> None:
        self._directory_now = directory_now
        self._mailboxes = mailboxes
        self._rules = rules

    async def refuse(self, dispatch: Dispatch, channel: str) -> HeldBack | None:
        """None if it may leave; it is counted then, before it does."""
        directory = self._directory_now()
        if not channel.startswith(MAIL) or is_of_team(dispatch, channel, directory):
            return None
        if (why := refusal(channel, directory, self._rules)) is not None:
            return HeldBack(why)
        mail, is_full = derive_mail_id(dispatch, channel), False

        def count(box: Mailbox | None, context: Context) -> Decision[Mailbox] | None:
            nonlocal is_full
            after = count_mail(box, mail, self._rules.per_hour, context.now)
            is_full = after is None
            return None if after is None or after == box else Decision(after)

        await self._mailboxes.change(name_mailbox(channel), count)
        if not is_full:
            return None
        most = self._rules.per_hour
        return HeldBack(message("delivery.mailbox-full", most=most))
