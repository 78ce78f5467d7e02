"""Token buckets: what one caller may do, what it is told, and that memory stays bounded."""

import pytest
from desk_platform.http.rates import Buckets, RateLimits
from desk_platform.http.refusals import TooManyRequests
from desk_platform.settings import HttpSettings
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Scope


class Watch:
    """A watch that is set by hand."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def test_a_bucket_gives_its_burst_and_then_one_call_each_time_one_is_due() -> None:
    watch = Watch()
    buckets = Buckets("caller", rate=2, burst=4, now=watch)
    assert [buckets.take("ana").left for _ in range(4)] == [3, 2, 1, 0]
    refused = buckets.take("ana")
    assert (refused.left, refused.wait, refused.full_in) == (0, 0.5, 2.0)
    watch.at += 0.5
    assert buckets.take("ana").wait == 0
    assert buckets.take("ana").wait == 0.5
    watch.at += 60
    assert buckets.take("ana").left == 3


def test_one_caller_takes_nothing_from_another() -> None:
    buckets = Buckets("caller", rate=1, burst=1, now=Watch())
    assert buckets.take("ana").wait == 0
    assert buckets.take("ana").wait > 0
    assert buckets.take("ben").wait == 0


def test_the_headers_are_structured_fields_that_say_policy_and_rest() -> None:
    buckets = Buckets("caller", rate=10, burst=25, now=Watch())
    assert buckets.headers(buckets.take("ana")) == [
        (b"ratelimit-policy", b'"caller";q=25;w=3'),
        (b"ratelimit", b'"caller";r=24;t=1'),
    ]


def test_any_number_of_callers_takes_bounded_memory() -> None:
    buckets = Buckets("address", rate=1, burst=1, now=Watch(), most=100)
    for number in range(1_000):
        buckets.take(str(number))
    assert len(buckets) == 100
    assert buckets.take("999").wait > 0


@settings(deadline=None)
@given(
    st.floats(0.5, 1_000), st.integers(1, 50), st.lists(st.floats(0, 5), min_size=1, max_size=20)
)
def test_no_pattern_of_calls_gets_more_than_burst_and_rate(
    rate: float, burst: int, pauses: list[float]
) -> None:
    watch = Watch()
    buckets = Buckets("caller", rate, burst, now=watch)
    taken, began = 0, watch.at
    for pause in pauses:
        watch.at += pause
        for _ in range(burst + 2):
            taken += buckets.take("ana").wait == 0
        assert taken <= burst + rate * (watch.at - began) + 1e-3


def test_strangers_are_counted_by_address_and_callers_by_name() -> None:
    limits = RateLimits(HttpSettings(rate=1, burst=2, anonymous_rate=1, anonymous_burst=1))
    near: Scope = {"client": ("10.0.0.1", 1), "desk.headers": []}
    far: Scope = {"client": ("10.0.0.2", 1), "desk.headers": []}
    limits.count_anonymous(near)
    limits.count_anonymous(far)
    limits.count_caller(near, "ana")
    limits.count_caller(far, "ana")
    with pytest.raises(TooManyRequests) as stranger:
        limits.count_anonymous(near)
    with pytest.raises(TooManyRequests) as caller:
        limits.count_caller(near, "ana")
    assert stranger.value.retry_after > 0
    assert caller.value.retry_after > 0
    assert len(near["desk.headers"]) == 8
