"""What is one problem, what joins it, and when it is over."""

from datetime import timedelta

import pytest
from desk_contracts.events.problems import (
    ProblemConfirmed,
    ProblemDetected,
    ProblemEnd,
    ProblemResolved,
    ProblemStatus,
    ProblemUpdated,
)
from desk_contracts.message import verbatim
from desk_triage.problems.decide import end_if_quiet
from desk_triage.problems.joining import MAX_SIGNALS
from desk_triage.problems.opening import MAX_PROBLEMS
from desk_triage.problems.owner import resolve_problem

from tests.support.triage_desk import MONDAY
from tests.support.triage_problems import PlayedRegister, ordinary, outage, report, signal

LATER = MONDAY + timedelta(hours=2)


def test_an_ordinary_day_is_no_problem() -> None:
    played = PlayedRegister().play(ordinary(600))
    assert played.emitted == []


def test_without_a_past_nearly_all_must_report_the_same_service() -> None:
    mixed = sorted([*outage(20), *ordinary(12, until=10, every=0.8)], key=lambda event: event.time)
    assert PlayedRegister().play(mixed).emitted == []
    assert PlayedRegister().play(outage(7)).emitted == []
    played = PlayedRegister().play(outage(20))
    (detected,) = played.of(ProblemDetected)
    assert isinstance(detected.data, ProblemDetected)
    assert detected.data.status is ProblemStatus.PROPOSED
    codes = [reason.code for reason in detected.data.explanation]
    assert codes == ["problem.like-tickets", "problem.no-past"]
    assert len(set(played.listed)) == 20


def test_what_is_unusual_is_proposed_to_the_owner_with_all_who_report_it() -> None:
    played = PlayedRegister().play([*ordinary(), *outage(6)])
    (detected, *_) = played.of(ProblemDetected)
    assert isinstance(detected.data, ProblemDetected)
    assert detected.data.status is ProblemStatus.PROPOSED
    assert (detected.data.service, detected.data.team) == ("vpn", "network")
    assert detected.data.message.code == "problem.maybe"
    assert detected.data.explanation[0].code == "problem.unusual"
    assert sorted(played.listed) == [f"out-{n}" for n in range(6)]


def test_no_service_need_be_named_and_no_language_is_special() -> None:
    texts = (
        "Warteschlange meldet Spooler gestoppt",
        "der Spooler ist gestoppt, Warteschlange leer",
    )
    played = PlayedRegister().play([*ordinary(), *outage(8, texts=texts, service="")])
    (detected,) = played.of(ProblemDetected)
    assert isinstance(detected.data, ProblemDetected)
    assert detected.data.service == ""
    assert detected.data.title.code == "problem.title-unnamed"
    assert detected.data.team == "service-care"
    assert sorted(played.listed) == [f"out-{n}" for n in range(8)]


def test_words_without_blanks_count_as_well() -> None:
    texts = ("打印机无法连接到服务器", "服务器无法连接,打印机停止")
    played = PlayedRegister().play([*ordinary(), *outage(8, texts=texts, service="")])
    assert len(played.of(ProblemDetected)) == 1


def test_one_person_is_no_crowd() -> None:
    same = [report(f"t{n}", "ana", n / 2, "VPN tunnel drops", "vpn") for n in range(30)]
    assert PlayedRegister().play([*ordinary(), *same]).emitted == []


def test_what_says_something_else_does_not_join() -> None:
    others = ordinary(30, until=20, every=0.5, seed=7, name="else")
    both = sorted([*outage(20), *others], key=lambda event: event.time)
    played = PlayedRegister().play([*ordinary(), *both])
    assert len(played.of(ProblemDetected)) == 1
    assert sorted(played.listed) == sorted(f"out-{n}" for n in range(20))


def test_each_ticket_is_listed_once_however_often_it_comes_to_the_desk() -> None:
    played = PlayedRegister().play([*ordinary(), *outage(12)])
    assert len(played.listed) == len(set(played.listed)) == 12
    assert isinstance(played.of(ProblemUpdated)[0].data, ProblemUpdated)


def test_categories_of_one_service_meet_under_one_problem() -> None:
    texts = ("the authenticator code is refused",)
    sides = [*outage(8), *outage(8, begins=4.2, texts=texts, service="vpn", name="mfa")]
    played = PlayedRegister().play([*ordinary(), *sorted(sides, key=lambda event: event.time)])
    assert len(played.of(ProblemDetected)) == 1
    assert len(set(played.listed)) == 16


