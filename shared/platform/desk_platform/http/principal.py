"""Who is asking, and what each route asks of them: every route declares a policy."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from desk_contracts.errors import Forbidden, Invalid
from desk_contracts.message import Message, message
from desk_contracts.people import LONGEST, NotAPerson, canonical_person, check_known
from desk_contracts.text import is_visible, without_invisible
from desk_kernel.sight import SEES_ALL, Sight
from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from desk_platform.http.parameters import refuse_unknown_parameters
from desk_platform.http.rates import RateLimits
from desk_platform.http.refusals import Unauthenticated
from desk_platform.organisation import Organisation

# Served to the platform inside the cluster; network policies, not tokens, guard them.
OPERATIONAL = frozenset(
    {
        "/health/startup",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/openapi.json",
    }
)

_SCOPE_KEY = "desk.principal"
# OpenID Connect Core, section 2: `sub` has at most 255 characters.
MAX_SUBJECT = 255
# Control characters, halves of characters, and what nobody sees: two of them would look alike.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Role(StrEnum):
    """What a person may be to the desk."""

    EMPLOYEE = "employee"
    MEMBER = "member"
    OWNER = "owner"
    OPERATOR = "operator"


ROLES = {role.value: role for role in Role}
# Those who work at the desk, whatever they may do beside.
STAFF = (Role.MEMBER, Role.OWNER, Role.OPERATOR)


@dataclass(frozen=True, slots=True)
class Principal:
    """The person or system that asks, as far as it has proved it."""

    subject: str
    roles: frozenset[Role] = frozenset()
    team: str | None = None
    # As the issuer wrote it, for display; `subject` is the one form by which a person is known.
    written: str = ""
    # Their role `member` was taken away, since the organisation does not have their team.
    lacks_team: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "written", self.written or self.subject)
        object.__setattr__(self, "subject", canonical_person(self.subject))

    def has_role(self, *roles: Role) -> bool:
        """Any of these."""
        return not self.roles.isdisjoint(roles)


def read_roles(named: object) -> frozenset[Role]:
    """The roles the desk knows among those named; others mean nothing here."""
    if isinstance(named, str):
        named = named.split()
    if not isinstance(named, list | tuple):
        return frozenset()
    words = {word.strip() for word in named if isinstance(word, str)}
    return frozenset(role for name, role in ROLES.items() if name in words)


def why_no_subject(named: object) -> Message | None:
    """The end of a sentence that says why this names nobody, or None for a usable name."""
    if not isinstance(named, str) or not named:
        return message("subject.no-text")
    if len(named) > MAX_SUBJECT:
        return message("subject.too-long", length=len(named), most=MAX_SUBJECT)
    return _why_unusable(named)


@lru_cache(maxsize=16_384)
def _why_unusable(named: str) -> Message | None:
    if named != named.strip():
        return message("subject.blanks")
    is_clean = without_invisible(named) == named and is_visible(named)
    if not is_clean or any(unicodedata.category(sign) in _UNSEEN for sign in named):
        return message("subject.invisible")
    try:
        check_known(named)
    except NotAPerson:  # some letters become three, or twenty
        return message("subject.no-person", most=LONGEST)
    return None


class Authenticator(Protocol):
    """Finds out who asks; `Unauthenticated` when that cannot be believed."""

    async def authenticate(self, headers: Mapping[str, str]) -> Principal: ...

    def describe(self) -> dict[str, object]:
        """Who is believed, for the line that a service writes at its start."""
        ...


class UndeclaredRoutes(Invalid):
    """Routes that anybody could call because nobody said who may."""

    code = "undeclared-routes"


def in_force(principal: Principal, organisation: Organisation | None) -> Principal:
    """A member belongs to a team of the organisation; of none, they see nothing that is staff's."""
    if organisation is None or not principal.has_role(Role.MEMBER):
        return principal
    if organisation.has_team(principal.team):
        return principal
    return replace(principal, roles=principal.roles - {Role.MEMBER}, lacks_team=True)


