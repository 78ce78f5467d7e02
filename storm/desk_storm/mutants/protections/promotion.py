"""Promotion by evidence: no runbook acts in a mode that was not proven, decided and kept."""

from desk_storm.mutants.protection import AUTOMATION, PROPERTY, RUNS, UNIT, Protection

_DECIDE = f"{AUTOMATION}/promotion/decide.py"
_EVIDENCE = f"{AUTOMATION}/promotion/evidence.py"
_TESTS = f"{UNIT}/test_promotion.py"
_LAWS = f"{PROPERTY}/test_promotion.py"

PROTECTIONS: tuple[Protection, ...] = (
    Protection(
        "promotion",
        "a person promotes what nothing speaks for",
        _DECIDE,
        "if missing or not requirements:",
        "if not requirements:",
        f"{_TESTS}::test_nothing_is_promoted_by_silence_or_by_no_data",
    ),
    Protection(
        "promotion",
        "evidence promotes by itself, and a fault that all runs share with it",
        _DECIDE,
        'after = state.model_copy(update={"proposed": supported})',
        'after = state.model_copy(update={"proposed": supported, "mode": supported})',
        f"{_TESTS}::test_evidence_proposes_once_and_changes_nothing_by_itself",
    ),
    Protection(
        "promotion",
        "what only observed acts unasked at once",
        _DECIDE,
        "    if mode != following:",
        '    if mode not in {following, "auto"}:',
        f"{_TESTS}::test_what_only_observes_is_promoted_one_mode_at_a_time",
    ),
    Protection(
        "promotion",
        "three of three counts as a hundred percent",
        _EVIDENCE,
        "low = round(100 * wilson(part, whole, ONE_SIDED_95)[0], 1) if whole else 0.0",
        "low = round(100 * part / whole, 1) if whole else 0.0",
        f"{_LAWS}::test_what_is_proposed_is_proven_by_its_own_numbers",
    ),
    Protection(
        "promotion",
        "a cure that did not last speaks for a runbook",
        _EVIDENCE,
        "lasting = max(0, evidence.healed - evidence.relapsed)",
        "lasting = evidence.healed",
        f"{_TESTS}::test_a_cure_that_did_not_last_does_not_speak_for_it",
    ),
    Protection(
        "promotion",
        "silence counts as a yes, or as nothing",
        _EVIDENCE,
        'return {"denied": 1} if data.reason.code == "approval.silence" else None',
        "return None",
        f"{_TESTS}::test_nothing_is_promoted_by_silence_or_by_no_data",
    ),
    Protection(
        "promotion",
        "a runbook that does harm keeps the mode that it was promoted to",
        _DECIDE,
        "if fault is None:",
        "if fault is None or rules:",
        f"{_TESTS}::test_a_breaker_that_opens_takes_the_promotion_back_and_says_why",
    ),
    Protection(
        "promotion",
        "a team is left with a proposal for which nothing speaks any more",
        _DECIDE,
        "return after, _describe_withdrawal(state, version, missing)",
        "return after, None",
        f"{_TESTS}::test_a_proposal_is_called_back_once_and_made_again_once_it_is_proven_again",
    ),
    Protection(
        "promotion",
        "harm is seen before anybody decided, and the proposal stands",
        _DECIDE,
        "return after, _describe_withdrawal(state, version, (fault,))",
        "return after, None",
        f"{_TESTS}::test_harm_before_anybody_decided_calls_the_proposal_back_and_says_why",
    ),
    Protection(
        "promotion",
        "cures that relapse again and again take no promotion back",
        _EVIDENCE,
        "if 100 * low <= rules.relapsed_percent:",
        "if 100 * low <= 100 + rules.relapsed_percent:",
        f"{_TESTS}::test_cures_that_surely_do_not_last_take_it_back",
    ),
    Protection(
        "promotion",
        "a run that was planned before a demotion acts unasked after it",
        f"{RUNS}/worker/admission.py",
        "if plan.is_promoted and not await is_promoted(plan.runbook, plan.version, plan.mode):",
        "if plan.is_promoted and is_promoted is None:",
        f"{_TESTS}::test_a_run_that_was_to_act_unrequests_does_not_once_that_is_taken_back",
    ),
    Protection(
        "promotion",
        "an edited runbook has the evidence of the one before it",
        f"{AUTOMATION}/promotion/worker.py",
        "declared.promotion is None or version_of(declared) != version:",
        "declared.promotion is None:",
        f"{_TESTS}::test_an_edited_runbook_has_the_mode_of_its_charter_and_no_evidence",
    ),
    Protection(
        "promotion",
        "evidence of the mode before proves the next one",
        _DECIDE,
        "after = PromotionState(mode=mode, by=by, since=now, link=state.link)",
        'after = state.model_copy(update={"mode": mode, "by": by, "proposed": None})',
        f"{_TESTS}::test_once_a_person_says_so_it_acts_unrequests_with_evidence_of_its_own",
    ),
    Protection(
        "promotion",
        "what happened before the harm counts again when it is read late",
        _DECIDE,
        "(state.since and event.time < state.since)",
        "(state.since and event.time < event.time)",
        f"{_TESTS}::test_what_is_older_than_the_harm_counts_no_more",
    ),
    Protection(
        "promotion",
        "a runbook acts beyond the ceiling of its charter",
        f"{AUTOMATION}/promotion/model.py",
        "highest = min(MODES.index(promoted), MODES.index(runbook.promotion.ceiling))",
        "highest = MODES.index(promoted)",
        f"{_TESTS}::test_the_ceiling_and_the_review_date_hold_whatever_was_promoted",
    ),
    Protection(
        "promotion",
        "a runbook that nobody reviewed in time goes on acting",
        f"{AUTOMATION}/promotion/model.py",
        "if promoted is None or runbook.promotion is None or charter != runbook.mode:",
        "if promoted is None or runbook.promotion is None:",
        f"{_TESTS}::test_the_ceiling_and_the_review_date_hold_whatever_was_promoted",
    ),
    Protection(
        "promotion",
        "a destructive runbook may be promoted until it acts unasked",
        "shared/charter/desk_charter/runbook_checks.py",
        'if ceiling == "auto" and runbook.risk == "destructive":',
        'if ceiling == "auto" and runbook.risk == "harmless":',
        "tests/unit/charter/test_breaks_of_the_work.py"
        "::test_a_break_is_told_where_it_is_and_what_to_do",
    ),
)
