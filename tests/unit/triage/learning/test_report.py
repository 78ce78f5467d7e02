"""What the command says of what it found."""

from collections.abc import Iterable
from itertools import pairwise

from desk_contracts.message import Message, message
from desk_contracts.messages import catalogue
from desk_triage.learning import report
from desk_triage.learning.evaluation import Refusal, learn

from tests.support.spoken import codes, english
from tests.support.triage_history import MEANS, TEAM, TEAMS, list_past
from tests.support.triage_model import EVALUATION, MODEL

PAST = list_past()
NO_TEAM = Refusal(message("learning.one-answer"))


def read(lines: Iterable[Message]) -> list[str]:
    return list(map(english, lines))


def test_it_says_what_there_is_and_whose_tickets_cannot_be_used() -> None:
    assert read(report.describe_examples(PAST, TEAMS, 800)) == [
        "720 of 800 tickets were finished by teams, opened 1 September 2025 to 17 November 2025.",
        "For 0 of them today's rules know a team; the model is for the others.",
    ]
    strange = read(report.describe_examples(PAST, TEAMS[1:], 800, unreadable=3))
    assert strange[1] == "3 records could not be read."
    assert "(network): what is like these stays with a person" in strange[-1]
    (none,) = read(report.describe_examples([], TEAMS, 7))
    assert none == "No ticket of 7 was found that a team has finished."


def test_of_many_teams_that_are_gone_the_first_are_named() -> None:
    many = [example._replace(team=f"gone-{number % 9}") for number, example in enumerate(PAST[:90])]
    line = report.describe_examples(many, TEAMS, 90)[-1]
    assert line.code == "learning.more-strange-teams"
    assert line.params["more"] == 4


def test_it_says_how_right_it_was_in_weeks_it_had_not_seen() -> None:
    lines = read(report.describe_team(learn(PAST, TEAM, MEANS), 0.9))
    assert lines[0] == "The team: learned from 720 tickets, finished by 17 November 2025."
    evaluated = "Evaluated on 180 tickets that no rule knows, opened 3 November 2025 to"
    assert lines[1].startswith(evaluated)
    assert lines[3].startswith("The right one is among the first three in 100.0%")
    assert "90% asked" in lines[4]


def test_a_refusal_says_why_and_what_was_tried() -> None:
    (line,) = read(report.describe_team(NO_TEAM, 0.9))
    assert line.startswith("The team cannot be learned. All tickets have the same answer")
    tried = read(report.describe_category(NO_TEAM._replace(evaluation=EVALUATION), 0.9))
    assert "It is sure of 200 (50.0%), and right in 93.5% of those (95% interval 89.1%" in tried[-1]


def test_team_and_category_say_the_same_of_what_was_found() -> None:
    for result in (learn(PAST, TEAM, MEANS), NO_TEAM._replace(evaluation=EVALUATION)):
        lines = report.describe_team(result, 0.9), report.describe_category(result, 0.9)
        for team, category in pairwise(lines):
            assert codes(team[1:]) == codes(category[1:])
            assert team[0].params == category[0].params


def test_it_speaks_german_as_well() -> None:
    german = catalogue("de")
    lines = [german.render(line) for line in report.describe_team(NO_TEAM, 0.9)]
    assert lines[0].startswith("Das Team lässt sich nicht lernen. Alle Tickets haben dieselbe")
    result = report.describe_category(NO_TEAM._replace(evaluation=EVALUATION), 0.9)
    assert "(50,0\N{NO-BREAK SPACE}%)" in german.render(result[-1])


def test_it_says_where_the_model_is_and_how_large() -> None:
    line = report.describe_file("x.json", MODEL, 2_000 * 1024 + 5)
    assert MODEL.version in english(line)
    assert (line.params["path"], line.params["kibibytes"]) == ("x.json", 2_000)
