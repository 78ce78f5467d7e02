"""The numbers that decide about problems, against sums made in another way, and where they turn."""

import math
from collections.abc import Sequence
from datetime import timedelta
from zlib import crc32

import numpy as np
import pytest
from desk_triage.problems.bursts import (
    LEAST_SAID,
    Group,
    began,
    count_report,
    find_threshold,
    is_enough,
    is_ordinary,
    is_overwhelming,
    keys_of,
    require_surprise,
    weigh_all,
)
from desk_triage.problems.members import Members
from desk_triage.problems.model import Problem, Report, Tally
from desk_triage.problems.profile import (
    MOST_TERMS,
    Profile,
    Scales,
    Wording,
    combine,
    count_profile,
    extend,
    resemble,
)
from desk_triage.problems.rates import (
    MOST_HOURS,
    MOST_TICKETS,
    NO_PAST,
    Rates,
    hour_of_week,
    surprise_of,
)
from desk_triage.problems.terms import (
    LONGEST_WORD,
    MOST_READ,
    MOST_WORDS,
    number_key,
    number_terms,
    number_word,
    read_words,
)
from desk_triage.problems.window import Burst, Counted, Window

from tests.support.triage_desk import MONDAY
from tests.support.triage_problems import PlayedRegister, ordinary, outage

_WINDOW = timedelta(minutes=15)
_PAST = NO_PAST.count_in([(number_terms(("printer", "paper"), "print", "jam"), (), 0)] * 200)


def share(count: float, tickets: float = 200) -> float:
    """One of twenty before anything is known, which weighs as much as ten tickets."""
    return (count + 0.5) / (tickets + 10)


def evidence(count: int, tickets: int, past: float) -> float:
    """How much a word says that is in so many of the tickets of a trouble."""
    if count < 2:
        return 0.0
    sure = max(0.5, count - count**0.5)
    says = math.log(sure / tickets / share(past))
    return 0.0 if says < 0.7 else min(6.0, says)


def write(ticket: str = "t", minutes: float = 0, *words: str, service: str = "") -> Report:
    at = MONDAY + timedelta(minutes=minutes)
    return Report(ticket=ticket, person=ticket, at=at, counted_at=at, words=words, service=service)


def make_problem(**more: object) -> Problem:
    played = PlayedRegister().play([*ordinary(60), *outage(6)])
    return played.problems[0].model_copy(update=more)


