"""What the command says of what it found."""

from pathlib import Path

from desk_triage.domain.judging import Refused, learn
from desk_triage.learning import report
from desk_triage.model_file import text_of

from tests.unit.triage.past import TEAM, TEAMS, fit_by_counting, lessons_of, lives
from tests.unit.triage.test_learned import MODEL, TRIAL

PAST = lessons_of(lives())


def test_it_says_what_there_is_and_whose_tickets_cannot_be_used() -> None:
    assert report.read(PAST, TEAMS, 800) == (
        "720 of 800 tickets were finished by teams, opened 2025-09-01 to 2025-11-17. For 0 of them"
        " today's rules know a team; the model is for the others."
    )
    strange = report.read(PAST, TEAMS[1:], 800, unreadable=3)
    assert "3 records could not be read." in strange
    assert "(network): what is like these stays with a person" in strange
    assert report.read([], TEAMS, 7) == "No ticket of 7 was found that a team has finished."


def test_it_says_how_right_it_was_in_weeks_it_had_not_seen() -> None:
    said = report.told("The team", learn(PAST, TEAM, fit_by_counting), 0.9)
    assert "learned from 360 tickets, finished by 2025-10-06" in said
    assert "Tried on 180 tickets that no rule knows, opened 2025-11-03 to 2025-11-17." in said
    assert "(90% asked)" in said


def test_a_refusal_says_why_and_what_was_tried() -> None:
    assert report.told("The team", Refused("why"), 0.9) == "The team cannot be learned: why."
    tried = report.told("The team", Refused("why", TRIAL), 0.9)
    assert "It is sure of 200 (50.0%), and right in 93.5% of those (90% asked)" in tried


def test_it_says_where_the_model_is() -> None:
    size = len(text_of(MODEL).encode())
    assert MODEL.version in report.written(Path("x.json"), MODEL, size)
