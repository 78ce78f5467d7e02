"""Mutants of SLAs and of the verdicts on them."""

from desk_storm.mutants.mutant import Mutant

_TRANSITIONS = "services/metrics/desk_metrics/sla/transitions.py"
_SLAS = "services/metrics/desk_metrics/sla/clocks.py"
_KEPT = "    elif not is_breached:\n        yield Transition(sla.end, TransitionKind.MET)"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "what was broken is met as well",
        "verdict-is-told-once",
        _TRANSITIONS,
        _KEPT,
        _KEPT.replace("elif not is_breached:", "else:"),
        together="E",
    ),
    Mutant(
        "verdicts are told by a clock that is ahead",
        "verdict-is-not-taken-back",
        "services/metrics/desk_metrics/sla/decide.py",
        "at = max(micros(now), state.as_of)",
        "at = max(micros(now) + 8_000_000, state.as_of)",
        together="H",
        also=("at-risk-means-not-done", "page-is-for-a-breached-sla"),
    ),
    Mutant(
        "an SLA is broken a second early",
        "breach-is-not-told-early",
        _TRANSITIONS,
        "    due = sla.due\n",
        "    due = None if sla.due is None else sla.due - 1_000_000\n",
        together="A",
    ),
    Mutant(
        "nobody looks again when the time is over",
        "overdue-is-told",
        _TRANSITIONS,
        "timer = due + TICK if next_risk is None else next_risk",
        "timer = next_risk",
        together="B",
    ),
    Mutant(
        "every fourth ticket has no response target",
        "every-ticket-has-a-response-target",
        _SLAS,
        "if obligation.clock not in book.clocks:",
        "if obligation.clock not in book.clocks or lifecycle.opened // 1000 % 4 == 0:",
        together="I",
    ),
    Mutant(
        "waits move no due moment",
        "due-is-reckoned-right",
        _SLAS,
        "deadline_us(self.start, self.terms.goal, holds)",
        "deadline_us(self.start, self.terms.goal, holds[:0])",
        together="D",
    ),
    Mutant(
        "a warning is told twice",
        "thresholds-are-told-once",
        _TRANSITIONS,
        "risks.append(Transition((at, _BEFORE_FACTS), TransitionKind.AT_RISK, percent))",
        "risks += [Transition((at, _BEFORE_FACTS), TransitionKind.AT_RISK, percent)] * 2",
        together="C",
    ),
    Mutant(
        "an answer is none",
        "broken-means-not-done-in-time",
        "services/metrics/desk_metrics/sla/facts.py",
        "if not data.public or data.automatic or data.role is Role.SYSTEM:",
        "if not data.public or data.automatic or data.role is not Role.EMPLOYEE:",
        together="K",
    ),
    Mutant(
        "what is done is done in time",
        "met-means-done-in-time",
        _TRANSITIONS,
        "limit = now if sla.end is None else sla.end[0]",
        "limit = now if sla.end is None else sla.applies[0]",
        together="F",
    ),
    Mutant(
        "only answers are worth a word",
        "done-in-time-is-told-as-met",
        _TRANSITIONS,
        _KEPT,
        _KEPT.replace("is_breached:", "is_breached and sla.clock is ClockName.RESPONSE:"),
        together="G",
    ),
)