def test_a_signal_of_the_service_makes_two_people_a_confirmed_problem() -> None:
    played = PlayedRegister().play([*ordinary(), signal(0), *outage(2, begins=1)])
    (detected,) = played.of(ProblemDetected)
    assert isinstance(detected.data, ProblemDetected)
    assert detected.data.status is ProblemStatus.CONFIRMED
    assert detected.data.signals == ("e1",)
    assert detected.data.message.code == "problem.evident"


@pytest.mark.parametrize(("shown", "is_named"), [("crm", False), ("vpn", True), ("wifi", False)])
def test_only_signals_of_its_service_speak_for_a_problem(shown: str, *, is_named: bool) -> None:
    played = PlayedRegister().play([*ordinary(), signal(0, service=shown), *outage(8, begins=1)])
    (detected,) = played.of(ProblemDetected)
    assert isinstance(detected.data, ProblemDetected)
    codes = [reason.code for reason in detected.data.explanation]
    assert ("problem.signal" in codes) is is_named
    assert detected.data.signals == (("e1",) if is_named else ())


def test_a_signal_needs_no_past() -> None:
    played = PlayedRegister().play([signal(0), *outage(5, begins=1)])
    assert len(played.of(ProblemDetected)) == 1
    assert sorted(played.listed) == [f"out-{n}" for n in range(5)]


@pytest.mark.parametrize("before", [0, 1, 5, 8, 12, 20])
def test_without_a_past_all_of_a_service_with_a_signal_are_in_whenever_it_comes(
    before: int,
) -> None:
    other = report("b", "x", -1, "The printer prints only blank pages", "printing")
    texts = (
        "VPN does not connect",
        "I cannot log in to the VPN from home",
        "VPN login fails with an error",
        "Die VPN-Verbindung bricht beim Anmelden ab",
    )
    crowd = outage(20, begins=1, every=0.01, texts=texts)
    shown = signal(1 + before * 0.01)
    played = PlayedRegister().play([other, *crowd[:before], shown, *crowd[before:]])
    assert len(played.of(ProblemDetected)) == 1
    assert sorted(played.listed) == sorted(f"out-{n}" for n in range(20))
    assert played.problems[0].status is ProblemStatus.CONFIRMED


def test_a_signal_confirms_what_was_proposed() -> None:
    played = PlayedRegister().play([*ordinary(), *outage(6), signal(4)])
    (confirmed,) = played.of(ProblemConfirmed)
    assert isinstance(confirmed.data, ProblemConfirmed)
    assert confirmed.data.by == ""
    assert len(confirmed.data.tickets) == 6
    assert played.problems[0].status is ProblemStatus.CONFIRMED


def test_so_many_that_chance_is_out_of_the_question_confirm_it() -> None:
    played = PlayedRegister().play([*ordinary(), *outage(30, every=0.1)])
    (confirmed,) = played.of(ProblemConfirmed)
    assert isinstance(confirmed.data, ProblemConfirmed)
    assert confirmed.data.explanation[0].code == "problem.overwhelming"


def test_it_is_over_when_it_is_reported_no_more_than_usual_and_nothing_is_called_solved() -> None:
    played = PlayedRegister().play([*ordinary(), *outage(6)])
    assert played.register is not None
    played.take(end_if_quiet(played.register, LATER, played.desk))
    (over,) = played.of(ProblemResolved)
    assert isinstance(over.data, ProblemResolved)
    assert over.data.is_solved is False
    assert over.data.resolution.code == "problem.faded"
    assert len(over.data.tickets) == 6
    assert played.problems == ()


def test_while_its_signal_is_open_it_is_not_over_and_after_it_is_solved() -> None:
    played = PlayedRegister().play([*ordinary(), signal(0), *outage(6, begins=1)])
    assert played.register is not None
    played.take(end_if_quiet(played.register, LATER, played.desk))
    assert played.of(ProblemResolved) == []
    assert played.due is None
    played.play([signal(130, is_open=False)])
    assert played.due is not None
    played.take(end_if_quiet(played.register, played.due, played.desk))
    (over,) = played.of(ProblemResolved)
    assert isinstance(over.data, ProblemResolved)
    assert over.data.is_solved is True


