"""Mutants of tickets: what intake does with calls, requests and what it is told."""

from desk_storm.mutants.mutant import Mutant

_CALLS = "services/intake/desk_intake/tickets/api/calls.py"
_HANDLERS = "services/intake/desk_intake/tickets/store.py"
_LIFE = "services/intake/desk_intake/tickets/lifecycle.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "some tickets are stored and not told",
        "accepted-call-is-one-ticket",
        _CALLS,
        "with_command(command_of(call, context)), recorded.events)",
        'with_command(command_of(call, context)), recorded.events if id < "8" else ())',
        together="K",
    ),
    Mutant(
        "a repeated call is another ticket",
        "one-call-opens-one-ticket",
        _CALLS,
        'derive_id(call.seed, "ticket-of-call")',
        'derive_id(call.seed + str(__import__("time").time_ns()), "ticket-of-call")',
        together="G",
    ),
    Mutant(
        "requests of one requester are one ticket",
        "request-is-one-ticket",
        _HANDLERS,
        "return (request_ticket_id(event.source, event.id),)",
        "return (request_ticket_id(event.source, event.subject),)",
        together="K",
    ),
    Mutant(
        "a request's ticket is named after its requester",
        "requested-ticket-has-a-request",
        _HANDLERS,
        "    id = request_ticket_id(event.source, event.id)\n",
        "    id = request_ticket_id(event.source, event.subject)\n",
        together="L",
    ),
    Mutant(
        "a comment is accepted and forgotten",
        "accepted-action-is-done-once",
        _LIFE,
        "        events.append(TicketResumed(by=actor.id))\n    return events\n",
        "        events.append(TicketResumed(by=actor.id))\n    return events[1:]\n",
        together="D",
    ),
    Mutant(
        "a team that gets a ticket is not told",
        "assigned-team-is-told-once",
        "services/notify/desk_notify/rules/tickets.py",
        "is_new = assigned.team != context.ticket.team",
        "is_new = assigned.team == context.ticket.team",
        together="C",
    ),
    Mutant(
        "what triage says of the team is not heard",
        "ticket-reaches-a-team",
        "services/intake/desk_intake/tickets/inbound.py",
        "return [*triaged, *_assign(ticket, data)]",
        "return triaged",
        together="L",
    ),
    Mutant(
        "a wait without an end is nothing that anybody foresaw",
        "no-call-meets-a-bug",
        _LIFE,
        "if until is not None and until <= now:",
        "if until <= now:",
        together="C",
    ),
    Mutant(
        "some calls are always told to come later",
        "every-call-is-answered",
        "services/intake/desk_intake/tickets/api/calls.py",
        "for _ in range(_MAX_LOOKS):",
        'for _ in range(_MAX_LOOKS if call.seed >= "1" else 0):',
        together="I",
    ),
)
