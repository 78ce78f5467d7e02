"""CEL: what is refused when the charter is loaded, and what is decided about an event."""

import shutil
import time
from pathlib import Path

import pytest
from desk_automation.conditions.cost import MAX_TEXT, MAX_VALUES
from desk_automation.conditions.expression import (
    EVENT_FIELDS,
    Inputs,
    Undecided,
    condition,
    paths_in,
    problems_in,
)
from desk_automation.conditions.types import make_sample, type_problems
from desk_automation.matching.charter import RUNBOOKS
from desk_charter import InvalidCharter, load_charter
from desk_contracts import Payload
from desk_contracts.events.signals import SignalRaised

ROOT = Path(__file__).parents[3]
NAMES: dict[str, type[Payload] | frozenset[str] | None] = {
    "event": EVENT_FIELDS,
    "data": SignalRaised,
}


@pytest.mark.parametrize(
    "text",
    [
        'data.signal == "disk-filling" && "agent_url" in data.attributes',
        'has(data.attributes.agent_url) && data.attributes.agent_url.startsWith("http")',
        'data.explanation.exists(reason, reason.rule == "z")',
        'event.subject.matches("^laptop-.*$") || data.value < 3.0',
        "size(data.title) > 3 && data.expected_at != null",
        'data.title == "data.nothing is only text" // data.neither',
        "size(data) > 0 && event != data",
    ],
)
def test_what_the_event_has_may_be_asked(text: str) -> None:
    assert problems_in(text, NAMES) == []
    assert type_problems(text, NAMES) == []


@pytest.mark.parametrize(
    "text",
    [
        "data.value == 3 && data.value * 2.0 > 4.0",
        "int(data.attributes.days) > 3 || double(data.attributes.share) < 0.5",
        "timestamp(event.time).getHours() > 3",
        'timestamp(data.expected_at) < timestamp("2027-01-01T00:00:00Z")',
        '!(data.signal == "x") && (data.value > 3.0 || !has(data.attributes.a))',
        'data.signal == "a" ? data.is_measured : data.severity == "critical"',
        'data.explanation[0].code == "z" && "a" + data.site in ["ab", "ac"]',
        "data.explanation.all(reason, reason.params.count > 3)",
        "data.attributes == {} || data.amended == []",
        "data.is_measured",
        "true",
    ],
)
def test_types_that_fit_are_no_problem(text: str) -> None:
    assert type_problems(text, NAMES) == []


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('data.value > "high"', 'data.value > "high"'),
        ("data.signal == 5", "data.signal == 5"),
        ('"x" != data.value', '"x" != data.value'),
        ('data.signal == "x" && (data.value > 5.0 || data.title > 3)', "data.title > 3"),
        ("data.is_measured ? data.value > 3.0 : !(data.site < 2)", "data.site < 2"),
        ("data.attributes.days > 3", "data.attributes.days > 3"),
        ("data.value * 2 > 4.0", "data.value * 2 > 4.0"),
        ("size(data.value) > 2", "size(data.value) > 2"),
        ('data.value.contains("x")', 'data.value.contains("x")'),
        ("event.time > timestamp('2026-01-01T00:00:00Z')", "event.time > timestamp"),
        ("data.explanation.exists(reason, reason.code > 3)", "reason.code > 3"),
        ("!data.title", "!data.title"),
        ("data.value > 1.0 && data.title", "data.title"),
    ],
)
def test_what_no_event_could_ever_decide_is_refused_with_its_part(text: str, part: str) -> None:
    assert problems_in(text, NAMES) == []
    [problem] = type_problems(text, NAMES)
    assert part in problem
    assert "do not fit" in problem or "neither true nor false" in problem


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('data.singal == "x"', "'data.singal' is not in this event"),
        ('true || data.nope == "x"', "'data.nope' is not in this event"),
        ("event.kind == 'x'", "'event.kind' is not in this event"),
        ('data.signal.name == "x"', "'data.signal' has no parts"),
        ('signal == "x"', "'signal' is not known; it may speak of data and event"),
        ('near(data.signal, "x")', "'near' is not a function here"),
        ("data.value >", "it cannot be read as CEL"),
    ],
)
def test_a_condition_that_would_never_match_is_refused(text: str, sentence: str) -> None:
    [problem] = problems_in(text, NAMES)
    assert sentence in problem


