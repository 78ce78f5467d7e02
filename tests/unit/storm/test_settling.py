"""Rest is what is seen for long enough: nothing new, and nobody who still has something to do."""

from desk_storm.settling import Look, Stillness, waiting


def _still_at(looks: dict[float, Look], at_least: float = 0) -> float | None:
    still = Stillness(at_least)
    return next((seconds for seconds, look in looks.items() if still.see(seconds, look)), None)


def _steady(until: int) -> dict[float, Look]:
    return {float(seconds): Look(5) for seconds in range(0, until, 3)}


def test_silence_counts_from_what_was_said_last() -> None:
    assert _still_at(_steady(60)) == 27
    assert _still_at({**_steady(60), 12.0: Look(6), **_more(15, 60, 6)}) == 39


def test_who_still_waits_for_something_is_no_silence() -> None:
    assert _still_at({**_steady(60), 9.0: Look(5, ("triage has 2 records to read",))}) == 36


def test_rest_is_not_told_before_the_least_time() -> None:
    assert _still_at(_steady(90), at_least=50) == 51


def test_what_never_rests_says_why() -> None:
    still = Stillness(0)
    assert not any(still.see(seconds, Look(seconds)) for seconds in range(0, 300, 3))
    assert still.reasons == ("3 more were said in the end",)
    assert not still.see(300, Look(297, ("notify-1 is not ready",)))
    assert still.reasons == ("notify-1 is not ready",)


def test_a_page_of_metrics_says_what_waits_and_nothing_else() -> None:
    page = (
        "# TYPE desk_outbox_pending gauge\n"
        'desk_outbox_pending{desk_collection="tickets"} 2.0\n'
        'desk_outbox_pending{desk_collection="marks"} 0.0\n'
        "# TYPE desk_timer_waiting_seconds gauge\n"
        'desk_timer_waiting_seconds{desk_timer_kind="subjects"} 3.5\n'
        "# TYPE desk_consumer_lag gauge\n"
        'desk_consumer_lag{messaging_consumer_group_name="triage"} 9.0\n'
    )
    assert waiting(page) == [
        "2 outboxes wait to be sent (tickets)",
        "3.5 seconds a deadline waits to be judged (subjects)",
    ]


def _more(since: int, until: int, count: int) -> dict[float, Look]:
    return {float(seconds): Look(count) for seconds in range(since, until, 3)}
