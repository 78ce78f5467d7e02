"""Which team takes a ticket, and that it can say why."""

import math
from datetime import UTC, datetime

import pytest
from desk_charter import Charter
from desk_contracts.events.tickets import Kind, TicketOpened
from desk_contracts.message import WRITTEN
from desk_contracts.value_types import Level, Priority
from desk_triage.changes.decide import follow
from desk_triage.changes.model import Change
from desk_triage.changes.snapshot import EMPTY, ContextSnapshot
from desk_triage.routing.assignment import route
from desk_triage.routing.model import Routing

from tests.support.spoken import english
from tests.support.triage_desk import CHARTER, MONDAY, at, change_started, opened

SUNDAY_NIGHT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
SATURDAY_NIGHT = datetime(2026, 3, 7, 23, 0, tzinfo=UTC)


def decided(
    title: str,
    *,
    when: datetime = MONDAY,
    snapshot: ContextSnapshot = EMPTY,
    charter: Charter = CHARTER,
    **more: object,
) -> Routing:
    event = opened(title, **more)  # type: ignore[arg-type]
    assert isinstance(event.data, TicketOpened)
    return route(event.subject, event.data, when, charter, snapshot)


def texts(decision: Routing) -> str:
    return "\n".join(map(english, decision.explanation))


@pytest.mark.parametrize(
    ("title", "team", "category", "service"),
    [
        ("VPN-Verbindung bricht ab", "network", "vpn", "vpn"),
        ("Ich habe mein Kennwort vergessen", "identity", "password", "identity"),
        ("Der Drucker im dritten Stock druckt nicht", "print-and-rooms", "printing", "printing"),
        ("My laptop was stolen on the train", "workplace", "security", "laptop"),
        ("Festplatte voll", "workplace", "disk", "laptop"),
        ("Phishing mail about my password", "identity", "security", "identity"),
        ("vpn\u200b-Ver\u00adbindung bricht ab", "network", "vpn", "vpn"),
        ("\uff36\uff30\uff2e が繋がらない", "network", "vpn", "vpn"),
        ("Der Dru\u00adcker druckt nicht", "print-and-rooms", "printing", "printing"),
    ],
)
def test_rules_decide_in_their_order(title: str, team: str, category: str, service: str) -> None:
    result = decided(title)
    assert (result.team, result.category, result.service) == (team, category, service)
    assert result.charter == CHARTER.version
    assert result.explanation[0].code == WRITTEN
    assert result.rule


def test_a_named_service_goes_to_its_owner() -> None:
    result = decided("It does nothing", service="crm")
    assert (result.team, result.category, result.rule) == ("business-apps", "crm", "")
    assert "Business applications answers for Customer records." in texts(result)


@pytest.mark.parametrize("written", ["CRM", " crm ", "Customer Records", "customer\u00ad records"])
def test_a_service_is_known_by_its_name_or_title_however_it_was_typed(written: str) -> None:
    result = decided("It does nothing", service=written)
    assert (result.team, result.service) == ("business-apps", "crm")


def test_a_rule_that_agrees_with_the_named_service_comes_before_one_that_does_not() -> None:
    result = decided("The printer shows offline", service="printing")
    assert result.service == "printing"


def test_words_win_where_no_rule_agrees_with_the_named_service_and_it_says_so() -> None:
    result = decided("The VPN does not connect", service="laptop")
    assert result.team == "network"
    assert "It names Laptops and desktops, but its words tell of Remote access (VPN)." in texts(
        result
    )


def test_a_rule_that_names_its_team_is_never_passed_over() -> None:
    assert decided("phishing on the printer", service="printing").team == "identity"


def test_words_of_one_service_are_enough() -> None:
    result = decided("The old wiki shows nothing")
    assert (result.service, result.team) == ("old-intranet", "service-care")


def test_what_nobody_can_tell_is_left_to_a_person_of_the_default_team() -> None:
    result = decided("Hilfe!!!", service="no-such-service")
    assert result.is_deferred
    assert result.team == CHARTER.routing.default_team
    assert "“no-such-service” is not in the charter" in texts(result)


