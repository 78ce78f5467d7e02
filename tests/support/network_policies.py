"""Who may talk to whom under NetworkPolicies, read as the Kubernetes reference says.

Strict where networks differ: a block of addresses stands for addresses outside the cluster only,
since some networks do not count pods to it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Literal

Policy = Mapping[str, Any]
Selector = Mapping[str, Any]
Labels = Mapping[str, str]
Protocol = Literal["TCP", "UDP"]
_Direction = Literal["ingress", "egress"]


@dataclass(frozen=True)
class Namespace:
    """A namespace by its name; Kubernetes sets the label with its name by itself."""

    name: str
    own_labels: Labels = field(default_factory=dict)

    @property
    def labels(self) -> Labels:
        return {"kubernetes.io/metadata.name": self.name, **self.own_labels}


@dataclass(frozen=True)
class Pod:
    """A pod with its labels and named ports."""

    namespace: Namespace
    labels: Labels
    ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Address:
    """Somebody outside the cluster's network of pods: a host, a node, an API server."""

    ip: str


Place = Pod | Address


def is_allowed(
    policies: Iterable[Policy],
    source: Place,
    target: Place,
    port: int,
    protocol: Protocol = "TCP",
) -> bool:
    """Whether a connection may be opened: the source may leave and the target may be entered."""
    everything = list(policies)
    return _passes(everything, "egress", source, target, target, port, protocol) and _passes(
        everything, "ingress", target, source, target, port, protocol
    )


def selects(selector: Selector, labels: Labels) -> bool:
    """Whether a label selector fits; an empty one fits everything."""
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        _holds(expression, labels) for expression in selector.get("matchExpressions", ())
    )


def isolating(policies: Iterable[Policy], pod: Pod, direction: _Direction) -> Iterator[Policy]:
    """The policies that select the pod in this direction; with none of them all is allowed."""
    for policy in policies:
        spec = policy["spec"]
        if (
            policy["metadata"]["namespace"] == pod.namespace.name
            and direction in _directions(spec)
            and selects(spec["podSelector"], pod.labels)
        ):
            yield policy


def _directions(spec: Mapping[str, Any]) -> set[str]:
    """What the policy is about: ingress always and egress with rules, unless it says otherwise."""
    default = ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return {name.lower() for name in spec.get("policyTypes", default)}


def _passes(
    policies: list[Policy],
    direction: _Direction,
    inside: Place,
    outside: Place,
    target: Place,
    port: int,
    protocol: Protocol,
) -> bool:
    """Whether the pod's own policies of one direction let the other side through."""
    if isinstance(inside, Address):
        return True
    chosen = list(isolating(policies, inside, direction))
    peers = "from" if direction == "ingress" else "to"
    return not chosen or any(
        _names_peer(rule.get(peers), outside, policy["metadata"]["namespace"])
        and _names_port(rule.get("ports"), target, port, protocol)
        for policy in chosen
        for rule in policy["spec"].get(direction, ())
    )


def _names_peer(peers: list[dict[str, Any]] | None, place: Place, home: str) -> bool:
    return not peers or any(_is_peer(peer, place, home) for peer in peers)


def _is_peer(peer: Mapping[str, Any], place: Place, home: str) -> bool:
    block = peer.get("ipBlock")
    if isinstance(place, Address):
        return block is not None and _contains(block, place.ip)
    if block is not None:
        return False
    namespaces = peer.get("namespaceSelector")
    is_near = (
        place.namespace.name == home
        if namespaces is None
        else selects(namespaces, place.namespace.labels)
    )
    return is_near and selects(peer.get("podSelector", {}), place.labels)


def _contains(block: Mapping[str, Any], ip: str) -> bool:
    address = ip_address(ip)
    return address in ip_network(block["cidr"]) and not any(
        address in ip_network(hole) for hole in block.get("except", ())
    )


def _names_port(
    ports: list[dict[str, Any]] | None, target: Place, port: int, protocol: Protocol
) -> bool:
    return not ports or any(
        rule.get("protocol", "TCP") == protocol and _is_port(rule, target, port) for rule in ports
    )


def _is_port(rule: Mapping[str, Any], target: Place, port: int) -> bool:
    wanted = rule.get("port")
    if isinstance(wanted, str):
        # A name is one of the target pod's; hosts outside have no names for ports.
        return isinstance(target, Pod) and target.ports.get(wanted) == port
    return wanted is None or wanted <= port <= rule.get("endPort", wanted)


def _holds(expression: Mapping[str, Any], labels: Labels) -> bool:
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value in expression["values"]
        case "NotIn":
            return value not in expression["values"]
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    raise ValueError(f"no operator of label selectors: {expression['operator']}")