def sight(request: Request, principal: Principal) -> Sight:
    """What of confidential services and teams this caller may see."""
    organisation = _organisation(request)
    if organisation is None:
        return SEES_ALL
    team = principal.team or "" if principal.has_role(*STAFF) else ""
    return organisation.sight_of(team, sees_all=principal.has_role(Role.OWNER, Role.OPERATOR))


def may_see_person(principal: Principal, person: str) -> bool:
    """Figures of single people are for owners, operators, and the person themselves."""
    return principal.has_role(Role.OWNER, Role.OPERATOR) or principal.subject == person


def _organisation(request: Request) -> Organisation | None:
    current: Callable[[], Organisation] | None = getattr(request.app.state, "organisation", None)
    return current() if current else None


async def current_principal(request: Request) -> Principal:
    """Who asks, found out once per request; a dependency, or called with the request."""
    principal: Principal | None = request.scope.get(_SCOPE_KEY)
    if principal is None:
        principal = in_force(await _authenticate(request), _organisation(request))
        request.scope[_SCOPE_KEY] = principal
    return principal


async def _authenticate(request: Request) -> Principal:
    """Who asks, if not too often. Failures are counted by address: they have no name."""
    authenticator: Authenticator = request.app.state.authenticator
    limits: RateLimits = request.app.state.limits
    try:
        principal = await authenticator.authenticate(request.headers)
    except Unauthenticated:
        limits.count_anonymous(request.scope)
        raise
    limits.count_caller(request.scope, principal.subject)
    return principal


@dataclass(frozen=True, slots=True)
class Policy:
    """What a route asks of its caller; use as `Depends(require(...))`."""

    roles: frozenset[Role]

    async def __call__(self, request: Request) -> Principal:
        # Asked directly: every nested dependency costs FastAPI more than the check itself.
        principal = await current_principal(request)
        if self.roles and principal.roles.isdisjoint(self.roles):
            if principal.lacks_team and Role.MEMBER in self.roles:
                why, team = message("auth.no-team"), principal.team or ""
                raise Forbidden(why, code="no-team-of-charter", team=team)
            needed = sorted(self.roles)
            raise Forbidden(message("auth.needs-role", roles=needed), needed=" or ".join(needed))
        refuse_unknown_parameters(request)
        return principal


@dataclass(frozen=True, slots=True)
class OpenPolicy:
    """Anybody may ask, without saying who they are."""

    async def __call__(self, request: Request) -> None:
        limits: RateLimits = request.app.state.limits
        limits.count_anonymous(request.scope)
        refuse_unknown_parameters(request)


PUBLIC = OpenPolicy()


def require(*roles: Role) -> Policy:
    """The caller must have one of these roles; with none given, only be signed in."""
    return Policy(frozenset(roles))


def policies_of(dependant: Dependant) -> list[Policy | OpenPolicy]:
    """All policies a route declares, at any depth."""
    policies: list[Policy | OpenPolicy] = []
    # One that asks for a key as well holds its policy.
    policy = getattr(dependant.call, "policy", dependant.call)
    if isinstance(policy, Policy | OpenPolicy):
        policies.append(policy)
    for inner in dependant.dependencies:
        policies.extend(policies_of(inner))
    return policies


def find_undeclared_routes(app: FastAPI) -> list[str]:
    """Routes anybody could call because nobody said who may; what is mounted cannot say it."""
    routes = []
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        is_declared = isinstance(dependant, Dependant) and policies_of(dependant)
        if route.path not in OPERATIONAL and not is_declared:
            methods = ",".join(sorted(route.methods or {"*"}))
            routes.append(f"{methods} {route.path}")
    return routes


def refuse_undeclared(app: FastAPI) -> None:
    """No application starts with a route that is open by mistake."""
    if routes := find_undeclared_routes(app):
        raise UndeclaredRoutes(
            f"These routes do not say who may call them: {'; '.join(routes)}. Give each"
            " Depends(require(...)), or Depends(PUBLIC) if everybody may."
        )