def test_words_are_read_up_to_their_bounds() -> None:
    assert read_words("a" * (LONGEST_WORD + 1), "") == ("a" * LONGEST_WORD,)
    many = [f"w{number:03}" for number in range(MOST_WORDS + 1)]
    assert read_words(" ".join(many[:3]), " ".join(many)) == tuple(many[:MOST_WORDS])
    late = "x " * (MOST_READ // 2)
    assert read_words(f"{late}late", f"{late[:-4]}ab late") == ("ab",)
    assert (LONGEST_WORD, MOST_WORDS, MOST_READ) == (24, 40, 2_000)


def test_terms_are_the_words_their_fours_service_and_category() -> None:
    assert number_word("vpns") == (crc32(b"vpns"), ())
    fives = tuple(sorted((crc32(b"~abcd"), crc32(b"~bcde"))))
    assert number_word("abcde") == (crc32(b"abcde"), fives)
    assert number_key("service", "vpn") == crc32(b"\0service\0vpn")
    keys = {crc32(b"\0service\0vpn"), crc32(b"\0category\0vpn/access")}
    assert number_terms(["vpns", "abcde"], "vpn", "access") == {
        crc32(b"vpns"), crc32(b"abcde"), *fives, *keys,
    }  # fmt: skip
    assert number_terms(["vpns"], "", "access") == {crc32(b"vpns")}
    ticket = write("t", 0, "vpns", service="vpn").model_copy(update={"category": "access"})
    assert set(keys_of(ticket)) == keys
    assert keys_of(write("t", 0, "vpns")) == ()


def test_who_reported_already_is_counted_without_terms() -> None:
    ticket = write("t", 3, "vpns")
    assert count_report(ticket) == Counted(ticket.at, "t", frozenset({crc32(b"vpns")}))
    again = ticket.model_copy(update={"is_repeated": True})
    assert count_report(again) == Counted(ticket.at, "t", frozenset())


@pytest.mark.parametrize(("tickets", "a_day"), [(0, 1), (1, 96), (20, 1920)])
def test_what_is_needed_grows_with_the_load(tickets: int, a_day: float) -> None:
    assert require_surprise(tickets, _WINDOW) == pytest.approx(math.log10(a_day * 30) + 2.6)


def test_a_rare_word_is_taken_to_be_in_one_ticket_of_twenty_first() -> None:
    assert NO_PAST.share(1) == pytest.approx(0.05)
    printer = crc32(b"printer")
    assert _PAST.share(printer) == pytest.approx(share(200))
    assert _PAST.share(1) == pytest.approx(share(0))
    assert Rates(200, 3, {}, {}).share(1) == pytest.approx(share(3))


def test_the_same_hour_counts_as_much_as_all_others_from_fifty_tickets_on() -> None:
    key, other = 7, 8
    rates = NO_PAST.count_in(
        [(frozenset({key}), (key,), 5)] * 30 + [(frozenset({other}), (other,), 5)] * 20
        + [(frozenset({key}), (key,), 9)] * 150
    )  # fmt: skip
    general, familiar = share(180), 180.5
    mixed = (30 + 50 * general) / (50 + 50)
    assert rates.surprise(key, 30, 20, 5) == pytest.approx(
        surprise_of(30, 20 * mixed, min(familiar, 30 + 50 * mixed))
    )
    assert rates.surprise(key, 30, 20, 6) == pytest.approx(surprise_of(30, 20 * general, familiar))
    few = NO_PAST.count_in([(frozenset({key}), (key,), 5)] * 4)
    mixed = (4 + 50 * share(4, 4)) / (4 + 50)
    assert few.surprise(key, 9, 6, 5) == pytest.approx(surprise_of(9, 6 * mixed, 4.5))


def test_half_of_the_past_is_forgotten_when_it_is_long() -> None:
    before = Rates(MOST_TICKETS - 1, 4.0, {1: 10.0}, {})
    kept = before.count_in([(frozenset({1}), (), 0)])
    assert (kept.tickets, kept.floor, kept.count(1)) == (MOST_TICKETS, 4.0, 11.0)
    hour = next(iter(kept._hours.values()))
    halved = kept.count_in([(frozenset({2}), (), 0)])
    assert (halved.tickets, halved.floor) == ((MOST_TICKETS + 1) / 2, 2.0)
    assert (halved.count(1), halved.count(2)) == (5.5, 2.5)
    assert next(iter(halved._hours.values())) == (hour + 1) / 2


def test_of_too_many_hours_three_quarters_are_kept_the_most_frequent() -> None:
    keys = range(1, MOST_HOURS + 1)
    often = keys[: MOST_HOURS * 3 // 4 - 1]
    rates = NO_PAST.count_in([(frozenset(), keys[:-1], 3), (frozenset(), often, 3)])
    assert len(rates._hours) == MOST_HOURS
    rates = rates.count_in([(frozenset(), keys[-1:], 3)])
    assert len(rates._hours) == MOST_HOURS * 3 // 4
    assert sorted(rates._hours.values()) == [2.0] * len(often) + [3.0]


@pytest.mark.parametrize("day", range(7))
def test_each_hour_of_the_week_has_its_number(day: int) -> None:
    midnight = MONDAY.replace(hour=0) + timedelta(days=day)
    assert [hour_of_week(midnight + timedelta(hours=hour)) for hour in (0, 23)] == [
        day * 24, day * 24 + 23,
    ]  # fmt: skip


def test_a_ticket_weighs_what_its_words_say_each_less_than_the_one_before() -> None:
    words = tuple(f"w{number}" for number in range(10))
    trouble = [Wording(words[: 10 - number], "vpn", "access") for number in range(9)]
    scales = Scales(count_profile(trouble), _PAST)
    says = sorted((evidence(9 - max(0, n - 1), 9, 0) for n in range(10)), reverse=True)
    of_service = evidence(9, 9, 0)
    weighed = sorted([*says, of_service], reverse=True)[:8]
    whole = sum(value * 0.75**place for place, value in enumerate(weighed))
    assert scales.weigh(trouble[0]) == pytest.approx(whole)
    assert scales.weigh(Wording((), "vpn", "other")) == pytest.approx(of_service)
    assert scales.weigh(Wording(("w9",), "", "")) == 0.0, "in one ticket, by chance"


@pytest.mark.parametrize("count", [2, 3, 40, 400])
def test_a_word_says_how_much_more_often_it_is_here_than_in_the_past(count: int) -> None:
    half = [Wording(("vpns",), "", "")] * count + [Wording((), "", "")] * (2 * count)
    familiar = NO_PAST.count_in(
        [(number_terms(("vpns",), "", ""), (), 0)] * 20 + [(frozenset(), (), 0)] * 180
    )
    for rates, past in ((_PAST, 0), (familiar, 20)):
        weight = Scales(count_profile(half), rates).weigh(Wording(("vpns",), "", ""))
        assert weight == pytest.approx(evidence(count, 3 * count, past))


def test_most_of_its_fours_stand_for_a_word_that_is_written_otherwise() -> None:
    profile = count_profile([Wording(("abcdefgh",), "", "")] * 4)
    scales, says = Scales(profile, _PAST), evidence(4, 4, 0)
    # Of the five fours of `abcdefgX` four are known: 0.8 of its evidence, times 0.8.
    assert scales.weigh(Wording(("abcdefgX",), "", "")) == pytest.approx(0.8 * 4 * says / 5)
    assert scales.weigh(Wording(("abcdefXY",), "", "")) == pytest.approx(0.8 * 3 * says / 5)
    assert scales.weigh(Wording(("abcdeXYZ",), "", "")) == 0.0


def test_two_troubles_resemble_each_other_as_the_cosine_of_what_they_say() -> None:
    """The last term is hardly more frequent than usual, and says so much."""
    first = Profile(4, {1: 4, 2: 3, 3: 1, 4: 2, 6: 3})
    second = Profile(5, {1: 5, 2: 2, 5: 4, 3: 2, 6: 3})
    past = Rates(200, 0, {2: 20, 4: 195, 6: 100}, {})

    def vector(profile: Profile) -> list[float]:
        values = []
        for term in range(1, 7):
            count = profile.counts.get(term, 0)
            part, general = count / profile.tickets, past.share(term)
            says = count > 1 and part > general
            values.append(part * math.log(part / general) if says else 0.0)
        return values

    ours, theirs = np.array(vector(first)), np.array(vector(second))
    cosine = ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs)
    assert resemble(first, second, past) == pytest.approx(cosine)
    assert resemble(first, first, past) == pytest.approx(1)
    assert resemble(first, Profile(1, {}), past) == 0.0


def test_profiles_keep_the_most_frequent_terms() -> None:
    words = tuple(f"w{number}" for number in range(MOST_TERMS + 2))
    rare = count_profile([Wording(words, "", ""), Wording(words[:2], "", "")])
    assert (rare.tickets, len(rare.counts)) == (2, MOST_TERMS)
    assert [rare.counts[number_word(word).id] for word in words[:2]] == [2, 2]
    least = sorted(number_word(word).id for word in words[2:])
    assert set(rare.counts) == {*least[: MOST_TERMS - 2], *(number_word(w).id for w in words[:2])}
    longer = extend(Profile(2, {crc32(b"vpns"): 2}), Wording(("vpns", "down"), "", ""))
    assert longer == Profile(3, {crc32(b"vpns"): 3, crc32(b"down"): 1})
    assert combine(longer, longer) == Profile(6, {crc32(b"vpns"): 6, crc32(b"down"): 2})


@pytest.mark.parametrize(
    ("weights", "part", "enough"),
    [
        ([9.0] * 29, 0.5, 6.0),
        ([9.0] * 30, 0.0, 9.1),
        ([2.0] * 30, 0.0, LEAST_SAID),
        ([2.8] * 30, 0.0, LEAST_SAID),
        ([2.95] * 30, 0.0, 3.05),
        # One of a hundred that join may be wrong: of 200 tickets one, two, and 18 at the most.
        ([float(300 - place) for place in range(200)], 0.3, 300.1),
        ([float(300 - place) for place in range(200)], 0.34, 299.1),
        ([float(300 - place) for place in range(200)], 0.51, 298.1),
        ([float(300 - place) for place in range(200)], 0.9, 282.1),
        ([float(300 - place) for place in range(200)], 1.0, 282.1),
    ],
)
def test_so_few_of_the_others_weigh_as_much(
    weights: Sequence[float], part: float, enough: float
) -> None:
    assert find_threshold(weights, part) == pytest.approx(enough)


@pytest.mark.parametrize(
    ("beyond", "third", "by_chance", "is_problem"),
    [
        (1.0, 6.0, 0.0, True),
        (0.99, 6.0, 0.0, False),
        (0.0, 10.1, 6.1, True),
        (-0.01, 10.1, 6.1, False),
        (-0.25, 11.1, 6.1, True),
        (-0.26, 11.1, 6.1, False),
        (-2.0, 99.0, 6.1, True),
        (-2.01, 99.0, 6.1, False),
        (0.49, 6.1, 9.0, False),
        (0.5, 6.1, 9.0, True),
    ],
)
def test_a_count_and_what_its_people_say_are_weighed_together(
    beyond: float, third: float, by_chance: float, *, is_problem: bool
) -> None:
    group = Group(Burst(1, MONDAY, 9.0, beyond), [], Profile(0, {}), 3.0, third, by_chance)
    assert is_enough(group) is is_problem


def test_ten_people_and_ten_orders_of_magnitude_are_out_of_the_question() -> None:
    problem = make_problem()
    crowd = Members((f"t{number}", f"p{number}") for number in range(10))
    tally = Tally(since=MONDAY, joined=6, joined_before=4, seen=8, seen_before=9)
    many = problem.model_copy(update={"members": crowd, "tally": tally})
    rates = Rates(10_000, 0, {}, {})
    surprise = rates.surprise(problem.seed, 10, 17, hour_of_week(MONDAY))
    assert is_overwhelming(many, rates, MONDAY, surprise - 10)
    assert not is_overwhelming(many, rates, MONDAY, surprise - 9.99)
    nine = many.model_copy(update={"members": Members([*crowd][:9])})
    assert not is_overwhelming(nine, rates, MONDAY, -99.0)
    # Fewer cannot have been seen than joined.
    alone = many.model_copy(update={"tally": Tally(since=MONDAY, joined=10, seen=2)})
    surprise = rates.surprise(problem.seed, 10, 10, hour_of_week(MONDAY))
    assert is_overwhelming(alone, rates, MONDAY, surprise - 10)
    assert not is_overwhelming(alone, rates, MONDAY, surprise - 9.99)


@pytest.mark.parametrize(("joined", "seen"), [(1, 10), (2, 30), (3, 12), (4, 200), (5, 5), (9, 40)])
@pytest.mark.parametrize("alike", [0, 1, 5])
def test_it_is_ordinary_again_when_as_many_join_as_would_by_chance(
    joined: int, seen: int, alike: int
) -> None:
    tally = Tally(since=MONDAY, joined=joined, seen=seen)
    problem = make_problem(enough=5.0, tally=tally)
    mean = max(seen, joined) * (alike + 0.5) / 100
    expected = surprise_of(joined, mean, alike + 0.5) < 1.3
    assert is_ordinary(problem, alike, 99) is expected


def test_it_began_a_third_of_the_window_before_its_first_report() -> None:
    assert began(MONDAY, _WINDOW) == MONDAY - timedelta(minutes=5)


def test_tickets_are_weighed_the_heaviest_first() -> None:
    scales = Scales(count_profile([Wording(("vpns", "down"), "", "")] * 4), _PAST)
    light, heavy = write("a", 0, "vpns"), write("b", 0, "vpns", "down")
    both = [scales.weigh(heavy.wording), scales.weigh(light.wording)]
    assert weigh_all(scales, [light, heavy]) == both
    assert both[0] > both[1]


@pytest.mark.parametrize(("needed", "count"), [(3.0, 1), (None, 1), (None, 0)])
def test_a_burst_may_lack_two_orders_of_magnitude(needed: float | None, count: int) -> None:
    rates, term = Rates(1_000, 0, {}, {}), 1
    window = Window(_WINDOW)
    tickets = [
        Counted(MONDAY + timedelta(minutes=number), f"p{number}", frozenset({term}))
        for number in range(4)
    ]
    for ticket in tickets:
        window.add(ticket)
    surprise = rates.surprise(term, 4, 4, hour_of_week(tickets[-1].at))
    limit = needed or (surprise + 2 if count else surprise + 2.01)
    bursts = [
        burst for burst in window.find_bursts(tickets[-1], rates, limit)
        if burst.since == tickets[-1].at - _WINDOW
    ]  # fmt: skip
    assert bursts == [
        Burst(term, tickets[-1].at - _WINDOW, surprise, surprise - limit)
    ] * count  # fmt: skip


@pytest.mark.parametrize(("count", "past", "is_burst"), [(2, 0, False), (3, 0, True), (5, 1, True)])
def test_fewer_than_three_are_no_burst(count: int, past: int, *, is_burst: bool) -> None:
    rates, window, term = Rates(1_000, past, {}, {}), Window(_WINDOW), 1
    ticket = Counted(MONDAY, "p", frozenset({term}))
    for _ in range(count):
        window.add(ticket)
    assert bool(list(window.find_bursts(ticket, rates, 0.0))) is is_burst


@pytest.mark.parametrize(("count", "is_burst"), [(11, False), (12, True)])
def test_less_than_two_and_a_half_times_the_mean_is_no_outage(
    count: int, *, is_burst: bool
) -> None:
    """Of twenty tickets a fifth has it usually: four; two and a half times that, and two more."""
    rates, window, term = Rates(990, 199.5, {}, {}), Window(_WINDOW), 1
    assert rates.share(term) == pytest.approx(0.2)
    for number in range(20):
        window.add(Counted(MONDAY, f"p{number}", frozenset({term if number < count else 2})))
    ticket = Counted(MONDAY, "p", frozenset({term}))
    assert bool(list(window.find_bursts(ticket, rates, 0.0))) is is_burst


def test_who_left_the_window_may_report_again() -> None:
    window = Window(_WINDOW)
    for minutes in (0, 1, 15, 15.1):
        window.add(Counted(MONDAY + timedelta(minutes=minutes), f"p{minutes % 1}", frozenset({1})))
        assert window.has("p0")
    assert window.tickets == 3, "what is as old as the window is still in it"
    window.add(Counted(MONDAY + timedelta(minutes=31), "q", frozenset()))
    assert not window.has("p0")
    assert window.tickets == 0, "who is counted already adds none"
