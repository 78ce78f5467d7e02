"""People's yes to exactly one plan: who may give it, who gave it, until when."""

from collections.abc import Collection
from datetime import datetime, timedelta

from desk_contracts.errors import Rejected
from desk_contracts.frozen import Frozen
from desk_contracts.message import message


class PlannedApproval(Frozen):
    """Whose yes a plan needs: of members of a team, or of whoever has a role."""

    team: str
    role: str = ""
    needed: int
    within: timedelta

    def may_answer(self, team: str, roles: Collection[str]) -> bool:
        """Whether somebody of that team with these roles may say yes or no."""
        if self.role:
            return self.role in roles
        return team == self.team and "member" in roles


class Vote(Frozen):
    """What one person said."""

    by: str
    is_approved: bool
    at: datetime
    comment: str = ""


class Approval(Frozen):
    """What was asked of people, and what they said. It stands for one plan and no other."""

    plan: str
    needed: int
    asked_at: datetime
    until: datetime
    votes: tuple[Vote, ...] = ()

    @property
    def given(self) -> int:
        """How many different people said yes."""
        return sum(vote.is_approved for vote in self.votes)

    @property
    def is_granted(self) -> bool:
        """Whether enough said yes, and nobody no."""
        return self.given >= self.needed and all(vote.is_approved for vote in self.votes)


def add_vote(approval: Approval, vote: Vote) -> Approval:
    """With one person's answer; `Rejected` if it comes too late or is their second."""
    if vote.at >= approval.until:
        late = message("approval.too-late", until=approval.until)
        raise Rejected(late, code="approval-expired")
    if any(earlier.by == vote.by for earlier in approval.votes):
        raise Rejected(message("approval.answered-before", by=vote.by), code="answered-before")
    return approval.model_copy(update={"votes": (*approval.votes, vote)})
