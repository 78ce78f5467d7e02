"""Mutants of what all services share, and of what a service writes on its topics."""

from desk_storm.mutants.mutant import Mutant

_RECORD = "services/intake/desk_intake/tickets/record.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "intake speaks in another's name",
        "one-writer",
        _RECORD,
        "source=SOURCE,",
        'source="/desk/triage",',
    ),
    Mutant(
        "a subject goes where there is room",
        "one-partition-per-key",
        "shared/platform/desk_platform/kafka/producer.py",
        "    return every[partition_number(key, len(every))]\n",
        "    return every[partition_number(key, len(every)) - random.choice((0, 1))]\n",
    ),
    Mutant(
        "the end of a step has the id of its beginning",
        "an-id-says-one-thing",
        "services/automation/desk_automation/runs/events.py",
        'f"step/{place}/{entry.status}"',
        'f"step/{place}"',
        together="F",
    ),
    Mutant(
        "a number is left out",
        "numbers-without-a-gap",
        _RECORD,
        "number_event(event, sequence + ordinal + 1)",
        "number_event(event, sequence + ordinal + 1 + (sequence == 4))",
        together="A",
    ),
    Mutant(
        "what was decided together is told from its end",
        "numbers-in-order",
        _RECORD,
        "return Decision(ticket, tuple(events))",
        "return Decision(ticket, tuple(events[::-1]))",
        together="B",
    ),
    Mutant(
        "every wait is taken to have an end",
        "no-dead-letters",
        "services/notify/desk_notify/rules/tickets.py",
        '{"until": paused.until}',
        '{"until": paused.until.astimezone()}',
        together="E",
    ),
    Mutant(
        "a loop that fails ends its service",
        "no-service-ends-by-itself",
        "shared/platform/desk_platform/supervision.py",
        "            failures += 1\n",
        "            raise SystemExit(1) from error\n",
        weather=("--faults", "4", "--backend", "h2"),
    ),
    Mutant(
        "a store that is as new as the brokers is too old",
        "who-is-started-is-ready-again",
        "shared/platform/desk_platform/kafka/agreement.py",
        "if mark.milestone > stored.get(group, 0)",
        "if mark.milestone >= max(1, stored.get(group, 0))",
        weather=("--faults", "1", "--backend", "h2"),
    ),
    Mutant(
        "what was read last is never committed",
        "desk-comes-to-rest",
        "shared/platform/desk_platform/kafka/commits.py",
        "offset + 1 for partition",
        "offset for partition",
    ),
)