@pytest.mark.parametrize(
    "text",
    [
        "!(data.nothing)",
        "!data.nothing",
        "-data.nothing > 0",
        "[data.nothing] == []",
        "1 < 2 ? data.nothing : data.title",
        "data.value+data.nothing > 1",
        "has(data.nothing)",
        "data.nothing.deeper.still == 1",
    ],
)
def test_a_wrong_name_is_found_wherever_it_stands(text: str) -> None:
    problems = problems_in(text, NAMES)
    assert [problem.partition(" is not")[0] for problem in problems] == ["'data.nothing'"]


def test_names_of_an_expression_are_found_whole_and_once_where_they_begin() -> None:
    text = '!(a.b) && -c.d.e + [f] == g.h.size() || "i.j" == k // l.m'
    assert list(paths_in(text)) == [("a", "b"), ("c", "d", "e"), ("f",), ("g", "h"), ("k",)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data.value < 5.0", True),
        ("data.value < 5", True),
        ("data.attributes.room == 'x'", False),
        ("data.value + 1 > 3.0", False),
        ("data.signal", False),
    ],
)
def test_what_cannot_be_decided_does_not_hold(text: str, expected: bool) -> None:
    inputs = Inputs({"data": {"signal": "disk-filling", "value": 4.0, "attributes": {}}})
    assert condition(text).holds(inputs) is expected


def changed_charter(folder: Path, old: str, new: str) -> Path:
    charter = folder / "charter"
    shutil.copytree(ROOT / "charter", charter)
    path = charter / "runbooks" / "clean-disk.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return charter


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("when: data.signal ==", "when: data.singal ==", "runbooks.clean-disk.when: 'data.singal'"),
        ("when: data.signal ==", "when: data.value ==", "runbooks.clean-disk.when: the types in"),
        ("at_least: 15", "condition: value > 'x'", "verify.condition: the types in"),
        ("event: desk.signal.raised.v1", "event: desk.ticket.opened.v1", "does not read"),
        ("event: desk.signal.raised.v1", "event: desk.signal.cleared.v1", "does not read"),
        ("target: subject", "target: data.machine", "'data.machine' is not in this event"),
        (
            "kind: act",
            "kind: act\n    if: data.colour == 1",
            "steps.clean.if: 'data.colour' is not",
        ),
        ("device: ${target}", "device: ${steps.clean.id}", "is not served yet"),
        ("expect: run", "expect: ignore", "starts a run, but 'expect: ignore'"),
    ],
)
def test_a_wrong_runbook_is_refused_with_file_and_line(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    charter = changed_charter(tmp_path, old, new)
    with pytest.raises(InvalidCharter) as refused:
        load_charter(charter, [RUNBOOKS])
    [problem] = refused.value.problems
    assert problem.file == "runbooks/clean-disk.yaml"
    assert problem.line > 1
    assert sentence in str(problem)


def test_the_default_charter_is_right() -> None:
    assert load_charter(ROOT / "charter", [RUNBOOKS]).of(RUNBOOKS)


def test_what_stands_in_six_lists_is_looked_at_and_no_deeper() -> None:
    six = list[list[list[list[list[list[int]]]]]]
    assert make_sample(six, ()) == [[[[[[1]]]]]]
    assert make_sample(list[six], ()) == [[[[[[[]]]]]]]


NESTED = "data.explanation.all(a, data.explanation.all(b, data.explanation.all(c, a == b)))"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (NESTED, "stands in another"),
        ("data.explanation.all(a, [1].filter(b, true).size() > 0)", "stands in another"),
        ("data.explanation.map(a, a.rule).size() > 0", "write exists"),
        ("[1].all(a, true) && [1].all(a, true) && [1].all(a, true)", "2 times"),
        (f"[1].all(a, {' && '.join(['a == 1'] * 40)})", "60 words"),
        (f"[{', '.join(['1'] * 200)}].all(a, a > 0)", "100 commas"),
        (f"({' + '.join(['data.explanation'] * 9)}).all(a, a.rule == 'x')", "4 sums"),
        ('data.explanation.exists(a, a.rule.matches("^x"))', "for each item"),
        ("data.title.matches(data.signal)", "text in quotes"),
        ('data.title.matches("a" + "b")', "text in quotes"),
        ('data.title.matches("([a-z]{100}){50}")', "repeats more than 50"),
        ('data.title.matches("[a-z]{1000}")', "repeats more than 50"),
        (f'data.title.matches("{"a" * 300}")', "longer than 200"),
        (" || ".join(['data.title.matches("a")'] * 9), "4 times"),
    ],
)
def test_a_condition_that_could_take_long_is_refused_at_load(text: str, part: str) -> None:
    [problem] = problems_in(text, NAMES)
    assert part in problem
    # A run that was planned before still ends, and soon.
    verdict = condition(text).verdict(Inputs({"data": {}, "event": {}}))
    assert isinstance(verdict, Undecided)


