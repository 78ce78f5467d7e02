"""The judge of routing: what it reads of a file, how it splits, and figures that can be wrong."""

from pathlib import Path

import pytest
from desk_bench.labelled_tickets import Corpus, find_corpora
from desk_bench.routing import (
    Outcome,
    calibration_error,
    macro_f1,
    main,
    measure_coverage,
    split_rows,
)
from desk_triage.learning.evaluation import Attempt

HEADER = "subject,body,queue,answer,priority\n"


def corpus_of(path: Path, text: str) -> Corpus:
    path.write_text(text, encoding="utf-8")
    (corpus,) = find_corpora(path)
    return corpus


def test_only_what_a_ticket_has_when_it_is_opened_is_read(tmp_path: Path) -> None:
    text = HEADER + "No mail,It hangs,mail,Restarted it,P1\nNo net,Gone,net,Plugged in,P2\n"
    first, _ = corpus_of(tmp_path / "tickets.csv", text).rows
    assert (first.title, first.description, first.team) == ("No mail", "It hangs", "mail")
    assert first.stated == {}


def test_of_a_log_the_first_row_says_what_was_stated_and_the_last_who_had_it(
    tmp_path: Path,
) -> None:
    text = (
        "number,opened_at,location,category,assignment_group,closed_at\n"
        "1,16/2/2017 14:17,Oslo,Mail,first,17/2/2017 10:00\n"
        "1,16/2/2017 14:17,Rome,Network,second,17/2/2017 10:00\n"
        "2,15/2/2017 14:17,?,Mail,first,18/2/2017 10:00\n"
    )
    corpus = corpus_of(tmp_path / "log.csv", text)
    assert corpus.is_timed
    earlier, later = corpus.rows
    assert (earlier.ticket, later.ticket) == ("2", "1")
    assert later.stated == {"site": "Oslo", "category": "Mail"}
    assert later.team == "second"
    assert later.finished_at is not None
    assert later.opened_at is not None
    assert later.finished_at > later.opened_at


def many(count: int, *, dates: bool) -> str:
    lines = ["number,opened_at,title,team" if dates else "number,title,team"]
    for number in range(count):
        day = f"2026-{1 + number // 84 % 12:02}-{1 + number // 3 % 28:02} 08:00:00,"
        word = ("mast", "hinge", "ledger")[number % 3]
        title = f"{word} {'abcdefghij'[number // 3 % 10]}{'klmnopqrst'[number // 30 % 10]}"
        lines.append(f"{number},{day if dates else ''}{title},team-{number % 3}")
    return "\n".join(lines)


def test_tickets_with_times_are_split_by_time(tmp_path: Path) -> None:
    split = split_rows(corpus_of(tmp_path / "t.csv", many(900, dates=True)))
    assert split is not None
    training, calibration, evaluation = split
    assert max(item.finished_at for item in training) < min(i.opened_at for i in calibration)
    assert max(item.finished_at for item in calibration) < min(i.opened_at for i in evaluation)


def test_tickets_without_times_are_split_by_their_text_so_twins_stay_together(
    tmp_path: Path,
) -> None:
    split = split_rows(corpus_of(tmp_path / "t.csv", many(900, dates=False)))
    assert split is not None
    texts = [{item.features.words for item in part} for part in split]
    assert not texts[0] & texts[1]
    assert not texts[1] & texts[2]
    assert not texts[0] & texts[2]


def test_too_few_tickets_are_not_judged(tmp_path: Path) -> None:
    assert split_rows(corpus_of(tmp_path / "t.csv", many(299, dates=False))) is None


def attempts(*pairs: tuple[float, bool]) -> list[Attempt]:
    return [
        Attempt("a", share, "a" if is_right else "b", ("a", "c", "d")) for share, is_right in pairs
    ]


def test_the_threshold_of_the_part_before_decides_and_not_the_test_part() -> None:
    held = attempts(*[(0.9, True)] * 60, *[(0.5, False)] * 40)
    tried = attempts(*[(0.95, True)] * 30, *[(0.91, False)] * 10, *[(0.4, True)] * 60)
    coverage = measure_coverage(Outcome("x", tried, held, 0, 0), 0.9)
    assert (coverage.threshold, coverage.decided, coverage.right) == (0.9, 40, 30)
    # Up to the last place where nine in ten of those so far are right: all but nothing.
    assert coverage.possible == 1.0
    never = measure_coverage(Outcome("x", tried, attempts(*[(0.9, False)] * 60), 0, 0), 0.9)
    assert never.decided == 0


def test_figures_by_hand() -> None:
    tried = [
        Attempt("a", 0.8, "a", ("a",)),
        Attempt("a", 0.8, "b", ("a",)),
        Attempt("b", 0.6, "b", ("b",)),
    ]
    # Both teams: one of two named and true, so 2/3 each.
    assert macro_f1(tried) == pytest.approx(2 / 3)
    # |1.6 - 1| of the first two and |0.6 - 1| of the last, over three.
    assert calibration_error(tried) == pytest.approx((0.6 + 0.4) / 3)


def test_it_judges_a_file_and_says_where_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "made.csv").write_text(many(900, dates=False), encoding="utf-8")
    assert main([str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "made: 900 tickets of 3 teams, split by text" in printed
    assert "desk " in printed
    assert "TF-IDF + SVM" in printed
    (tmp_path / "made.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    with pytest.raises(SystemExit):
        main([str(tmp_path / "nowhere")])
