"""What a person is told that is not about one ticket: problems, and repairs on what they use."""

from collections.abc import Iterable
from datetime import datetime

from desk_shared.events import AnyEvent
from desk_shared.events.automation import RunEscalated, RunHealed, RunStarted
from desk_shared.events.problems import ProblemDetected, ProblemResolved, ProblemUpdated
from desk_shared.events.tickets import TicketOpened

from desk_notify.domain.directory import Directory
from desk_notify.domain.messages import About, Messages, Said, clipped, language_of, person, tell
from desk_notify.domain.model import Person
from desk_notify.domain.texts import Rule

# How many problems are remembered of one person, so that none is told twice.
_MOST = 50

Reaction = tuple[Person, Messages] | None
_Known = ProblemDetected | ProblemUpdated
_Run = RunStarted | RunHealed | RunEscalated


def people_of(event: AnyEvent) -> Iterable[str]:
    """Whom an event concerns, each once."""
    data = event.data
    if isinstance(data, TicketOpened):
        return (data.requester,)
    if isinstance(data, ProblemDetected | ProblemUpdated | ProblemResolved):
        return dict.fromkeys(data.people)
    if isinstance(data, RunEscalated):
        return (data.person,) if data.person else ()
    if isinstance(data, RunStarted | RunHealed):
        # A cure that comes to light late resolves the ticket of its escalation, which tells them.
        is_late = isinstance(data, RunHealed) and data.corrects is not None
        return (data.person,) if data.person and data.tell and not is_late else ()
    return ()


def react(known: Person | None, name: str, event: AnyEvent, directory: Directory) -> Reaction:
    """The person after the event and what they are told; None if nothing changes."""
    data, before = event.data, known or Person()
    if isinstance(data, TicketOpened):
        return _learn_language(before, language_of(data.language), event.time)
    if isinstance(data, ProblemDetected | ProblemUpdated):
        return _problem_known(before, name, event, data, directory)
    if isinstance(data, ProblemResolved):
        return _problem_over(before, name, event, data)
    if isinstance(data, RunStarted | RunHealed | RunEscalated):
        return before, _repair(before, name, event, data, directory)
    return None


def _learn_language(before: Person, language: str, at: datetime) -> Reaction:
    """The latest ticket's counts; an earlier one that comes again, or late, does not."""
    is_earlier = before.language_at is not None and at < before.language_at
    if before.language == language or is_earlier:
        return None
    return before.model_copy(update={"language": language, "language_at": at}), ()


def _problem_known(
    before: Person, name: str, cause: AnyEvent, data: _Known, directory: Directory
) -> Reaction:
    problem = cause.subject
    if problem in before.problems or problem in before.problems_over:
        return None
    owner = data.team if isinstance(data, ProblemDetected) else ""
    card = directory.team(owner) if owner else directory.owner_of(data.service)
    fields: dict[str, Said] = {"title": data.title, "text": data.message or "", "team": card.title}
    reader, about = person(name, before.language), About(problem=problem)
    told = before.model_copy(update={"problems": (*before.problems, problem)[-_MOST:]})
    return told, (tell(cause, Rule.PROBLEM_KNOWN, reader, fields, about),)


def _problem_over(before: Person, name: str, cause: AnyEvent, data: ProblemResolved) -> Reaction:
    problem = cause.subject
    if problem in before.problems_over:
        return None
    fields: dict[str, Said] = {"title": data.title, "text": data.resolution}
    reader, about = person(name, before.language), About(problem=problem)
    after = before.model_copy(
        update={
            "problems": tuple(one for one in before.problems if one != problem),
            "problems_over": (*before.problems_over, problem)[-_MOST:],
        }
    )
    return after, (tell(cause, Rule.PROBLEM_OVER, reader, fields, about),)


def _repair(known: Person, name: str, cause: AnyEvent, run: _Run, directory: Directory) -> Messages:
    fields: dict[str, Said] = {"title": run.title, "text": clipped(run.tell)}
    rule = Rule.REPAIR_BEGINS if isinstance(run, RunStarted) else Rule.REPAIRED
    if isinstance(run, RunEscalated):
        rule, fields = Rule.REPAIR_ESCALATED, {**fields, "team": directory.team(run.team).title}
    return (tell(cause, rule, person(name, known.language), fields, About()),)