def charter_of_kernel(*able: str) -> Charter:
    """A rule that asks for a skill which only these teams have, and nothing else."""
    rule = CHARTER.routing.rules[0].model_copy(
        update={
            "id": "linux",
            "when": CHARTER.routing.rules[0].when.model_copy(update={"any_words": ("kernel",)}),
            "then": CHARTER.routing.rules[0].then.model_copy(
                update={"service": None, "team": None, "skills": ("linux",), "category": "linux"}
            ),
        }
    )
    routing = CHARTER.routing.model_copy(update={"rules": (rule,)})
    teams = tuple(
        team.model_copy(update={"skills": (*team.skills, "linux")}) if team.name in able else team
        for team in CHARTER.teams
    )
    return CHARTER.model_copy(update={"routing": routing, "teams": teams})


def test_skills_find_a_team_where_no_service_is_known() -> None:
    result = decided("The kernel panics", charter=charter_of_kernel())
    assert (result.team, result.member) == ("workplace", "workplace-3")
    assert "Workplace has 0 open tickets; its limit is 15." in texts(result)


def test_teams_that_can_do_it_take_turns_by_their_room() -> None:
    charter = charter_of_kernel("network")
    teams = [decided("The kernel panics", charter=charter).team for _ in range(200)]
    assert 60 < teams.count("network") < 140
    busy = ContextSnapshot(load={"network-1": 9})
    teams = [decided("The kernel panics", charter=charter, snapshot=busy).team for _ in range(200)]
    assert teams.count("network") < 50


@pytest.mark.parametrize(("load", "share"), [(0, 2 / 5), (1, 1 / 4), (3, 1 / 7), (7, 1 / 13)])
def test_half_the_burden_is_drawn_twice_as_often(load: int, share: float) -> None:
    """With the ticket: `load + 1` of the ten that are its limit, beside one of fifteen."""
    charter = charter_of_kernel("network")
    assert [charter.team(name).wip_limit for name in ("network", "workplace")] == [10, 15]
    busy = ContextSnapshot(load={"network-1": load})
    data = opened("The kernel panics").data
    assert isinstance(data, TicketOpened)
    drawn = [route(f"t-{number}", data, MONDAY, charter, busy).team for number in range(2_000)]
    # Three times the standard deviation of 2,000 draws is 0.034 at most.
    assert drawn.count("network") / len(drawn) == pytest.approx(share, abs=0.034)


def test_a_team_at_its_limit_gets_no_more_while_another_has_room() -> None:
    charter = charter_of_kernel("network")
    limit = charter.team("network").wip_limit
    full = ContextSnapshot(load={"network-1": limit})
    teams = {decided("The kernel panics", charter=charter, snapshot=full).team for _ in range(40)}
    assert teams == {"workplace"}
    both = ContextSnapshot(load={"network-1": limit, "workplace-1": 15})
    assert not decided("The kernel panics", charter=charter, snapshot=both).is_deferred


def test_a_team_off_shift_gets_nothing_while_another_works() -> None:
    charter = charter_of_kernel("network")
    always = tuple(
        team.model_copy(update={"shifts": ()}) if team.name == "network" else team
        for team in charter.teams
    )
    charter = charter.model_copy(update={"teams": always})
    full = ContextSnapshot(load={"network-1": 100})
    teams = {
        decided("The kernel panics", when=SATURDAY_NIGHT, charter=charter, snapshot=full).team
        for _ in range(40)
    }
    assert teams == {"network"}


def test_at_night_it_still_goes_to_the_team_and_says_when_somebody_comes() -> None:
    result = decided("Der Drucker druckt nicht", when=SUNDAY_NIGHT)
    assert result.team == "print-and-rooms"
    assert "is off shift; its next shift starts on" in texts(result)


def test_the_worst_trouble_goes_to_a_team_on_shift_that_has_the_skill() -> None:
    teams = tuple(
        team.model_copy(update={"skills": (*team.skills, "vpn"), "shifts": ()})
        if team.name == "workplace"
        else team
        for team in CHARTER.teams
    )
    charter = CHARTER.model_copy(update={"teams": teams})
    result = decided("VPN down", when=SATURDAY_NIGHT, charter=charter, impact=Level.HIGH)
    assert (result.priority, result.team) == (Priority.P1, "workplace")
    assert "is off shift" in texts(result)
    calm = decided("VPN down", when=SATURDAY_NIGHT, charter=charter)
    assert calm.team == "network"


