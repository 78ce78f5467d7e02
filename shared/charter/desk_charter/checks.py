"""The cross checks: what no single item of the charter can know about itself."""

from collections import Counter
from collections.abc import Callable, Iterator

from desk_contracts import names

from desk_charter.calendar_checks import calendars_are_sound
from desk_charter.draft import Draft
from desk_charter.problems import Problem
from desk_charter.reach import hides_policy, hides_rule
from desk_charter.runbook_checks import runbooks_are_sound, steps_are_sound
from desk_charter.sentences import close_to
from desk_charter.source_checks import sources_are_sound

# `desk.notifications.people` is every employee's topic, so no team can have that name.
RESERVED_TEAMS = frozenset({names.PEOPLE})


def cross_check(draft: Draft) -> Iterator[Problem]:
    """Every problem between the items of a draft."""
    for check in _CHECKS:
        yield from check(draft)


def names_are_unique(draft: Draft) -> Iterator[Problem]:
    """A name is written once in its section."""
    for section, written in draft.written.items():
        place = ("routing", section) if section in {"rules", "detectors"} else (section,)
        for index, name in enumerate(written):
            if name and name in written[:index]:
                sentence = f"'{name}' is there already; give each one its own name"
                yield Problem.at(*place, index, sentence=sentence)


def teams_are_sound(draft: Draft) -> Iterator[Problem]:
    """No reserved name, no member twice."""
    for team in draft.teams:
        if team.name in RESERVED_TEAMS:
            sentence = f"'{team.name}' is the topic of all employees; choose another name"
            yield Problem.at("teams", team.name, "name", sentence=sentence)
    seen: dict[str, str] = {}
    for team in draft.teams:
        for member in team.members:
            if member.id in seen:
                sentence = f"member '{member.id}' is already in team '{seen[member.id]}'"
                yield Problem.at(
                    "teams", team.name, "members", member.id, sentence=f"{sentence}; use another id"
                )
            seen.setdefault(member.id, team.name)


def services_are_sound(draft: Draft) -> Iterator[Problem]:
    """Owners and dependencies exist."""
    for service in draft.services:
        yield from draft.unknown("teams", service.owner, "services", service.name, "owner")
        for index, needed in enumerate(service.depends_on):
            where = ("services", service.name, "depends_on", index)
            yield from draft.unknown("services", needed, *where)


def dependencies_have_no_cycle(draft: Draft) -> Iterator[Problem]:
    """No service needs itself, however far around. Each cycle is told once."""
    needs = {service.name: service.depends_on for service in draft.services}
    done: set[str] = set()
    for name in needs:
        cycle = _cycle_from(name, needs, done, ())
        if cycle:
            sentence = f"{' needs '.join(cycle)}; take one of these dependencies out"
            yield Problem.at("services", cycle[0], "depends_on", sentence=sentence)


def _cycle_from(
    name: str, needs: dict[str, tuple[str, ...]], done: set[str], path: tuple[str, ...]
) -> tuple[str, ...]:
    if name in path:
        return (*path[path.index(name) :], name)
    if name in done:
        return ()
    found = (_cycle_from(each, needs, done, (*path, name)) for each in needs.get(name, ()))
    cycle = next((each for each in found if each), ())
    done.add(name)
    return cycle


def slas_refer_to_what_exists(draft: Draft) -> Iterator[Problem]:
    """Calendars, services and teams of SLAs exist."""
    for sla in draft.slas:
        where = ("slas", sla.name)
        yield from draft.unknown("calendars", sla.calendar, *where, "calendar")
        for index, service in enumerate(sla.when.services):
            yield from draft.unknown("services", service, *where, "when", "services", index)
        for index, team in enumerate(sla.when.teams):
            yield from draft.unknown("teams", team, *where, "when", "teams", index)


def each_clock_has_one_default(draft: Draft) -> Iterator[Problem]:
    """Exactly one default per clock, and it stands last, where its turn comes."""
    for clock in dict.fromkeys(sla.clock for sla in draft.slas):
        ours = [sla for sla in draft.slas if sla.clock == clock]
        defaults = [sla for sla in ours if sla.default]
        if not defaults and draft.understood("slas"):
            sentence = f"clock '{clock}' has no SLA with 'default: true'; add one for all others"
            yield Problem.at("slas", ours[-1].name, sentence=sentence)
        for extra in defaults[1:]:
            sentence = f"clock '{clock}' has its default in '{defaults[0].name}'; keep only one"
            yield Problem.at("slas", extra.name, "default", sentence=sentence)
        if len(defaults) == 1 and ours[-1] is not defaults[0]:
            sentence = f"the default of clock '{clock}' is asked last; move it behind the others"
            yield Problem.at("slas", defaults[0].name, "default", sentence=sentence)


