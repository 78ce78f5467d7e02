"""What a person is told that is not about one ticket: problems, and repairs on what they use."""

from collections.abc import Iterable

from desk_contracts import AnyEvent, Event
from desk_contracts.events.automation import (
    RunConsentRequested,
    RunEscalated,
    RunHealed,
    RunStarted,
)
from desk_contracts.events.feedback import ContactEnded, DemandAnswered
from desk_contracts.events.fulfilment import TicketApprovalRequested
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemEnd,
    ProblemResolved,
    ProblemStatus,
    ProblemUpdated,
)
from desk_contracts.events.tickets import TicketOpened
from desk_kernel import Readings, Reducers

from desk_notify.rendering.notice import (
    About,
    Fields,
    FieldValue,
    Messages,
    language_of,
    person,
    render_notice,
    truncate,
)
from desk_notify.rendering.templates import Rule
from desk_notify.rules.model import Person
from desk_notify.subscriptions.model import Directory, TeamProfile

# How many problems are remembered of one person, so that none is told twice.
_MOST = 50

Reaction = tuple[Person, Messages] | None
# Whom an event concerns, each once.
people_of: Readings[Iterable[str]] = Readings(())
_reactions: Reducers[Person, [str, Directory], Reaction] = Reducers(
    lambda _before, _cause, _name, _directory: None
)


def react(before: Person | None, name: str, event: AnyEvent, directory: Directory) -> Reaction:
    """The person after the event and what they are told; None if nothing changes."""
    return _reactions(before or Person(), event, name, directory)


@people_of.on(TicketOpened)
def _requester(event: Event[TicketOpened]) -> Iterable[str]:
    return (event.data.requester,)


@people_of.on(ProblemDetected, ProblemUpdated, ProblemResolved)
def _find_affected(
    event: Event[ProblemDetected | ProblemUpdated | ProblemResolved],
) -> Iterable[str]:
    """Nobody before it is confirmed: a proposal is its owner's to judge."""
    data = event.data
    if data.status is not ProblemStatus.CONFIRMED:
        return ()
    removed = data.removed_people if isinstance(data, ProblemUpdated) else ()
    return dict.fromkeys((*data.people, *removed))


@people_of.on(ProblemConfirmed)
def _find_told(event: Event[ProblemConfirmed]) -> Iterable[str]:
    return dict.fromkeys(event.data.people)


@people_of.on(DemandAnswered)
def _find_askers(event: Event[DemandAnswered]) -> Iterable[str]:
    return dict.fromkeys(event.data.people)


@people_of.on(ContactEnded)
def _find_joiners(event: Event[ContactEnded]) -> Iterable[str]:
    """Those with a ticket too are in it as well, and hear of it once."""
    return dict.fromkeys(event.data.people)


@people_of.on(TicketApprovalRequested)
def _find_approvers(event: Event[TicketApprovalRequested]) -> Iterable[str]:
    return dict.fromkeys(event.data.approvers)


@people_of.on(RunConsentRequested)
def _find_person_at_device(event: Event[RunConsentRequested]) -> Iterable[str]:
    return (event.data.person,)


@people_of.on(RunEscalated)
def _owner_of_escalation(event: Event[RunEscalated]) -> Iterable[str]:
    """Of a request its ticket tells them."""
    return (event.data.person,) if event.data.person and not event.data.request else ()


@people_of.on(RunStarted)
def _owner_of_run(event: Event[RunStarted]) -> Iterable[str]:
    return (event.data.person,) if event.data.person and event.data.tell else ()


@people_of.on(RunHealed)
def _owner_of_cure(event: Event[RunHealed]) -> Iterable[str]:
    """A cure that comes to light late, or was asked for, resolves a ticket, which tells them."""
    data = event.data
    is_told = data.request or data.corrects is not None
    return (data.person,) if data.person and data.tell and not is_told else ()


@_reactions.on(TicketOpened)
def _learn_language(
    before: Person, cause: Event[TicketOpened], _name: str, _directory: Directory
) -> Reaction:
    """The latest ticket's counts; an earlier one that comes again, or late, does not."""
    language, at = language_of(cause.data.language), cause.time
    is_earlier = before.language_at is not None and at < before.language_at
    if before.language == language or is_earlier:
        return None
    return before.model_copy(update={"language": language, "language_at": at}), ()


@_reactions.on(ProblemDetected, ProblemConfirmed)
def _problem_detected(
    before: Person,
    cause: Event[ProblemDetected | ProblemConfirmed],
    name: str,
    directory: Directory,
) -> Reaction:
    data = cause.data
    profile = directory.team(data.team) if data.team else directory.owner_of(data.service)
    return _problem_known(before, cause, name, profile)


@_reactions.on(ProblemUpdated)
def _problem_updated(
    before: Person, cause: Event[ProblemUpdated], name: str, directory: Directory
) -> Reaction:
    if name in cause.data.removed_people:
        return _leave_problem(before, cause, name)
    return _problem_known(before, cause, name, directory.owner_of(cause.data.service))