def test_one_persons_trouble_is_no_more_urgent_because_others_need_the_service() -> None:
    assert decided("VPN does not connect").priority is Priority.P3


def test_criticality_lifts_the_trouble_of_several_people() -> None:
    result = decided("VPN does not connect", impact=Level.MEDIUM)
    assert result.priority is Priority.P1
    assert "the company stops without it" in texts(result)


def test_many_in_the_same_problem_raise_the_impact() -> None:
    crowd = ContextSnapshot(people={("wifi", "wifi"): 20})
    result = decided("No wifi", snapshot=crowd)
    assert result.priority is Priority.P2
    assert "20 people report the same trouble." in texts(result)


def test_a_question_can_wait() -> None:
    assert decided("How do I share my screen", kind=Kind.QUESTION).priority is Priority.P4


def test_a_release_shortly_before_is_named() -> None:
    snapshot = ContextSnapshot(changes={"vpn": (release(),)})
    text = "A release of Remote access (VPN) (“Gateway 7.2”, c-1) started 12 minutes before"
    assert text in texts(decided("VPN does not connect", snapshot=snapshot))


def test_a_change_of_another_day_is_not_blamed() -> None:
    snapshot = ContextSnapshot(changes={"vpn": (release(minutes=-60 * 25),)})
    assert "Gateway 7.2" not in texts(decided("VPN does not connect", snapshot=snapshot))


def release(minutes: float = -12) -> Change:
    outcome = follow(None, change_started("vpn", minutes))
    assert outcome is not None
    return outcome.state.changes[0]


def test_expected_work_on_the_service_is_named() -> None:
    result = decided("VPN does not connect", when=SATURDAY_NIGHT)
    assert "Work on Remote access (VPN) is expected at this time: Gateway updates." in texts(result)


def test_members_with_room_and_the_skill_are_suggested_by_load() -> None:
    names = {decided("Der Drucker druckt nicht").member for _ in range(60)}
    assert names == {"print-and-rooms-1", "print-and-rooms-2"}
    busy = ContextSnapshot(load={"print-and-rooms-1": 8, "print-and-rooms-2": 7})
    chosen = {decided("Der Drucker druckt nicht", snapshot=busy).member for _ in range(20)}
    assert chosen == {"print-and-rooms-2"}
    full = ContextSnapshot(load={"print-and-rooms-1": 8, "print-and-rooms-2": 8})
    assert decided("Der Drucker druckt nicht", snapshot=full).member == ""
    over = ContextSnapshot(load={"print-and-rooms-1": 9, "print-and-rooms-2": 8})
    assert decided("Der Drucker druckt nicht", snapshot=over).member == ""


def test_who_has_one_ticket_gets_half_as_many_as_who_has_none() -> None:
    """A draw by weights of 1 and 1/2: a third goes to the busier, give or take four sigmas."""
    busy = ContextSnapshot(load={"print-and-rooms-1": 1})
    count = 900
    members = [decided("Der Drucker druckt nicht", snapshot=busy).member for _ in range(count)]
    share = members.count("print-and-rooms-1") / count
    assert share == pytest.approx(1 / 3, abs=4 * math.sqrt(1 / 3 * 2 / 3 / count))


def test_words_of_two_services_are_left_to_a_person_with_both_named() -> None:
    result = decided("Call about a lead")
    assert result.is_deferred
    assert "It could be about Video meetings and chat or Customer records." in texts(result)


def test_a_change_that_was_rolled_back_says_so() -> None:
    over = release(-30).model_copy(update={"finished_at": at(-10), "succeeded": False})
    snapshot = ContextSnapshot(changes={"vpn": (over,)})
    assert "started 30 minutes before and was rolled back." in texts(
        decided("VPN", snapshot=snapshot)
    )
