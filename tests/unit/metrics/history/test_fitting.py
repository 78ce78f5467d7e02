"""A policy behind made verdicts is found again; noise is not."""

from datetime import UTC, datetime, timedelta
from random import Random

from desk_charter.calendars import Week
from desk_charter.slas import SlaPolicy
from desk_contracts.events.tickets import WaitingFor
from desk_contracts.ids import derive_id
from desk_metrics.history.fitting import Candidate, Verdict, count_minutes, fit, list_calendars
from desk_metrics.history.policies import list_bounds, write_charter
from desk_metrics.sla.worktime import WorkingTime, micros
from ruamel.yaml import YAML

HOUR = 3_600_000_000
MONDAY = micros(datetime(2026, 3, 2, tzinfo=UTC))
CLOCKS = {calendar.title: WorkingTime(calendar) for calendar in list_calendars()}


def verdicts(truth: Candidate, targets: dict[str, int], count: int = 1200) -> list[Verdict]:
    """Tickets of all sorts, judged by the policy that fitting has to find."""
    random = Random(7)  # noqa: S311 (the same tickets each time)
    made = []
    for number in range(count):
        opened = MONDAY + random.randrange(90 * 24 * HOUR)
        waits = opened + random.randrange(1, 40 * HOUR)
        resumes = waits + random.randrange(1, 60 * HOUR)
        resolved = resumes + random.randrange(1, 40 * HOUR)
        closed = resolved + random.randrange(1, 150 * HOUR)
        intervals = ((opened, waits, False), (waits, resumes, True), (resumes, resolved, False))
        priority = random.choice(("P1", "P3"))
        verdict = Verdict(derive_id(str(number), "t"), priority, True, opened, closed, intervals)
        made.append(
            verdict._replace(kept=count_minutes(verdict, truth, CLOCKS) <= targets[priority])
        )
    return made


def test_the_policy_behind_the_verdicts_is_found() -> None:
    truth = Candidate("Mon-Fri 08:00-18:00", False, "resolved")
    fitted = fit(verdicts(truth, {"P1": 8 * 60, "P3": 16 * 60}))
    assert fitted is not None
    assert (fitted.calendar, fitted.counts_waiting, fitted.until) == truth
    assert fitted.agreement_held_out > 0.97
    assert fitted.agreement_held_out > fitted.baseline
    assert abs(fitted.targets["P1"] - 8 * 60) <= 15
    assert abs(fitted.targets["P3"] - 16 * 60) <= 15
    assert fitted.trained_on + fitted.held_out == 1200
    assert sum(map(sum, fitted.fitted_on.values())) == fitted.trained_on
    assert len(fitted.tried) == len(CLOCKS) * 4
    best = "Mon-Fri 08:00-18:00, without waiting, until resolved"
    assert fitted.tried[0] == (best, fitted.agreement_trained)
    assert fitted.writable is None


def test_what_is_fitted_is_written_as_a_charter_reads_it() -> None:
    truth = Candidate("Mon-Fri 08:00-18:00", False, "resolved")
    fitted = fit(verdicts(truth, {"P1": 8 * 60, "P3": 16 * 60}))
    assert fitted is not None
    document = YAML(typ="safe").load(write_charter(fitted))
    (calendar,) = document["calendars"]
    week = Week.model_validate(calendar["week"])
    assert (week.mon, week.sat) == (week.fri, ())
    policies = [SlaPolicy.model_validate(item) for item in document["slas"]]
    assert [policy.when.priorities for policy in policies] == [("P1",), ("P3",)]
    for policy in policies:
        minutes = fitted.targets[str(policy.when.priorities[0])]
        assert policy.target == timedelta(minutes=minutes)
        assert policy.pause_on == tuple(WaitingFor)


def test_a_bound_is_no_target() -> None:
    truth = Candidate("24x7", True, "resolved")
    made = verdicts(truth, {"P1": 100 * 60, "P3": 100 * 60})
    few = [item._replace(kept=True) if item.priority == "P1" else item for item in made]
    fitted = fit(few)
    assert fitted is not None
    text = write_charter(fitted)
    assert "fitted-p3" in text
    assert "fitted-p1" not in text
    assert list_bounds(fitted) == ("P1",)


def test_until_closed_and_waiting_counted() -> None:
    truth = Candidate("24x7", True, "closed")
    fitted = fit(verdicts(truth, {"P1": 80 * 60, "P3": 160 * 60}))
    assert fitted is not None
    assert (fitted.calendar, fitted.counts_waiting, fitted.until) == truth
    assert fitted.tried[0] == ("24x7, with waiting, until closed", fitted.agreement_trained)
    # The desk's clocks end at the resolution, so another one is what can be written down.
    assert fitted.writable is not None
    assert fitted.writable.until == "resolved"
    assert fitted.writable.agreement_held_out < fitted.agreement_held_out


def test_verdicts_without_rhyme_are_not_fitted_better_than_one_word_for_all() -> None:
    truth = Candidate("24x7", True, "closed")
    random = Random(1)  # noqa: S311
    noise = [
        verdict._replace(kept=random.random() < 0.6)
        for verdict in verdicts(truth, {"P1": 1, "P3": 1})
    ]
    fitted = fit(noise)
    assert fitted is not None
    assert fitted.agreement_held_out < fitted.baseline + 0.05


def test_verdicts_of_one_kind_fit_nothing() -> None:
    truth = Candidate("24x7", True, "closed")
    kept = [verdict._replace(kept=True) for verdict in verdicts(truth, {"P1": 1, "P3": 1}, 20)]
    assert fit(kept) is None
    assert fit([]) is None


def test_where_all_of_a_priority_were_broken_the_target_is_the_middle_below_the_quickest() -> None:
    """Of P1 none was kept, and the quickest took ten minutes: any target from 0 to 9 says so."""
    made = [
        Verdict(
            ticket=f"{number * 2:08x}",
            priority=priority,
            kept=kept,
            opened=MONDAY,
            closed=MONDAY + minutes * HOUR // 60,
            intervals=((MONDAY, MONDAY + minutes * HOUR // 60, False),),
        )
        for number, (priority, minutes, kept) in enumerate(
            [("P1", 10 + n, False) for n in range(30)]
            + [("P3", 20, True)] * 30
            + [("P3", 40, False)] * 30
        )
    ]
    odd = [verdict._replace(ticket="00000001") for verdict in made]
    fitted = fit([*made, *odd])
    assert fitted is not None
    assert fitted.calendar == "24x7"
    assert fitted.agreement_held_out == 1
    assert fitted.targets == {"P1": (-1 + 9) // 2, "P3": (20 + 39) // 2}
