"""On a desk without a past few reports are compared with all: no other would open a problem."""

from desk_triage.problems.opening import detect, may_need_no_count
from desk_triage.problems.terms import number_key
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.triage_problems import PlayedRegister, report

# Eight people of whom three in four say the same are enough, so some of these just are and some
# just are not; people report again, and late.
REPORTS = st.lists(
    st.tuples(
        st.integers(0, 13), st.floats(-1, 1), st.sampled_from([*["vpn"] * 7, "mail", "erp", ""])
    ),
    min_size=8,
    max_size=40,
)


@settings(max_examples=200)
@given(REPORTS)
def test_what_is_not_looked_at_would_open_nothing(reports: list[tuple[int, float, str]]) -> None:
    played = PlayedRegister()
    for number, (person, late, service) in enumerate(reports):
        words = f"odd{number} thing{number}"
        played.play([report(f"t{number}", f"p{person}", number / 2 + late, words, service)])
        register, desk = played.register, played.desk
        assert register is not None
        if register.problems:
            event("it opens")
            return
        window = desk.counts.take(register.recent, desk.rules.window)
        share = window.limit_share(number_key("service", service), len(register.recent))
        desk.counts.keep(register.recent, desk.rules.window, window)
        same, events = detect(register, [], register.recent[-1], "cause", desk)
        assert (same, events) == (register, []), "it was not looked at"
        if not may_need_no_count(register, share):
            event("some are not looked at")
