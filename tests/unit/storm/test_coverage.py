"""The table says which steps were under way when faults fell, as the outside books tell."""

from dataclasses import replace

import pytest
from desk_storm.books import Act, Books, Fault, HttpCall, Mail
from desk_storm.coverage import STEPS, drawn, never, spans, table
from desk_storm.history import History

from tests.support.storm_stories import at, clean

CALL = "a call waits for its answer"
ACT = "an act is open at its target"


def _of(since: float, until: float | None, *faults: Fault) -> History:
    ended = None if until is None else at(until)
    call = HttpCall(at(since), ended, "k", "ann", "POST", "/v1/tickets", "{}", 201, "{}")
    return History(Books(at(0), at(100), calls=(call,), faults=faults))


@pytest.mark.parametrize(
    ("moment", "is_hit"), [(9, False), (10, True), (15, True), (20, True), (21, False)]
)
def test_a_step_is_hit_by_what_begins_while_it_lasts(moment: float, is_hit: bool) -> None:
    counts = table(_of(10, 20, Fault(at(moment), at(moment + 1), "kill", "intake-1")))
    assert counts == ({(CALL, "kill"): 1} if is_hit else {})


@pytest.mark.parametrize(("kind", "is_hit"), [("freeze", True), ("kill", False)])
def test_a_step_that_begins_while_a_freeze_lasts_is_hit_by_it(kind: str, is_hit: bool) -> None:
    counts = table(_of(10, 20, Fault(at(5), at(12), kind, "intake-1")))
    assert bool(counts) is is_hit


def test_what_was_never_hit_is_told() -> None:
    gaps = never({(CALL, "kill"): 1, (ACT, "freeze"): 2})
    assert f"{CALL}: freeze" in gaps
    assert f"{ACT}: kill" in gaps


def test_two_faults_of_a_kind_hit_a_step_once_and_two_kinds_hit_it_each() -> None:
    kinds = ("kill", "kill", "freeze")
    faults = [Fault(at(12 + number), None, kind, "x") for number, kind in enumerate(kinds)]
    assert table(_of(10, 20, *faults)) == {(CALL, "kill"): 1, (CALL, "freeze"): 1}


def test_what_never_ended_is_left_to_the_laws() -> None:
    assert table(_of(10, None, Fault(at(12), None, "kill", "intake-1"))) == {}


def test_an_act_is_open_until_its_answer_or_break_is_over() -> None:
    act = Act(at(30), "clean", "k", "/clean", True, at(31), "hang", at(40))
    fault = Fault(at(35), None, "freeze", "automation-1")
    books = Books(at(0), at(100), acts=(act,), faults=(fault,))
    assert table(History(books)) == {(ACT, "freeze"): 1}


def test_a_mail_is_under_way_from_its_first_byte_to_the_end_of_the_answer() -> None:
    mail = Mail(at(32), "m", "ann@b", whole=True, answer="250", began_at=at(30), ended_at=at(40))
    faults = (Fault(at(31), None, "kill", "notify-1"), Fault(at(41), None, "freeze", "notify-1"))
    assert table(History(Books(at(0), at(100), mails=(mail,), faults=faults))) == {
        ("a mail is being handed over", "kill"): 1
    }


def test_a_whole_story_hits_steps_inside_the_desk_too() -> None:
    books = clean()
    seconds = [record.arrived_at for record in books.records]
    faults = tuple(Fault(moment, None, "kill", "triage-1") for moment in seconds)
    steps = {step for step, _ in table(History(replace(books, faults=faults)))}
    assert {CALL, "a deadline passes", "a call is not yet a ticket"} <= steps
    assert "an act is answered and nobody is told" in steps


def test_steps_of_a_whole_story_have_rows() -> None:
    assert {step for step, _ in spans(History(clean()))} <= set(STEPS)


def test_the_drawn_table_shows_what_was_hit_and_a_dot_for_none() -> None:
    head, *rows = drawn({(CALL, "kill"): 3, (ACT, "freeze"): 1}).splitlines()
    assert head.split() == ["freeze", "kill"]
    assert [row.split()[-2:] for row in rows if row.startswith((CALL, ACT))] == [
        [".", "3"],
        ["1", "."],
    ]


def test_a_step_that_nothing_hit_has_its_row() -> None:
    rows = drawn({(CALL, "kill"): 3}).splitlines()[1:]
    assert len(rows) == len(STEPS)
    assert sum(row.endswith(".") for row in rows) == len(STEPS) - 1
