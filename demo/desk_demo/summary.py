"""What the day should have shown, checked against what was seen; nothing is taken on trust."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from desk_demo.player import Player
from desk_demo.watching import Repair, Ticket


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation, whether it came true, and what was seen."""

    expected: str
    is_true: bool
    seen: str


def is_complete(player: Player) -> bool:
    """Everything that can still come has come."""
    return all(check.is_true for check in checks(player))


def checks(player: Player) -> list[Check]:
    """The expectations of the story, in the order of the day."""
    return [check(player) for check in _CHECKS]


def _disks(player: Player) -> Check:
    ill = [d.name for d in player.story.devices if d.starts_filling is not None and not d.runaway]
    healed = [name for name in ill if _repair(player, name).state == "healed"]
    reported = [t for t in player.watched.tickets.values() if t.requester in _owners(player, ill)]
    seen = f"{len(healed)} of {len(ill)} healed, {len(reported)} tickets about them"
    ok = len(healed) == len(ill) and not reported
    return Check("filling disks are cleaned before anyone notices", ok, seen)


def _stubborn(player: Player) -> Check:
    (name,) = [device.name for device in player.story.devices if device.runaway]
    repair = _repair(player, name)
    ok = repair.state == "escalated" and repair.evidence > 0
    seen = f"{repair.state} to {repair.team or 'nobody'} with {repair.evidence} pieces of evidence"
    return Check("a repair that does not help reaches the owner team with the evidence", ok, seen)


def _vpn(player: Player) -> Check:
    own = set(player.tagged.get("vpn", []))
    matching = [
        tickets & own for _, tickets, _ in player.watched.problems.values() if tickets & own
    ]
    seen = (
        f"{len(matching)} problem with {len(matching[0]) if matching else 0} of {len(own)} tickets"
    )
    return Check(
        "twenty VPN tickets become one problem", len(matching) == 1 and matching[0] == own, seen
    )


def _broadcast(player: Player) -> Check:
    people = {player.watched.tickets[t].requester for t in player.tagged.get("vpn", [])}
    notified = people & player.watched.told_people
    closed = [t for t in _tickets(player, "vpn") if t.state == "resolved"]
    seen = f"{len(notified)} of {len(people)} people told, {len(closed)} tickets resolved"
    is_all = len(notified) == len(people) == len(closed)
    return Check("everybody concerned is told, and all is resolved at once", is_all, seen)


def _password(player: Player) -> Check:
    return _solved(player, "password", "identity", "a password is asked for and set")


def _printer(player: Player) -> Check:
    return _solved(
        player, "printer", "print-and-rooms", "the printer reaches its team and is mended"
    )


def _solved(player: Player, tag: str, team: str, expected: str) -> Check:
    tickets = _tickets(player, tag)
    ok = bool(tickets) and all(t.team == team and t.state == "resolved" for t in tickets)
    seen = ", ".join(f"{t.code} {t.state} by {t.team}" for t in tickets)
    return Check(expected, ok, seen)


def _met(player: Player) -> Check:
    (ticket,) = player.tagged.get("printer", [""])
    met = ("desk.sla.met", ticket) in player.watched.kinds
    return Check("the printer's SLA is met", met, "met" if met else "no verdict yet")


def _breached(player: Player) -> Check:
    wanted = player.requesters.get("late", "-")
    late = [t.id for t in player.watched.tickets.values() if t.requester == wanted]
    broken = [t for t in late if ("desk.sla.breached", t) in player.watched.kinds]
    seen = f"{len(late)} ticket, {len(broken)} with a breached SLA"
    return Check("another SLA is breached, and said to be", len(broken) == 1, seen)


_CHECKS: tuple[Callable[[Player], Check], ...] = (
    _disks,
    _stubborn,
    _vpn,
    _broadcast,
    _password,
    _printer,
    _met,
    _breached,
)


def _repair(player: Player, target: str) -> Repair:
    repairs = [repair for repair in player.watched.repairs.values() if repair.target == target]
    return repairs[-1] if repairs else Repair(target, "", "not started")


def _owners(player: Player, names: Iterable[str]) -> set[str]:
    wanted = set(names)
    return {device.person for device in player.story.devices if device.name in wanted}


def _tickets(player: Player, tag: str) -> list[Ticket]:
    tickets = player.watched.tickets
    return [tickets[id] for id in player.tagged.get(tag, []) if id in tickets]
