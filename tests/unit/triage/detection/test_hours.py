"""What an hour of the day or of the week was like, once enough of them were seen."""

from desk_triage.detection.hours import find_hour, learn_hour

DAY, WEEK = 24, 168


def test_an_hour_of_the_day_is_known_after_three_days() -> None:
    packed = ""
    for day in range(2):
        packed = learn_hour(packed, 5 + day * DAY, 6.0)
    assert find_hour(packed, 5 + 9 * DAY) is None
    packed = learn_hour(packed, 5 + 2 * DAY, 9.0)
    assert find_hour(packed, 5 + 9 * DAY) == 7.0
    assert find_hour(packed, 6 + 9 * DAY) is None


def test_an_hour_of_the_week_says_more_than_that_of_the_day() -> None:
    packed = ""
    for week in range(3):
        packed = learn_hour(packed, 5 + week * WEEK, 6.0)
        packed = learn_hour(packed, 5 + week * WEEK + DAY, 0.0)
    assert find_hour(packed, 5 + 9 * WEEK) == 6.0
    assert find_hour(packed, 5 + 9 * WEEK + DAY) == 0.0
