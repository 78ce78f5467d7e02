"""Numbers that other tests take from the code by name: what was agreed of them."""

from datetime import timedelta

from tests.support.named_numbers import find_named_numbers

NUMBERS = {
    "desk_intake.attachments.decide.MAX_ATTACHMENTS": 50,
    "desk_intake.attachments.decide.MAX_FILE_BYTES": 10_485_760,
    "desk_intake.attachments.uploads.CALLS_TAKE": timedelta(hours=6),
    "desk_intake.before.joined.MOST_PEOPLE": 500,
    "desk_intake.before.model.TRACKED": timedelta(days=90),
    "desk_intake.before.model.UNDECIDED": timedelta(days=7),
    "desk_intake.demands.model.ANSWER_WITHIN": timedelta(days=14),
    "desk_intake.erasures.decide.TICKETS_EACH": 700,
    "desk_intake.live.worker.CHUNK": 50,
    "desk_intake.live.worker.MAX_WAITING": 256,
    "desk_intake.mail.reading.MOST_HEADERS": 500,
    "desk_intake.mail.reading.MOST_LEVELS": 8,
    "desk_intake.mail.reading.MOST_PARTS": 100,
    "desk_intake.mail.worker.MAILS_AT_ONCE": 60,
    "desk_intake.status.changes.SHOWN_AFTER": timedelta(days=1),
    "desk_intake.status.changes.SHOWN_AHEAD": timedelta(days=14),
    "desk_intake.surveys.model.FOLLOW_UP_WITHIN": timedelta(days=3),
    "desk_intake.surveys.model.TEAM_REMINDED_AFTER": timedelta(days=1),
    "desk_intake.tickets.calls.KEPT_HERE": 32,
    "desk_intake.tickets.calls.MOST_HERE": 64,
    "desk_intake.tickets.evidence.MAX_TEXT": 20_000,
    "desk_intake.tickets.forecast.LEAST_SOLVED": 10,
    "desk_intake.tickets.model.MAX_ENTRIES": 400,
    "desk_intake.tickets.model.MAX_WATCHERS": 50,
    "desk_intake.tickets.store.MAX_WORDS": 3000,
    "desk_intake.tickets.view.MAX_LATEST": 10,
    "desk_intake.tickets.view.MAX_LATEST_TEXT": 20_000,
}


def test_a_number_that_tests_use_by_its_name_is_as_agreed() -> None:
    """Where they test what happens at a bound, nobody else would see that the bound moved."""
    assert find_named_numbers("intake") == NUMBERS
