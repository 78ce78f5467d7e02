"""How the problem register is stored, and what is read of it."""

import json
from collections import Counter
from collections.abc import Mapping

from desk_contracts.events.problems import ProblemStatus
from desk_platform.store import Documents, Schema

from desk_triage.problems.model import (
    REGISTER,
    ProblemRegister,
    RepeatedFix,
    StoppedRunbook,
    omit_members,
)


def _facets(register: ProblemRegister) -> dict[str, object]:
    """Who is affected stands beside the register: it is a large document, and asked each second."""
    if not (register.problems or register.unreported):
        return {}
    people: Counter[tuple[str, str]] = Counter()
    for problem in register.problems:
        if problem.status is ProblemStatus.CONFIRMED and problem.service:
            people[problem.service, problem.category] += problem.head_count
    affected = [[service, category, count] for (service, category), count in people.items()]
    return {"open": True, "affected": json.dumps(affected)}


# There is one; what else lies there is damaged.
_FEW = 10
REGISTERS = Schema(
    "problems",
    ProblemRegister,
    _facets,
    searched=(("open",),),
    brief=omit_members,
    kept="one",
)
FIXES = Schema(
    "fixes",
    RepeatedFix,
    kept="one for each runbook and target",
)
STOPS = Schema(
    "stops",
    StoppedRunbook,
    kept="two for each runbook",
)


async def count_people(documents: Documents[ProblemRegister]) -> Mapping[tuple[str, str], int]:
    """How many people are in the confirmed problem of each service and category."""
    registers = dict(await documents.find_facets({"open": True}, limit=_FEW))
    affected = json.loads(str(registers.get(REGISTER, {}).get("affected", "[]")))
    return {(service, category): people for service, category, people in affected}


async def read_register(documents: Documents[ProblemRegister]) -> ProblemRegister:
    """The whole register; an empty one before anything was reported."""
    stored = (await documents.load([REGISTER])).get(REGISTER)
    return (stored.read() if stored else None) or ProblemRegister()
