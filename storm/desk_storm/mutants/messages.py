"""Mutants of messages to people and teams, and of their mails."""

from desk_storm.mutants.mutant import Mutant

_DELIVERIES = "services/notify/desk_notify/deliveries/decide.py"
_MESSAGES = "services/notify/desk_notify/rendering/notice.py"
_TICKET_RULES = "services/notify/desk_notify/rules/tickets.py"
_SENT = "state=DeliveryState.SENT, next_at=None,"
_LATER = (
    "state=DeliveryState.UNKNOWN if outcome.is_unknown else undelivered,\n"
    "        next_at=None if is_last"
)

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "a mail that was taken is sent again",
        "mail-is-taken-once",
        _DELIVERIES,
        _SENT,
        "state=DeliveryState.SENT, next_at=now if before.attempts < 2 else None,",
        together="A",
    ),
    Mutant(
        "a broken line is a yes",
        "sent-means-taken-whole",
        _DELIVERIES,
        _LATER,
        _LATER.replace("UNKNOWN", "SENT").replace("if is_last", "if outcome.is_unknown"),
        together="B",
    ),
    Mutant(
        "a broken line is a no",
        "taken-whole-is-not-failed",
        _DELIVERIES,
        _LATER,
        _LATER.replace("UNKNOWN", "FAILED").replace("if is_last", "if outcome.is_unknown"),
        together="C",
    ),
    Mutant(
        "what was taken at the second try is unknown",
        "unknown-means-the-line-broke",
        _DELIVERIES,
        _SENT,
        "state=DeliveryState.UNKNOWN if before.attempts > 1 else DeliveryState.SENT, next_at=None,",
        together="D",
    ),
    Mutant(
        "a mail has another name than its delivery",
        "mail-has-a-delivery",
        _DELIVERIES,
        "return derive_id(dispatch.message, channel)",
        'return derive_id(dispatch.message, "mail")',
        together="E",
    ),
    Mutant(
        "what has come is told as solved",
        "message-has-a-cause",
        _MESSAGES,
        "Rule.RECEIVED: MessageKind.TICKET_RECEIVED,",
        "Rule.RECEIVED: MessageKind.TICKET_RESOLVED,",
        together="E",
    ),
    Mutant(
        "a team is told twice",
        "message-is-said-once",
        _TICKET_RULES,
        "return context.update(deferred=DeferredNotice(**origin_of(context.cause))), messages\n",
        "return context.update(deferred=DeferredNotice(**origin_of(context.cause))), messages"
        " + context.to_team(Rule.TEAM_ASSIGNED_IN_PROBLEM, explanation=explanation)\n",
        together="F",
    ),
    Mutant(
        "nobody is paged",
        "breached-sla-pages-its-team",
        _TICKET_RULES,
        "return context, theirs.to_team("
        "Rule.TEAM_BREACHED, moments, urgent=True, clock=fact.clock)",
        "return context, ()",
        together="B",
    ),
    # Nothing is corrected in a calm storm but for the mutant of its group that makes it needed.
    Mutant(
        "what was wrong is not corrected",
        "correction-reaches-who-was-told",
        _TICKET_RULES,
        "    if not fact.untrue:\n",
        "    if fact.untrue:\n",
        together="H",
    ),
)
