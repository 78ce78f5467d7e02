"""How triage's documents are stored, and by what they can be found."""

from desk_shared.store import Schema

from desk_triage.domain.changes import ServiceChanges
from desk_triage.domain.model import Ticket
from desk_triage.domain.problem import Cluster, without_members
from desk_triage.domain.watching import Subject


def _ticket_facets(ticket: Ticket) -> dict[str, object]:
    return {"held": True} if ticket.is_open and ticket.member else {}


def _change_facets(state: ServiceChanges) -> dict[str, object]:
    return {"suspect": True} if state.changes else {}


def _subject_facets(subject: Subject) -> dict[str, object]:
    return {"open": True} if subject.episodes else {}


def _cluster_facets(cluster: Cluster) -> dict[str, object]:
    """How many people are in it stands beside it: a large problem is a megabyte to read."""
    if (problem := cluster.problem) is not None:
        return {"problem": problem.id, "open": True, "people": len(problem.people)}
    return {"problem": cluster.last_problem} if cluster.last_problem else {}


TICKETS = Schema("tickets", Ticket, _ticket_facets, searched=(("held",),))
CHANGES = Schema("changes", ServiceChanges, _change_facets, searched=(("suspect",),))
SUBJECTS = Schema(
    "subjects", Subject, _subject_facets, searched=(("open",),), brief=Subject.only_episodes
)
CLUSTERS = Schema(
    "clusters",
    Cluster,
    _cluster_facets,
    searched=(("open",), ("problem",)),
    brief=without_members,
)
