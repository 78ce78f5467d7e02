"""Every ticket gets a team, whatever it says, and asked twice the answer is the same."""

from datetime import datetime, timedelta

from desk_contracts.events.tickets import TicketOpened
from desk_triage.changes.snapshot import ContextSnapshot
from desk_triage.routing.assignment import route
from hypothesis import given
from hypothesis import strategies as st

from tests.support.spoken import english
from tests.support.triage_desk import CHARTER
from tests.support.triage_tickets import MEMBERS, SERVICES, moments, tickets

snapshots = st.builds(
    ContextSnapshot,
    load=st.dictionaries(st.sampled_from(MEMBERS), st.integers(0, 40)),
    people=st.dictionaries(
        st.sampled_from([(entry, entry) for entry in SERVICES]), st.integers(0, 50)
    ),
)


@given(ticket=tickets, at=moments, snapshot=snapshots)
def test_every_ticket_gets_a_team_and_a_reason(
    ticket: TicketOpened, at: datetime, snapshot: ContextSnapshot
) -> None:
    result = route("t-1", ticket, at, CHARTER, snapshot)
    team = CHARTER.team(result.team)
    assert result.explanation
    assert all(english(reason) for reason in result.explanation)
    assert result.charter == CHARTER.version
    if result.is_deferred:
        assert result.team == CHARTER.routing.default_team
    else:
        assert result.category
    if result.member:
        assert result.member in {member.id for member in team.members}
    assert route("t-1", ticket, at, CHARTER, snapshot) == result


@given(at=moments, team=st.sampled_from(CHARTER.teams))
def test_the_next_shift_is_the_first_moment_somebody_works(at: datetime, team: "object") -> None:
    chosen = CHARTER.team(getattr(team, "name", ""))
    start = chosen.find_next_shift(at)
    if start is None:
        assert chosen.is_on_shift(at)
        return
    assert start > at
    assert chosen.is_on_shift(start)
    minutes = int((start - at).total_seconds() // 60)
    before = (at + timedelta(minutes=n) for n in range(0, minutes, 7))
    assert not any(chosen.is_on_shift(moment) for moment in before if moment < start)
