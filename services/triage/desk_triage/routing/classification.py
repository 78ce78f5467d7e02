"""What a ticket is about: the first rule that fits, a service, a category."""

from dataclasses import dataclass, replace

from desk_charter.model import Charter
from desk_charter.routing import RoutingRule, RuleThen, TicketFacts
from desk_charter.services import Service
from desk_contracts.events.tickets import TicketOpened
from desk_contracts.events.triage import TeamProposal
from desk_contracts.message import Message, message, verbatim
from desk_contracts.text import SpokenWords

from desk_triage.routing.model import TeamPrediction

# The gist of a ticket stands at its beginning; a forwarded thread may go on for pages.
MAX_READ = 5_000
_NOTHING = RuleThen()


@dataclass(frozen=True, slots=True)
class Classification:
    """What the ticket is about, as far as words and form tell."""

    rule: RoutingRule | None
    service: Service | None
    category: str
    reasons: tuple[Message, ...]
    model: str = ""
    proposals: tuple[TeamProposal, ...] = ()

    @property
    def then(self) -> RuleThen:
        return self.rule.then if self.rule else _NOTHING

    @property
    def decided_by(self) -> str:
        """The model that was asked because no rule knew, else the rule, if there is one."""
        return self.model or (self.rule.id if self.rule else "")

    @property
    def service_name(self) -> str:
        return self.service.name if self.service else ""

    def credit(self, prediction: TeamPrediction) -> "Classification":
        """With what was learned; only if that names a team it decides, and gives a category."""
        explained = replace(
            self, reasons=(*self.reasons, *prediction.reasons), proposals=prediction.proposals
        )
        if prediction.team is None:
            return explained
        category = self.category or prediction.category
        return replace(explained, model=prediction.rule, category=category)


def classify(opened: TicketOpened, charter: Charter) -> Classification:
    """Rules first, then the service named, then the services' words."""
    words = SpokenWords(f"{opened.title}\n{opened.description[:MAX_READ]}")
    named = charter.service_called(opened.service)
    facts = TicketFacts(
        words=words,
        kind=opened.kind,
        service=named.name if named else opened.service or None,
        category=opened.attributes.get("category"),
        site=opened.site or None,
        channel=opened.channel,
    )
    rule = _find_rule(facts, named, charter)
    reasons = [verbatim(rule.why)] if rule else []
    if opened.service and named is None:
        reasons.append(message("routing.unknown-service", service=opened.service))
    service = charter.find_service(rule.then.service) if rule else None
    if service is not None and named not in (None, service):
        names = named.title if named else ""
        reasons.append(message("routing.words-before-service", named=names, service=service.title))
    if service is None:
        service, more = _find_service(named, words, charter)
        reasons += more
    category = rule.then.category if rule else None
    category = category or (service.name if service else "")
    return Classification(rule, service, category, tuple(reasons))


def _find_rule(facts: TicketFacts, named: Service | None, charter: Charter) -> RoutingRule | None:
    """The first that fits; a later one only if it agrees with the service that the ticket names.

    So “the printer is offline”, sent about printing, is not taken for a broken network. A rule
    that names its team (an attack, a stolen laptop) is not passed over.
    """
    fitting = (rule for rule in charter.routing.rules if rule.when.matches(facts))
    first = next(fitting, None)
    if first is None or named is None or first.then.team:
        return first
    if first.then.service in (None, named.name):
        return first
    return next((rule for rule in fitting if rule.then.service == named.name), first)


def _find_service(
    named: Service | None, words: SpokenWords, charter: Charter
) -> tuple[Service | None, list[Message]]:
    """The service that the ticket names, else the one whose keywords it says most."""
    if named is not None:
        return named, [message("routing.named-service", service=named.title)]
    counts = [(sum(map(words.has, service.keywords)), service) for service in charter.services]
    most = max((count for count, _ in counts), default=0)
    best = [service for count, service in counts if count == most and most > 0]
    if len(best) == 1:
        return best[0], [message("routing.service-words", service=best[0].title)]
    if best:
        titles = [service.title for service in best]
        return None, [message("routing.ambiguous-service", services=titles)]
    return None, []
