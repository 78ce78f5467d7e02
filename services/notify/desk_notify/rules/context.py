"""A ticket at the moment something happens to it, and how its requester and its team are told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from desk_contracts import AnyEvent
from desk_contracts.errors import Transient

from desk_notify.rendering.notice import About, FieldValue, Messages, person, render_notice, team
from desk_notify.rendering.templates import Rule
from desk_notify.rules.model import Ticket
from desk_notify.subscriptions.model import Directory, TeamProfile

Moments = Mapping[str, datetime | None]
_NONE: Moments = {}


@dataclass(frozen=True, slots=True)
class RenderContext:
    """A ticket when something happens to it, and where the rules look things up."""

    ticket: Ticket
    cause: AnyEvent
    directory: Directory

    @property
    def team(self) -> TeamProfile:
        """Who has the ticket, or would have it while nobody does."""
        return self.directory.holder_of(self.ticket.team, self.ticket.service)

    def check_heard_of(self) -> None:
        """`Transient` while the ticket's own topic is not read as far: it is tried again."""
        if not self.ticket.code:
            raise Transient("the ticket is not known yet", code="ticket-not-known-yet")

    def update(self, **fields: object) -> "RenderContext":
        """The same moment with the ticket as it is after the event."""
        return replace(self, ticket=self.ticket.model_copy(update=fields))

    def to_requester(self, rule: Rule, moments: Moments = _NONE, **fields: FieldValue) -> Messages:
        """One message to the person the ticket is for."""
        ticket = self.ticket
        recipient, about = (
            person(ticket.requester, ticket.language, self.team.zone),
            About(self.cause.subject, ticket.code),
        )
        return (render_notice(self.cause, rule, recipient, self._fields(moments) | fields, about),)

    def to_watchers(self, rule: Rule, by: str = "", **fields: FieldValue) -> Messages:
        """One message to each who follows the ticket, in its language; whoever did it knows."""
        ticket, about = self.ticket, About(self.cause.subject, self.ticket.code)
        return tuple(
            render_notice(
                self.cause,
                rule,
                person(name, ticket.language, self.team.zone),
                self._fields(_NONE) | fields,
                about,
            )
            for name in ticket.watchers
            if name != by
        )

    def to_team(
        self, rule: Rule, moments: Moments = _NONE, *, urgent: bool = False, **fields: FieldValue
    ) -> Messages:
        """One message to the team that has the ticket."""
        ticket, recipient = self.ticket, team(self.team)
        about = About(self.cause.subject, ticket.code, ticket.problem, urgent=urgent)
        return (render_notice(self.cause, rule, recipient, self._fields(moments) | fields, about),)

    def to_member(self, name: str, rule: Rule, moments: Moments, **fields: FieldValue) -> Messages:
        """One message to a member of the desk, in the language of its team."""
        profile, about = self.team, About(self.cause.subject, self.ticket.code)
        recipient = person(name, profile.language, profile.zone)
        return (render_notice(self.cause, rule, recipient, self._fields(moments) | fields, about),)

    def to_other_team(
        self, profile: TeamProfile, rule: Rule, moments: Moments, **fields: FieldValue
    ) -> Messages:
        """One message to a team, whoever has the ticket now."""
        about = About(self.cause.subject, self.ticket.code)
        named = self._fields(moments) | fields
        return (render_notice(self.cause, rule, team(profile), named, about),)

    def to_owner(self, owner: TeamProfile, rule: Rule, **fields: FieldValue) -> Messages:
        """One message to another team than the one that has the ticket, which it names."""
        ticket, about = self.ticket, About(self.cause.subject, self.ticket.code, urgent=True)
        named = {**self._fields(_NONE), "recipient": owner.title}
        if not ticket.team:
            named |= {"team": None}
        return (render_notice(self.cause, rule, team(owner), named | fields, about),)

    def _fields(self, moments: Moments) -> dict[str, FieldValue]:
        """What every message may say of the ticket; moments in the zone of its team."""
        ticket, profile = self.ticket, self.team
        return {
            "code": ticket.code,
            "title": ticket.title,
            "requester": ticket.requester,
            "team": profile.title,
            "priority": ticket.priority or "",
            "service": self.directory.service(ticket.service),
            "link": self.directory.link(ticket.code),
            "response_due": ticket.response_due,
            "resolution_due": ticket.resolution_due,
            **moments,
        }


Step = tuple[RenderContext, Messages]
