"""A rule that is called hidden never wins: checked against random tickets."""

from itertools import product

from desk_charter.routing import RuleWhen, TicketFacts
from desk_charter.routing_checks import hides_rule
from desk_charter.slas import SlaAttributes, SlaCondition, hides_policy
from desk_contracts.text import SpokenWords
from hypothesis import given
from hypothesis import strategies as st

WORDS = ["vpn", "slow", "vpn*", "slow vpn", "vp*", "vpnx"]
SITES = ["berlin", "rome"]
KINDS = ["incident", "question"]


def some(values: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True)


rules = st.fixed_dictionaries(
    {"any_words": some(WORDS), "all_words": some(WORDS), "kinds": some(KINDS), "sites": some(SITES)}
).map(RuleWhen.model_validate)
slas = st.fixed_dictionaries(
    {"kinds": some(KINDS), "services": some(SITES), "groups": some(WORDS[:2])}
).map(SlaCondition.model_validate)

SPOKEN = ["vpn", "slow", "vpnx", "vp", "is"]
TICKETS = [
    TicketFacts(SpokenWords(f"{first} {second} {third}"), kind, site=site)
    for first, second, third in product(SPOKEN, SPOKEN, SPOKEN)
    for kind in KINDS
    for site in [*SITES, None]
]
FACTS = [
    SlaAttributes(kind, None, service, None, frozenset(groups))
    for kind in KINDS
    for service in [*SITES, None]
    for groups in ([], WORDS[:1], WORDS[:2])
]


@given(rules, rules)
def test_every_ticket_of_a_hidden_rule_is_taken_before_it(
    earlier: RuleWhen, later: RuleWhen
) -> None:
    if hides_rule(earlier, later):
        assert all(earlier.matches(ticket) for ticket in TICKETS if later.matches(ticket))


@given(rules, st.sampled_from(WORDS))
def test_a_rule_that_only_asks_for_more_is_hidden(earlier: RuleWhen, word: str) -> None:
    later = earlier.model_copy(update={"all_words": (*earlier.all_words, word)})
    assert hides_rule(earlier, later)
    assert all(earlier.matches(ticket) for ticket in TICKETS if later.matches(ticket))


@given(slas, slas)
def test_every_ticket_of_a_hidden_sla_is_taken_before_it(
    earlier: SlaCondition, later: SlaCondition
) -> None:
    if hides_policy(earlier, later):
        assert all(earlier.matches(facts) for facts in FACTS if later.matches(facts))


@given(slas, st.sampled_from(["P1", "P2"]))
def test_a_sla_that_only_asks_for_more_is_hidden(earlier: SlaCondition, priority: str) -> None:
    later = SlaCondition.model_validate({**earlier.model_dump(), "priorities": [priority]})
    assert hides_policy(earlier, later)
