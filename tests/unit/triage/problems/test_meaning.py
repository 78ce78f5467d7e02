"""A second voice: who means the same joins a problem, though nobody's words show it."""

import json
import random
from datetime import timedelta
from string import ascii_lowercase

import pytest
from desk_contracts import Event
from desk_contracts.events.problems import ProblemDetected, ProblemUpdated
from desk_contracts.events.trouble import TroubleReported
from desk_contracts.redaction import ERASED, Erasure, Redactor
from desk_triage.adapters.encoders.meanings import EncodedMeanings
from desk_triage.problems.meaning import (
    LEARNED_FROM,
    MOST_A_MINUTE,
    Centre,
    Placed,
    add_to,
    find_limit,
    measure,
    place,
)
from desk_triage.problems.model import ProblemRegister
from desk_triage.problems.owner import remove_tickets, split_problem

from tests.support.triage_desk import MONDAY
from tests.support.triage_encoder import FakeEncoder
from tests.support.triage_problems import PlayedRegister, ordinary, outage, report

GERMAN = "Bildschirm bleibt dunkel"
ENGLISH = ("screen stays dark", "the screen stays dark again", "dark screen stays")


class FakeMeanings:
    """All about a screen means the same in two languages; everything else is something else."""

    def __init__(self, name: str = "fake/1") -> None:
        self.name = name
        self.given = 0

    def encode(self, words: tuple[str, ...]) -> tuple[int, ...]:
        self.given += 1
        topic = "screen" if {"screen", "bildschirm"} & set(words) else " ".join(words)
        return tuple(random.Random(topic).choices((-9, 9), k=384))  # noqa: S311 (a place by text)


def play(meanings: FakeMeanings | None) -> PlayedRegister:
    """An outage in English, and one report of it in German."""
    played = PlayedRegister(meanings=meanings)
    past = ordinary(LEARNED_FROM + 300)
    other = report("other", "other", 4.2, "canteen menu vegetarian today", "")
    german = report("german", "german", 4.4, GERMAN, "")
    return played.play([*past, *outage(8, texts=ENGLISH, service=""), other, german])


def test_what_means_the_same_joins_in_another_language() -> None:
    assert "german" not in play(None).listed
    played = play(FakeMeanings())
    assert played.listed.count("german") == 1
    assert "other" not in played.listed
    assert len(played.of(ProblemDetected)) == 1


def test_an_event_says_that_meaning_was_the_reason() -> None:
    updates = [event.data for event in play(FakeMeanings()).of(ProblemUpdated)]
    reasons = {
        ticket: [(reason.code, dict(reason.params)) for reason in update.explanation]
        for update in updates
        if isinstance(update, ProblemUpdated)
        for ticket in update.tickets
    }
    assert reasons["german"] == [("problem.joined-by-meaning", {"count": 1})]
    assert reasons["out-7"] == []


def test_a_replay_decides_the_same() -> None:
    first, second = play(FakeMeanings()), play(FakeMeanings())
    assert first.emitted == second.emitted
    assert first.register == second.register
    assert first.register is not None
    read = ProblemRegister.model_validate_json(first.register.model_dump_json())
    assert read == first.register


def test_another_encoder_begins_anew() -> None:
    played = play(FakeMeanings())
    assert played.register is not None
    assert any(item.meaning for item in played.register.others)
    assert played.problems[0].places
    for meanings, tickets in ((FakeMeanings("fake/2"), 1), (None, 0)):
        played.meanings = meanings
        played.restart()
        played.play([report(f"later-{tickets}", "later", 4.6, "a chair is missing", "")])
        register = played.register
        assert register is not None
        assert register.encoder == (meanings.name if meanings else "")
        assert register.centre.tickets == tickets
        assert not any(item.meaning for item in (*register.others, *register.recent))
        assert played.problems[0].places == ()


def _crowd(beyond: int) -> list[Event[TroubleReported]]:
    """So many more than are encoded in a minute, each with a word of its own."""
    random_ = random.Random(1)  # noqa: S311 (words by seed)
    words = ["".join(random_.choices(ascii_lowercase, k=9)) for _ in range(MOST_A_MINUTE + beyond)]
    return [report(f"n-{n}", f"p-{n}", n / 1_000, word, "") for n, word in enumerate(words)]


