"""How incident clusters are stored and found."""

from collections.abc import Mapping

from desk_platform.store import Documents, Schema, Unreadable

from desk_triage.problems.model import IncidentCluster, omit_members, split_key

MOST_PROBLEMS = 500


def _facets(cluster: IncidentCluster) -> dict[str, object]:
    """How many people are in it stands beside it: a large problem is a megabyte to read."""
    if (problem := cluster.problem) is not None:
        return {"problem": problem.id, "open": True, "people": len(problem.people)}
    return {"problem": cluster.last_problem} if cluster.last_problem else {}


CLUSTERS = Schema(
    "clusters",
    IncidentCluster,
    _facets,
    searched=(("open",), ("problem",)),
    brief=omit_members,
)


async def count_people(
    documents: Documents[IncidentCluster],
) -> Mapping[tuple[str, str], int]:
    """How many people are in the open problem of each service and category."""
    problems = await documents.find_facets({"open": True}, limit=MOST_PROBLEMS)
    return {split_key(id): await _count(documents, id, facets) for id, facets in problems}


async def _count(
    documents: Documents[IncidentCluster], id: str, facets: Mapping[str, object]
) -> int:
    """From beside the problem; one that was last written before that was kept is read."""
    if isinstance(people := facets.get("people"), int):
        return people
    try:
        stored = (await documents.load([id])).get(id)
    except Unreadable:  # it has no say; the others have
        return 0
    state = stored.state if stored else None
    return len(state.problem.people) if state and state.problem else 0
