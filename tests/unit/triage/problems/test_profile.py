"""How strongly a ticket says what the tickets of one trouble say."""

from desk_triage.problems.profile import Scales, Wording, count_profile
from desk_triage.problems.rates import NO_PAST
from desk_triage.problems.terms import number_terms

PAST = NO_PAST.count_in([(number_terms(("printer", "paper"), "print", "jam"), (), 0)] * 200)
TROUBLE = Wording(("certificate", "expired", "printer"), "vpn", "access")
SCALES = Scales(count_profile([TROUBLE] * 4), PAST)


def weigh(*words: str, service: str = "", category: str = "") -> float:
    return SCALES.weigh(Wording(words, service, category))


def test_a_word_in_another_form_says_less_and_a_foreign_one_nothing() -> None:
    assert weigh("certificate") > weigh("certificates") > 0
    assert weigh("zertificate") > 0, "mistyped"
    assert weigh("certainly") == 0, "it only begins alike"
    assert weigh("password") == 0


def test_what_every_ticket_says_is_no_sign_of_this_trouble() -> None:
    assert weigh("printer") == 0


def test_each_further_word_says_something_but_less_than_alone() -> None:
    both = weigh("certificate", "expired")
    assert max(weigh("certificate"), weigh("expired")) < both
    assert both < weigh("certificate") + weigh("expired")


def test_service_and_category_count_as_one_sign() -> None:
    service = weigh(service="vpn", category="other")
    assert service > 0
    assert weigh(service="vpn", category="access") == service
    assert weigh(service="print", category="jam") == 0


def test_what_stood_in_one_ticket_only_may_be_chance() -> None:
    scales = Scales(count_profile([TROUBLE, Wording(("certificate",), "", "")]), PAST)
    assert scales.weigh(Wording(("certificate",), "", "")) > 0
    assert scales.weigh(Wording(("expired",), "", "")) == 0