def test_only_so_many_texts_of_a_minute_are_encoded() -> None:
    meanings = FakeMeanings()
    played = PlayedRegister(meanings=meanings)
    played.play(_crowd(9))
    assert meanings.given == MOST_A_MINUTE
    played.play([report("next", "next", 1, "thing of the next minute")])
    assert meanings.given == MOST_A_MINUTE + 1


def test_that_words_decided_alone_is_said() -> None:
    played = PlayedRegister(meanings=FakeMeanings()).play(ordinary(LEARNED_FROM + 300))
    played.play([*_crowd(5), *outage(30, begins=0.3, every=0.01, texts=ENGLISH, service="")])
    (detected,) = played.of(ProblemDetected)
    assert isinstance(detected.data, ProblemDetected)
    skipped = {reason.code: dict(reason.params) for reason in detected.data.explanation}
    assert skipped["problem.words-alone"] == {"count": 5}


async def test_texts_are_encoded_before_they_are_decided_and_once() -> None:
    encoder = FakeEncoder()
    meanings = EncodedMeanings(encoder)
    events = outage(3, texts=ENGLISH)
    await meanings.prepare([*events, *events])
    assert len(encoder.given) == 3
    PlayedRegister(meanings=meanings).play(events)
    assert len(encoder.given) == 3
    encoder.given.clear()
    await meanings.prepare(_crowd(9))
    assert len(encoder.given) == MOST_A_MINUTE


def test_nothing_of_an_erased_ticket_is_left() -> None:
    played = play(FakeMeanings())
    assert played.register is not None
    stored = json.loads(played.register.model_dump_json())
    erasure = Erasure("e", MONDAY + timedelta(days=1), tickets=frozenset({"german"}))
    left = ProblemRegister.model_validate(Redactor(b"key", [erasure]).redact(stored))
    meanings = {item.ticket: item.meaning for item in left.problems[0].places}
    assert meanings["german"] == ERASED
    assert ERASED not in (meanings["out-0"], meanings["out-7"])
    # What is left is read as before.
    played.register = left
    played.play([report("more", "more", 4.7, GERMAN, "")])
    assert "more" in played.listed


def test_whoever_is_taken_out_takes_their_meaning_along() -> None:
    played = play(FakeMeanings())
    id, now = played.problems[0].id, MONDAY + timedelta(minutes=5)
    removed = remove_tickets(played.register, id, ["german"], now, played.desk)
    assert "german" not in {item.ticket for item in removed.state.problems[0].places}
    split = split_problem(played.register, id, ["german"], now, played.desk)
    whole, part = split.state.problems
    assert [item.ticket for item in part.places] == ["german"]
    assert "german" not in {item.ticket for item in whole.places}


def test_signs_are_compared_with_what_is_ordinary() -> None:
    centre = add_to(add_to(Centre(), (1, 2, 3, 4, 0, 0, 0, 0)), (3, 2, 1, 0, 0, 0, 0, 0))
    assert centre.tickets == 2
    same, other = place(centre, (3, 3, 1, 1, 0, 0, 0, 0)), place(centre, (1, 3, 3, 1, 0, 0, 0, 0))
    three = [Placed(ticket=str(n), meaning=same) for n in range(3)]
    assert measure(three, same) == 0
    assert measure(three, other) == 2
    assert measure(three[:2], same) == float("inf")
    assert measure(three, "") == measure(three, "[erased]") == float("inf")


@pytest.mark.parametrize(("others", "limit"), [(29, -1.0), (30, 40.0), (1_000, 40.0)])
def test_hardly_a_wrong_one_is_near_enough(others: int, limit: float) -> None:
    distances = [52.0 + n for n in range(others)]
    assert find_limit(distances, 0.05, 384) == limit
    assert find_limit([52.0 + n for n in range(1_000)], 0.2, 384) == 42.0
