"""The checks of routing: what it names exists, every skill can be found, every rule is reached."""

from collections.abc import Collection, Iterator

from desk_contracts.text import plain_words, read_phrase

from desk_charter.draft import Draft
from desk_charter.people import TEAMS
from desk_charter.problems import Problem
from desk_charter.reach import is_covered_by
from desk_charter.routing import Detector, Routing, RoutingRule, RuleWhen
from desk_charter.sections import Form, Section
from desk_charter.sentences import close_to


def check_routing_references(draft: Draft) -> Iterator[Problem]:
    """Teams and services of rules and detectors exist."""
    routing = draft.of(ROUTING, None)
    if routing is None:
        return
    yield from draft.unknown("teams", routing.default_team, "routing", "default_team")
    for rule in routing.rules:
        where = ("routing", "rules", rule.id)
        if rule.then.team is not None:
            yield from draft.unknown("teams", rule.then.team, *where, "then", "team")
        if rule.then.service is not None:
            yield from draft.unknown("services", rule.then.service, *where, "then", "service")
        for index, service in enumerate(rule.when.services):
            yield from draft.unknown("services", service, *where, "when", "services", index)
    for detector in routing.detectors:
        if detector.service is not None:
            where = ("routing", "detectors", detector.id)
            yield from draft.unknown("services", detector.service, *where, "service")


def skills_exist(draft: Draft) -> Iterator[Problem]:
    """What a rule asks for can be done: by its team, or at least by somebody."""
    if not draft.understood("teams"):
        return
    routing = draft.of(ROUTING, None)
    teams = {team.name: team.all_skills for team in draft.of(TEAMS, ())}
    everyone = frozenset().union(*teams.values())
    for rule in routing.rules if routing else ():
        for index, skill in enumerate(rule.then.skills):
            where = ("routing", "rules", rule.id, "then", "skills", index)
            if skill not in everyone:
                sentence = f"no team has the skill '{skill}'{close_to(skill, everyone)}"
                yield Problem.at(*where, sentence=f"{sentence}; add it in teams.yaml or correct it")
            elif rule.then.team in teams and skill not in teams[rule.then.team]:
                sentence = f"team '{rule.then.team}' does not have the skill '{skill}'"
                yield Problem.at(*where, sentence=f"{sentence}; add it there or change the team")


def rules_are_reachable(draft: Draft) -> Iterator[Problem]:
    """No rule stands behind one that takes all its tickets."""
    routing = draft.of(ROUTING, None)
    rules = routing.rules if routing else ()
    for index, later in enumerate(rules):
        for earlier in rules[:index]:
            if hides_rule(earlier.when, later.when):
                sentence = (
                    f"rule '{earlier.id}' before it takes all its tickets; move it up or remove it"
                )
                yield Problem.at("routing", "rules", later.id, sentence=sentence)
                break


def hides_rule(earlier: RuleWhen, later: RuleWhen) -> bool:
    """The same for routing rules; words are compared as they are matched."""
    return (
        is_covered_by(earlier.kinds, later.kinds)
        and is_covered_by(earlier.services, later.services)
        and is_covered_by(_find_called(earlier.categories), _find_called(later.categories))
        and is_covered_by(_find_called(earlier.sites), _find_called(later.sites))
        and is_covered_by(earlier.channels, later.channels)
        and all(_has_to_say(later, word) for word in earlier.all_words)
        and (not earlier.any_words or _has_to_say(later, *earlier.any_words))
    )


def _find_called(names: Collection[str]) -> Collection[str]:
    return tuple(map(plain_words, names))


def _has_to_say(later: RuleWhen, *wanted: str) -> bool:
    """Whether a text that fits the later rule must hold one of the words."""
    if any(_finds(item, word) for item in wanted for word in later.all_words):
        return True
    return bool(later.any_words) and all(
        any(_finds(item, word) for item in wanted) for word in later.any_words
    )


def _finds(wanted: str, phrase: str) -> bool:
    """Whether a text in which `phrase` is found always has `wanted` in it too."""
    (plain, may_go_on), (text, said_may_go_on) = read_phrase(wanted), read_phrase(phrase)
    if may_go_on:
        return f" {plain}" in f" {text}"
    if said_may_go_on:
        # The last word of `phrase` may go on, so only the words before it are certain.
        text = text.rpartition(" ")[0]
    return f" {plain} " in f" {text} "


ROUTING: Section[Routing | None] = Section(
    "routing",
    Routing,
    form=Form.FIELDS,
    lists={"rules": RoutingRule, "detectors": Detector},
    checks=(check_routing_references, skills_exist, rules_are_reachable),
)