def test_where_a_signal_gave_way_to_newer_ones_nothing_shows_that_it_is_solved() -> None:
    """It may be open still; so the problem is no longer reported, and that is all that is so."""
    played = PlayedRegister().play([*ordinary(), signal(0), *outage(6, begins=1)])
    others = [signal(20, episode=f"o{n}", service="mail") for n in range(MAX_SIGNALS)]
    played.play(others)
    assert played.register is not None
    played.take(end_if_quiet(played.register, LATER, played.desk))
    (over,) = played.of(ProblemResolved)
    assert isinstance(over.data, ProblemResolved)
    assert (over.data.end, over.data.cleared) == (ProblemEnd.FADED, ())


def test_a_signal_that_did_not_give_way_shows_that_it_is_solved() -> None:
    played = PlayedRegister().play([*ordinary(), signal(0), *outage(6, begins=1)])
    played.play([signal(20, episode=f"o{n}", service="mail") for n in range(199)])
    played.play([signal(130, is_open=False)])
    assert played.register is not None
    assert played.due is not None
    played.take(end_if_quiet(played.register, played.due, played.desk))
    (over,) = played.of(ProblemResolved)
    assert isinstance(over.data, ProblemResolved)
    assert over.data.is_solved is True


def test_where_nobody_watches_its_signal_any_more_it_ends_but_is_not_solved() -> None:
    played = PlayedRegister().play([*ordinary(), signal(0), *outage(6, begins=1)])
    played.play([signal(130, is_open=False, is_unknown=True)])
    assert played.register is not None
    assert played.due is not None
    played.take(end_if_quiet(played.register, played.due, played.desk))
    (over,) = played.of(ProblemResolved)
    assert isinstance(over.data, ProblemResolved)
    assert (over.data.end, over.data.cleared) == (ProblemEnd.FADED, ())


def test_it_goes_on_while_it_is_reported() -> None:
    played = PlayedRegister().play([*ordinary(), *outage(60, every=1)])
    assert played.of(ProblemResolved) == []
    assert len(set(played.listed)) == 60


def test_what_comes_back_recalls_how_it_was_solved() -> None:
    played = PlayedRegister().play([*ordinary(), *outage(6)])
    problem = played.problems[0].id
    now = MONDAY + timedelta(minutes=5)
    solved = resolve_problem(
        played.register, problem, "eva", "A new certificate.", now, played.desk
    )
    played.take(solved)
    later = ordinary(40, until=180, every=4, seed=3, name="between")
    played.play([*later, *outage(6, begins=181, name="again")])
    again = played.of(ProblemDetected)[-1].data
    assert isinstance(again, ProblemDetected)
    assert again.recalls == problem
    recalls = next(why for why in again.explanation if why.code == "problem.recalls")
    assert recalls.params["resolution"] == verbatim("A new certificate.")


def test_restarts_change_no_decision() -> None:
    events = [*ordinary(400), *outage(15), *ordinary(80, until=60, every=0.5, name="after")]
    once = PlayedRegister().play(events)
    often = PlayedRegister()
    for number, event in enumerate(events):
        if number % 7 == 0:
            often.restart()
        often.play([event])
    assert often.emitted == once.emitted
    assert often.register == once.register


def test_reports_that_find_no_room_for_a_problem_stay_reports() -> None:
    """They were taken from the reports and put nowhere: nothing ever counted them again."""
    played = PlayedRegister().play([*ordinary(), *outage(6)])
    register = played.register
    assert register is not None
    (problem,) = register.problems
    others = {"service": "other", "wording": {}, "first_at": MONDAY - timedelta(days=1)}
    full = tuple(
        problem.model_copy(update={"id": f"full-{number}", **others})
        for number in range(MAX_PROBLEMS)
    )
    played.register = register.model_copy(update={"problems": full})
    texts = ("Badge reader dead at gate", "gate: badge reader dead", "dead badge reader gate")
    played.play(outage(8, begins=10, texts=texts, service="doors", name="gate"))
    assert played.register is not None
    assert len(played.problems) == MAX_PROBLEMS
    tickets = {report.ticket for report in played.register.recent}
    assert {f"gate-{number}" for number in range(8)} <= tickets