def slas_are_reachable(draft: Draft) -> Iterator[Problem]:
    """No SLA stands behind one that takes all its tickets."""
    named = [sla for sla in draft.slas if not sla.default]
    for index, later in enumerate(named):
        for earlier in named[:index]:
            if earlier.clock == later.clock and hides_policy(earlier.when, later.when):
                sentence = f"'{earlier.name}' before it takes all its tickets; move or remove it"
                yield Problem.at("slas", later.name, "when", sentence=sentence)
                break


def goals_refer_to_what_exists(draft: Draft) -> Iterator[Problem]:
    """Services, teams and owners of goals exist."""
    for goal in draft.goals:
        where = ("goals", goal.name, "where")
        for index, service in enumerate(goal.where.services):
            yield from draft.unknown("services", service, *where, "services", index)
        for index, team in enumerate(goal.where.teams):
            yield from draft.unknown("teams", team, *where, "teams", index)
        if goal.owner is not None:
            yield from draft.unknown("teams", goal.owner, "goals", goal.name, "owner")


def catalogue_is_sound(draft: Draft) -> Iterator[Problem]:
    """Services and teams exist, nothing retired is offered, no form asks twice."""
    retired = {service.name for service in draft.services if service.lifecycle == "retired"}
    for item in draft.catalogue:
        where = ("catalogue", item.id)
        yield from draft.unknown("services", item.service, *where, "service")
        if item.service in retired:
            sentence = f"service '{item.service}' is retired; take the item out of the catalogue"
            yield Problem.at(*where, "service", sentence=sentence)
        if item.team is not None:
            yield from draft.unknown("teams", item.team, *where, "team")
        for name, count in Counter(field.name for field in item.fields).items():
            if count > 1:
                sentence = f"the form asks '{name}' {count} times; give each question its own name"
                yield Problem.at(*where, "fields", name, sentence=sentence)


def routing_refers_to_what_exists(draft: Draft) -> Iterator[Problem]:
    """Teams and services of rules and detectors exist."""
    if draft.routing is None:
        return
    yield from draft.unknown("teams", draft.routing.default_team, "routing", "default_team")
    for rule in draft.routing.rules:
        where = ("routing", "rules", rule.id)
        if rule.then.team is not None:
            yield from draft.unknown("teams", rule.then.team, *where, "then", "team")
        if rule.then.service is not None:
            yield from draft.unknown("services", rule.then.service, *where, "then", "service")
        for index, service in enumerate(rule.when.services):
            yield from draft.unknown("services", service, *where, "when", "services", index)
    for detector in draft.routing.detectors:
        if detector.service is not None:
            where = ("routing", "detectors", detector.id)
            yield from draft.unknown("services", detector.service, *where, "service")


def skills_exist(draft: Draft) -> Iterator[Problem]:
    """What a rule asks for can be done: by its team, or at least by somebody."""
    if not draft.understood("teams"):
        return
    teams = {team.name: team.all_skills for team in draft.teams}
    everyone = frozenset().union(*teams.values())
    for rule in draft.routing.rules if draft.routing else ():
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
    rules = draft.routing.rules if draft.routing else ()
    for index, later in enumerate(rules):
        for earlier in rules[:index]:
            if hides_rule(earlier.when, later.when):
                sentence = (
                    f"rule '{earlier.id}' before it takes all its tickets; move it up or remove it"
                )
                yield Problem.at("routing", "rules", later.id, sentence=sentence)
                break


_CHECKS: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    names_are_unique,
    teams_are_sound,
    services_are_sound,
    dependencies_have_no_cycle,
    calendars_are_sound,
    slas_refer_to_what_exists,
    each_clock_has_one_default,
    slas_are_reachable,
    goals_refer_to_what_exists,
    catalogue_is_sound,
    routing_refers_to_what_exists,
    skills_exist,
    rules_are_reachable,
    runbooks_are_sound,
    steps_are_sound,
    sources_are_sound,
)
