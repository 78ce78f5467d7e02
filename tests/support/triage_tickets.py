"""Any ticket: words of the rules, noise, and services that exist or do not."""

from datetime import UTC, datetime, timedelta

from desk_contracts.events.tickets import Channel, Kind, TicketOpened
from desk_contracts.value_types import Level
from hypothesis import strategies as st

from tests.support.triage_desk import CHARTER

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
    code=st.just("K7M2-Q9PG"),
    kind=st.sampled_from(Kind),
    title=texts,
    description=st.text(max_size=40),
    requester=st.just("ana"),
    channel=st.sampled_from(Channel),
    service=st.sampled_from(["", "no-such", *SERVICES]),
    impact=st.none() | st.sampled_from(Level),
    urgency=st.none() | st.sampled_from(Level),
)
