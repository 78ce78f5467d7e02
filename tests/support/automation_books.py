"""Runbooks without a charter, for tests that need a rulebook only."""

from desk_automation.matching.rulebook import Rulebook
from desk_charter.people import Team
from desk_charter.runbooks import Runbook

ALWAYS_THERE = Team(name="workplace", title="Workplace", zone="UTC")


class OneBook(Rulebook):
    """Runbooks without a whole charter around them; a team that always works answers for them."""

    def __init__(self, *runbooks: Runbook, owner: Team = ALWAYS_THERE) -> None:
        self.owner = owner
        self.version = "test"
        self.books = runbooks
        self._compile(runbooks)

    def owner_of(self, runbook: Runbook) -> Team:  # noqa: ARG002
        return self.owner

    def find(self, id: str) -> Runbook | None:
        return next((book for book in self.books if book.id == id), None)
