"""Whatever asks, ends, gives back or dies, and in whatever order: no limit of a scope is passed."""

from datetime import UTC, datetime, timedelta

from desk_automation.scopes.decide import HOUR, admit, end, find_refusal, give_back
from desk_automation.scopes.model import Limit, Scope, ScopeRequest
from desk_contracts.events.automation import Outcome
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LIMIT = Limit("site", "hq", at_once=3, per_hour=5, people_at_once=7)
RUNS = st.integers(0, 11)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), RUNS, st.integers(1, 8)),
        st.tuples(st.sampled_from(["end", "give back"]), RUNS, st.just(0)),
        st.tuples(st.just("time passes"), st.just(0), st.integers(1, 50)),
    ),
    max_size=60,
)


@given(STEPS)
def test_no_limit_is_ever_passed(steps: list[tuple[str, int, int]]) -> None:
    scope, now = Scope(), START
    begun: dict[str, datetime] = {}
    active: dict[str, tuple[datetime, int]] = {}
    for kind, number, amount in steps:
        run = str(number)
        if kind == "time passes":
            now += timedelta(minutes=amount)
        elif kind == "ask":
            ask = ScopeRequest(run, "", amount, now + timedelta(minutes=30))
            scope = admit(scope, now, limit=LIMIT, ask=ask) or scope
            if find_refusal(scope, LIMIT, ask, now) is None:
                if run not in active or active[run][0] <= now:
                    begun[run], active[run] = now, (now, amount)
                active[run] = (ask.until, active[run][1])
        elif kind == "end" and run in active:
            scope = end(scope, now, limit=LIMIT, run=run, outcome=Outcome.HEALED) or scope
            active.pop(run)
        elif kind == "give back":
            scope = give_back(scope, now, run=run) or scope
            active.pop(run, None)
            begun.pop(run, None)
        at_work = [people for until, people in active.values() if until > now]
        assert len(at_work) <= 3
        assert sum(at_work) <= 7
        assert sum(at > now - HOUR for at in begun.values()) <= 5
