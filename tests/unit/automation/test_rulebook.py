"""A signal is asked of the rules that it can meet, and what matches is what all rules would say."""

import pytest
from desk_automation.conditions.expression import Condition, Inputs, condition, find_required_signal
from desk_automation.conditions.inputs import values_of
from desk_automation.matching.rulebook import Rule, Rules
from desk_charter.runbooks import Runbook
from desk_contracts import Event
from desk_contracts.events.signals import SignalRaised
from desk_contracts.value_types import SubjectKind

from tests.support.automation_books import OneBook
from tests.support.automation_engine import raised, runbook

WHENS = (
    'data.signal == "disk-filling"',
    "'agent_url' in data.attributes && data.signal == 'disk-filling'",
    'data.signal == "vpn-failing"',
    'data.signal == "vpn-failing" || data.signal == "disk-filling"',
    'data.signal != "vpn-failing"',
    '!(data.signal == "vpn-failing")',
    "data.value < 50.0",
    'data.signal == "vpn-failing" ? false : true',
    '(data.signal == "vpn-failing") == false',
    'data.signal == "disk-filling" && data.value > 50.0',
)


def compiled(book: Runbook) -> Condition:
    assert book.when.once is not None
    return condition(book.when.once)


def named(signal: str, kind: SubjectKind = SubjectKind.DEVICE) -> Event[SignalRaised]:
    event = raised("laptop-1")
    data = event.data.model_copy(update={"signal": signal, "subject_kind": kind})
    return Event(event.id, event.source, event.subject, event.time, data)


@pytest.mark.parametrize("signal", ["disk-filling", "vpn-failing", "battery-old"])
def test_what_matches_is_what_each_rule_says_by_itself(signal: str) -> None:
    books = [runbook(id=f"book-{number}", when=when) for number, when in enumerate(WHENS)]
    event = named(signal)
    values = values_of(event, "")
    inputs = Inputs({"event": values["event"], "data": values["data"]})
    expected = [book.id for book in books if Rule(book, compiled(book)).matches(event, inputs)]
    assert [book.id for book in OneBook(*books).find_matching(event)] == expected != []


@pytest.mark.parametrize(
    ("when", "signal"),
    [
        (WHENS[0], "disk-filling"),
        (WHENS[1], "disk-filling"),
        ('data.value < 5.0 && (data.signal == "a" || data.signal == "b")', None),
        *((when, None) for when in WHENS[3:9]),
    ],
)
def test_a_rule_names_a_signal_only_if_it_holds_for_no_other(when: str, signal: str | None) -> None:
    assert find_required_signal(when) == signal


def test_a_hundred_rules_are_not_asked_about_a_signal_that_one_of_them_names() -> None:
    books = [
        runbook(id=f"book-{number}", when=f'data.signal == "s-{number}"') for number in range(100)
    ]
    rules = Rules(Rule(book, compiled(book)) for book in books)
    about = rules.find_about(named("s-7"))
    assert [rule.runbook.id for rule in about] == ["book-7"]


def test_a_pattern_is_met_by_a_fleet_only_if_it_asks_for_the_kind_of_its_subject() -> None:
    fleet = named("disk-filling", SubjectKind.FLEET)
    for where, count in (
        ('data.signal == "disk-filling"', 0),
        ('data.signal == "disk-filling" && data.subject_kind == "fleet"', 1),
    ):
        pattern = {"count": {"of": where, "at_least": 2, "within": "10m"}}
        (rule,) = OneBook(runbook(when=pattern)).patterns
        assert len(rule.find_parts(fleet, values_of(fleet, ""))) == count
        assert rule.find_parts(named("disk-filling"), values_of(named("disk-filling"), "")) == (
            () if count else (0,)
        )
