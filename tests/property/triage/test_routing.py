"""Every ticket gets a team, whatever it says, and asked twice the answer is the same."""

from datetime import UTC, datetime, timedelta

from desk_shared.events.people import Level
from desk_shared.events.tickets import Channel, Kind, TicketOpened
from desk_triage.domain.board import Board
from desk_triage.domain.routing import decide
from desk_triage.domain.shifts import next_on_shift
from hypothesis import given
from hypothesis import strategies as st

from tests.support.spoken import english
from tests.unit.triage.desk import CHARTER

WORDS = sorted({word for rule in CHARTER.routing.rules for word in rule.when.any_words})
SERVICES = [service.name for service in CHARTER.services]
MEMBERS = [member.id for team in CHARTER.teams for member in team.members]
moments = st.integers(0, 366 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
texts = st.lists(st.sampled_from(WORDS) | st.text(max_size=12), min_size=1, max_size=8).map(
    lambda words: (" ".join(words).strip() or "?")[:300]
)
tickets = st.builds(
    TicketOpened,
    code=st.just("K7M2-Q9PC"),
    kind=st.sampled_from(Kind),
    title=texts,
    description=st.text(max_size=40),
    requester=st.just("ana"),
    channel=st.sampled_from(Channel),
    service=st.sampled_from(["", "no-such", *SERVICES]),
    impact=st.none() | st.sampled_from(Level),
    urgency=st.none() | st.sampled_from(Level),
)
boards = st.builds(
    Board,
    load=st.dictionaries(st.sampled_from(MEMBERS), st.integers(0, 40)),
    people=st.dictionaries(st.sampled_from([(one, one) for one in SERVICES]), st.integers(0, 50)),
)


@given(ticket=tickets, at=moments, board=boards)
def test_every_ticket_gets_a_team_and_a_reason(
    ticket: TicketOpened, at: datetime, board: Board
) -> None:
    found = decide("t-1", ticket, at, CHARTER, board)
    team = CHARTER.team(found.team)
    assert found.explanation
    assert all(english(one) for one in found.explanation)
    assert found.charter == CHARTER.version
    if found.is_deferred:
        assert found.team == CHARTER.routing.default_team
    else:
        assert found.category
    if found.member:
        assert found.member in {member.id for member in team.members}
    assert decide("t-1", ticket, at, CHARTER, board) == found


@given(at=moments, team=st.sampled_from(CHARTER.teams))
def test_the_next_shift_is_the_first_moment_somebody_works(at: datetime, team: "object") -> None:
    chosen = CHARTER.team(getattr(team, "name", ""))
    start = next_on_shift(chosen, at)
    if start is None:
        assert chosen.is_on_shift(at)
        return
    assert start > at
    assert chosen.is_on_shift(start)
    minutes = int((start - at).total_seconds() // 60)
    before = (at + timedelta(minutes=n) for n in range(0, minutes, 7))
    assert not any(chosen.is_on_shift(moment) for moment in before if moment < start)
