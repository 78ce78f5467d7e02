"""A rule behind one that takes all its tickets is found, and no other rule is accused."""

import pytest
from desk_charter.routing import RuleWhen
from desk_charter.routing_checks import hides_rule

CASES = [
    ({"any_words": ["vpn"]}, {"any_words": ["vpn"]}, True),
    ({"any_words": ["vpn"]}, {"any_words": ["vpn", "tunnel"]}, False),
    ({"any_words": ["vpn", "tunnel"]}, {"any_words": ["vpn"]}, True),
    ({"any_words": ["vpn"]}, {"all_words": ["vpn", "slow"]}, True),
    ({"all_words": ["vpn", "slow"]}, {"any_words": ["vpn"]}, False),
    ({"all_words": ["slow"]}, {"any_words": ["slow vpn", "slow disk"]}, True),
    ({"any_words": ["druck*"]}, {"any_words": ["Drucker", "druckt"]}, True),
    ({"any_words": ["dru\u00adck*"]}, {"any_words": ["DRUCK\uff0a"]}, True),
    ({"any_words": ["打印"]}, {"any_words": ["打印机"]}, True),
    ({"any_words": ["打印机"]}, {"any_words": ["打印"]}, False),
    ({"sites": ["Berlin"]}, {"sites": ["berlin "]}, True),
    ({"any_words": ["drucker"]}, {"any_words": ["druck*"]}, False),
    ({"any_words": ["vpn"]}, {"any_words": ["vpn*"]}, False),
    ({"any_words": ["slow"]}, {"any_words": ["slow vpn*"]}, True),
    ({"any_words": ["vpn"]}, {"kinds": ["incident"], "any_words": ["vpn"]}, True),
    ({"kinds": ["incident"], "any_words": ["vpn"]}, {"any_words": ["vpn"]}, False),
    ({"sites": ["berlin", "rome"]}, {"sites": ["rome"]}, True),
    ({"sites": ["berlin"]}, {"sites": ["rome"]}, False),
    ({"sites": ["berlin"]}, {"channels": ["mail"]}, False),
    ({"kinds": ["question"]}, {"any_words": ["how"]}, False),
]


@pytest.mark.parametrize(("earlier", "later", "is_hidden"), CASES)
def test_a_hidden_rule_is_told_from_a_narrower_one(
    earlier: dict[str, list[str]], later: dict[str, list[str]], is_hidden: bool
) -> None:
    first, second = RuleWhen.model_validate(earlier), RuleWhen.model_validate(later)
    assert hides_rule(first, second) is is_hidden
