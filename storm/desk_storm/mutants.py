"""One line of the product changed for each law: a storm that does not find it proves nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mutant:
    """What to change, where, and the law that must find it. `old` stands in the file once.

    `together` names those that are tried in one storm, since they do not hide each other; without
    it a mutant is tried alone.
    """

    name: str
    file: str
    old: str
    new: str
    law: str
    together: str = ""

    def apply(self, root: Path) -> None:
        """Change the copy of the project that lies there."""
        path = root / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            found = text.count(self.old)
            raise ValueError(f"{self.name}: its line stands {found} times in {self.file}, not once")
        path.write_text(text.replace(self.old, self.new))


_STEPS = "services/automation/desk_automation/domain/steps.py"
_COURSE = "services/automation/desk_automation/domain/course.py"
_VERIFY = "services/automation/desk_automation/domain/verify.py"
_DELIVERIES = "services/notify/desk_notify/domain/deliveries.py"
_MESSAGES = "services/notify/desk_notify/domain/messages.py"
_TOLD = "services/notify/desk_notify/domain/tickets.py"
_SAYINGS = "services/metrics/desk_metrics/domain/sayings.py"
_RECORD = "services/intake/desk_intake/domain/record.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "a number is left out",
        _RECORD,
        "sequence=sequence + ordinal + 1,",
        "sequence=sequence + ordinal + 1 + (sequence == 2),",
        "numbers-without-a-gap",
    ),
    Mutant(
        "intake speaks in another's name",
        _RECORD,
        "source=SOURCE,",
        'source="/desk/triage",',
        "one-writer",
    ),
    Mutant(
        "requests of one requester are one ticket",
        "services/intake/desk_intake/handlers.py",
        "return (request_ticket_id(event.source, event.id),)",
        "return (request_ticket_id(event.source, event.subject),)",
        "request-is-one-ticket",
    ),
    Mutant(
        "a team that gets a ticket is not told",
        _TOLD,
        "is_new = assigned.team != scene.ticket.team",
        "is_new = assigned.team == scene.ticket.team",
        "assigned-team-is-told-once",
    ),
    Mutant(
        "what was sent is skipped all the same",
        _COURSE,
        "    if run.has_sent:\n",
        "    if run.has_acted:\n",
        "skipped-means-never-sent",
    ),
    Mutant(
        "a try of which nothing is known has failed",
        _STEPS,
        "is_doubtful = answer.result is Result.UNKNOWN and not _is_repeatable(act)",
        "is_doubtful = False",
        "unknown-is-in-doubt",
    ),
    Mutant(
        "what must not be repeated is",
        "services/automation/desk_automation/domain/moves.py",
        'if act is None or act.effect == "once":',
        "if act is None or len(run.journal) > 3:",
        "act-is-not-repeated",
    ),
    Mutant(
        "one try more than allowed",
        _STEPS,
        "sends < attempt.call.attempts:",
        "sends <= attempt.call.attempts:",
        "tries-are-bounded",
    ),
    Mutant(
        "any measurement is a cure",
        _VERIFY,
        "return len(newest) == wanted and all(is_well(sample.value) for sample in newest)",
        "return len(newest) == wanted",
        "healed-means-effect",
    ),
    Mutant(
        "nobody listens to what is measured",
        _VERIFY,
        "    samples = () if watch is None else watch.samples\n",
        "    samples = ()\n",
        "nobody-can-tell-means-not-measured",
    ),
    Mutant(
        "a promise is broken a second early",
        _SAYINGS,
        "    due = promise.due\n",
        "    due = None if promise.due is None else promise.due - 1_000_000\n",
        "breach-is-not-told-early",
    ),
    Mutant(
        "an answer is none",
        "services/metrics/desk_metrics/domain/facts.py",
        "if not data.public or data.automatic or data.role is Role.SYSTEM:",
        "if not data.public or data.automatic or data.role is not Role.EMPLOYEE:",
        "broken-means-not-done-in-time",
    ),
    Mutant(
        "a mail that was taken is sent again",
        _DELIVERIES,
        'state=DeliveryState.SENT, next_at=None, reason=""',
        'state=DeliveryState.SENT, next_at=now if before.attempts < 2 else None, reason=""',
        "mail-is-taken-once",
    ),
    Mutant(
        "a broken line is a yes",
        _DELIVERIES,
        "state=DeliveryState.UNKNOWN if outcome.is_unknown else given_up,\n"
        "        next_at=None if is_last",
        "state=DeliveryState.SENT if outcome.is_unknown else given_up,\n"
        "        next_at=None if outcome.is_unknown",
        "sent-means-taken-whole",
    ),
    Mutant(
        "a broken line is a no",
        _DELIVERIES,
        "state=DeliveryState.UNKNOWN if outcome.is_unknown else given_up,\n"
        "        next_at=None if is_last",
        "state=DeliveryState.FAILED if outcome.is_unknown else given_up,\n"
        "        next_at=None if outcome.is_unknown",
        "taken-whole-is-not-failed",
    ),
    Mutant(
        "what has come is told as solved",
        _MESSAGES,
        "Rule.RECEIVED: MessageKind.TICKET_RECEIVED,",
        "Rule.RECEIVED: MessageKind.TICKET_RESOLVED,",
        "message-has-a-cause",
    ),
    Mutant(
        "what was wrong is not corrected",
        _TOLD,
        "    if not fact.untrue:\n",
        "    if fact.untrue:\n",
        "correction-reaches-who-was-told",
    ),
    Mutant(
        "nobody is paged",
        _TOLD,
        "return scene, theirs.to_team(Rule.TEAM_BREACHED, moments, urgent=True, clock=clock)",
        "return scene, ()",
        "broken-promise-pages-its-team",
    ),
)


def of_law(name: str) -> Iterator[Mutant]:
    """The mutants that a law must find."""
    yield from (one for one in MUTANTS if one.law == name)