@pytest.mark.parametrize(
    ("last", "following"),
    [
        # From the bracket to the bracket; `&&` and `==` are two marks each.
        (
            f"[true].all(a, !!{' && '.join(['a'] * 19)})",
            f"[true].all(a, {' && '.join(['a'] * 20)})",
        ),
        (f"[{', '.join('1' * 100)}].all(a, a > 0)", f"[{', '.join('1' * 101)}].all(a, a > 0)"),
        (
            f"({' + '.join(['[1]'] * 5)}).all(a, a > 0)",
            f"({' + '.join(['[1]'] * 6)}).all(a, a > 0)",
        ),
        ("'x'.matches('[a-z]{50}')", "'x'.matches('[a-z]{51}')"),
        # The quotes are a part of it.
        (f"'x'.matches('{'a' * 198}')", f"'x'.matches('{'a' * 199}')"),
        (" || ".join(["'x'.matches('a')"] * 4), " || ".join(["'x'.matches('a')"] * 5)),
    ],
)
def test_the_last_that_is_accepted_and_the_next(last: str, following: str) -> None:
    assert problems_in(last, {}) == []
    [problem] = problems_in(following, {})
    assert problem == condition(following).cost_problem


LONG = "x" * (MAX_TEXT - 200)
WORST = [
    "(d.x + d.x + d.x + d.x + d.x).filter(a, a >= 0).filter(a, a >= 0).size() > 0",
    "(d.s + d.s + d.s + d.s + d.s).filter(a, a != '').filter(a, a != '').size() > 0",
    "(d.x + d.x + d.x + d.x + d.x).all(a, " + " && ".join(["!d.t.contains('yx')"] * 5) + ")",
    f"({' + '.join(['d.x'] * 2)}).all(a, size(d.t + d.t + d.t + d.t) > 0)",
    'd.t.matches("(x|y|z){50}y") || d.t.matches("[a-z]{50}y")',
    " || ".join([r"d.t.matches('(x*)*(x+)+\\w{50}y')"] * 4),
]


@pytest.mark.parametrize("text", WORST)
def test_the_worst_that_is_accepted_is_soon_answered(text: str) -> None:
    items = ["x" * 100] * 140
    values = {"d": {"x": list(range(MAX_VALUES - 10)), "t": LONG}}
    if "d.s" in text:
        values = {"d": {"s": items}}
    compiled = condition(text)
    assert compiled.cost_problem is None
    began = time.process_time()
    assert isinstance(compiled.verdict(Inputs(values)), bool)
    took = time.process_time() - began
    # 46 s without a bound; the machine of a test may be five times slower than ours.
    assert took < 2.0, took


@pytest.mark.parametrize(
    ("items", "is_read"),
    [([6] * 298, True), ([6] * 299, False), (["x" * 16_384], True), (["x" * 16_385], False)],
)
def test_three_hundred_values_and_so_many_letters_are_gone_through(
    items: list[object], *, is_read: bool
) -> None:
    """The list and the names that it is one of are two values more."""
    inputs = Inputs({"x": items})
    assert isinstance(condition("x.exists(a, a == 6)").verdict(inputs), bool) is is_read
    assert condition("x != []").holds(inputs)