def _leave_problem(before: Person, cause: Event[ProblemUpdated], name: str) -> Reaction:
    """Who was told that they hear of its end is told that they do not; if they join again, anew."""
    problem = cause.subject
    if problem not in before.problems:
        return None
    left = tuple(item for item in before.problems if item != problem)
    recipient, about = person(name, before.language), About(problem=problem)
    fields: Fields = {"title": cause.data.title}
    notice = render_notice(cause, Rule.PROBLEM_REMOVED, recipient, fields, about)
    return before.model_copy(update={"problems": left}), (notice,)


def _problem_known(
    before: Person,
    cause: Event[ProblemDetected | ProblemConfirmed | ProblemUpdated],
    name: str,
    profile: TeamProfile,
) -> Reaction:
    problem, data = cause.subject, cause.data
    if problem in before.problems or problem in before.problems_over:
        return None
    fields: Fields = {
        "title": data.title,
        "text": data.message or "",
        "team": profile.title,
    }
    recipient, about = person(name, before.language), About(problem=problem)
    after = before.model_copy(update={"problems": (*before.problems, problem)[-_MOST:]})
    return after, (render_notice(cause, Rule.PROBLEM_KNOWN, recipient, fields, about),)


@_reactions.on(ProblemResolved, ContactEnded)
def _problem_over(
    before: Person, cause: Event[ProblemResolved | ContactEnded], name: str, _directory: Directory
) -> Reaction:
    problem, data = cause.subject, cause.data
    if problem in before.problems_over:
        return None
    after = before.model_copy(
        update={
            "problems": tuple(item for item in before.problems if item != problem),
            "problems_over": (*before.problems_over, problem)[-_MOST:],
        }
    )
    if data.end is ProblemEnd.MERGED:
        # It goes on under another name, and they hear of that one's end.
        return after, ()
    over = Rule.PROBLEM_OVER if data.is_solved else Rule.PROBLEM_FADED
    rule = Rule.PROBLEM_REJECTED if data.end is ProblemEnd.REJECTED else over
    fields: Fields = {"title": data.title, "text": data.resolution}
    recipient, about = person(name, before.language), About(problem=problem)
    return after, (render_notice(cause, rule, recipient, fields, about),)


@_reactions.on(DemandAnswered)
def _answer_demand(
    before: Person, cause: Event[DemandAnswered], name: str, _directory: Directory
) -> Reaction:
    fields: Fields = {"what": cause.data.what, "text": truncate(cause.data.text)}
    recipient = person(name, before.language)
    return before, (render_notice(cause, Rule.DEMAND_ANSWERED, recipient, fields, About()),)


@_reactions.on(TicketApprovalRequested)
def _ask_approver(
    before: Person, cause: Event[TicketApprovalRequested], name: str, directory: Directory
) -> Reaction:
    """In the approver's own language; that it is somebody else's ticket is no obstacle."""
    data = cause.data
    fields: Fields = {
        "code": data.code,
        "title": data.title,
        "requester": data.requester,
        "until": data.until,
        "link": directory.link(data.code),
    }
    rule = Rule.APPROVAL_REMINDED if data.is_reminder else Rule.APPROVAL_ASKED
    recipient, about = person(name, before.language), About(cause.subject, data.code)
    return before, (render_notice(cause, rule, recipient, fields, about),)


@_reactions.on(RunConsentRequested)
def _ask_person_at_device(
    before: Person, cause: Event[RunConsentRequested], name: str, _directory: Directory
) -> Reaction:
    data = cause.data
    fields: Fields = {
        "title": data.title,
        "device": cause.subject,
        "until": data.until,
        "latest": data.latest,
        "run": data.run,
    }
    recipient = person(name, before.language)
    return before, (render_notice(cause, Rule.CONSENT_ASKED, recipient, fields, About()),)


@_reactions.on(RunStarted)
def _repair_begins(
    before: Person, cause: Event[RunStarted], name: str, _directory: Directory
) -> Reaction:
    return _repair(before, cause, name, Rule.REPAIR_BEGINS)


@_reactions.on(RunHealed)
def _announce_repair(
    before: Person, cause: Event[RunHealed], name: str, _directory: Directory
) -> Reaction:
    return _repair(before, cause, name, Rule.REPAIRED)


@_reactions.on(RunEscalated)
def _repair_escalated(
    before: Person, cause: Event[RunEscalated], name: str, directory: Directory
) -> Reaction:
    owner = directory.team(cause.data.team).title
    return _repair(before, cause, name, Rule.REPAIR_ESCALATED, team=owner)


def _repair(
    before: Person,
    cause: Event[RunStarted | RunHealed | RunEscalated],
    name: str,
    rule: Rule,
    **more: FieldValue,
) -> Reaction:
    run = cause.data
    fields: Fields = {"title": run.title, "text": truncate(run.tell), **more}
    return before, (render_notice(cause, rule, person(name, before.language), fields, About()),)
