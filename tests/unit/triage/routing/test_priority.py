"""Priority at the edges of the charter's numbers: people affected, criticality, first and last."""

from typing import Any

import pytest
from desk_charter.routing import RuleThen
from desk_contracts.events.tickets import Kind, TicketOpened
from desk_contracts.value_types import Level, Priority
from desk_triage.routing.priority import PriorityChoice, choose_priority

from tests.support.triage_desk import CHARTER, opened

P1, P2, P3, P4 = Priority.P1, Priority.P2, Priority.P3, Priority.P4
LOW, MEDIUM, HIGH = Level.LOW, Level.MEDIUM, Level.HIGH
NOTHING = RuleThen()


def chosen(
    criticality: int | None = None,
    people: int = 0,
    then: RuleThen = NOTHING,
    kind: Kind = Kind.INCIDENT,
    **more: Level,
) -> PriorityChoice:
    service = None
    if criticality is not None:
        service = CHARTER.services[0].model_copy(update={"criticality": criticality})
    facts: dict[str, Any] = {**more}
    data = opened("It fails", kind=kind, **facts).data
    assert isinstance(data, TicketOpened)
    return choose_priority(CHARTER, data, then, service, people)


@pytest.mark.parametrize(
    ("impact", "urgency", "by_criticality"),
    [
        (HIGH, HIGH, (P1, P1, P1, P2)),
        (HIGH, MEDIUM, (P1, P2, P2, P3)),
        (MEDIUM, HIGH, (P1, P2, P2, P3)),
        (MEDIUM, LOW, (P3, P4, P4, P4)),
        (LOW, HIGH, (P3, P3, P3, P4)),
        (LOW, LOW, (P4, P4, P4, P4)),
    ],
)
def test_criticality_moves_a_priority_by_one_and_never_past_the_ends(
    impact: Level, urgency: Level, by_criticality: tuple[Priority, ...]
) -> None:
    choices = [chosen(number, impact=impact, urgency=urgency) for number in (1, 2, 3, 4)]
    assert tuple(choice.priority for choice in choices) == by_criticality
    without = chosen(impact=impact, urgency=urgency)
    assert without.priority is by_criticality[1]
    for choice, why in zip(choices, ("company-stops", "", "", "hardly-needed"), strict=True):
        codes = [reason.code for reason in choice.reasons]
        is_moved = choice.priority is not without.priority
        assert codes == ["priority.matrix", *([f"priority.{why}"] if is_moved else [])]


@pytest.mark.parametrize(
    ("people", "impact"), [(0, LOW), (4, LOW), (5, MEDIUM), (19, MEDIUM), (20, HIGH), (200, HIGH)]
)
def test_people_affected_raise_the_impact_from_the_charters_numbers_on(
    people: int, impact: Level
) -> None:
    assert (CHARTER.routing.affected.medium, CHARTER.routing.affected.high) == (5, 20)
    choice = chosen(people=people)
    assert choice.reasons[0].params["impact"] == impact
    counted = [reason.params for reason in choice.reasons[1:]]
    assert counted == ([] if impact is LOW else [{"count": people}])
    assert chosen(people=people, impact=HIGH).reasons[0].params["impact"] == HIGH


@pytest.mark.parametrize(
    ("kind", "urgency", "impact"),
    [
        (Kind.INCIDENT, MEDIUM, HIGH),
        (Kind.PROACTIVE, MEDIUM, HIGH),
        (Kind.REQUEST, LOW, LOW),
        (Kind.QUESTION, LOW, LOW),
    ],
)
def test_a_request_is_less_urgent_than_trouble_and_no_crowd_makes_it_trouble(
    kind: Kind, urgency: Level, impact: Level
) -> None:
    facts = chosen(kind=kind, people=20).reasons[0].params
    assert (facts["urgency"], facts["impact"]) == (urgency, impact)


def test_the_rule_is_heard_before_the_ticket() -> None:
    rule = RuleThen(impact=MEDIUM, urgency=LOW)
    facts = chosen(then=rule, impact=LOW, urgency=HIGH).reasons[0].params
    assert (facts["impact"], facts["urgency"]) == (MEDIUM, LOW)
    own = chosen(impact=HIGH, urgency=LOW).reasons[0].params
    assert (own["impact"], own["urgency"]) == (HIGH, LOW)
