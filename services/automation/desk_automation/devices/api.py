"""Devices over HTTP: which agents there are, and which version of each policy they obey."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from desk_contracts.errors import NotFound
from desk_contracts.frozen import Frozen
from desk_contracts.message import message
from desk_kernel.sight import Sight
from desk_platform.http import (
    Cursors,
    Page,
    PageRequest,
    Principal,
    Role,
    find_visible,
    link_next,
    page_request,
    place_of,
    require,
    sight,
)
from desk_platform.store import Documents, Listed
from desk_platform.store.pages import After
from fastapi import APIRouter, Depends, Request, Response

from desk_automation.devices.model import DeviceRecord, Texts
from desk_automation.devices.store import PoliciesOf

_LISTING = "devices"
_may_see = require(Role.MEMBER, Role.OWNER, Role.OPERATOR)


class PolicyView(Frozen):
    """One policy on one device."""

    policy: str
    """Id of the policy."""
    obeyed: str | None
    """The version that the device obeys; null if it obeys none."""
    in_force: str | None
    """The version that the charter has for the device; null if it has none."""
    is_current: bool
    """Whether the device obeys what the charter says."""


class DeviceView(Frozen):
    """An agent as it connected last."""

    device: str
    """The device."""
    connected_at: datetime
    """When its agent said last that it is there."""
    agent_version: str
    """The agent's version."""
    journal: str
    """The agent's memory by its id."""
    journal_since: datetime
    """Since when it has this memory. A new one on an old device: it was put back or lost, and with
    it what the device had done and not told."""
    policies: tuple[PolicyView, ...]
    """What it does by itself while it is cut off, and what the charter says of that."""
    actions: Texts
    """What may be done to it by order, and on what: as its own file declares."""


@dataclass(frozen=True, slots=True)
class DevicesApi:
    """What the routes read."""

    devices: Documents[DeviceRecord]
    policies_of: PoliciesOf


def device_router(api: DevicesApi, cursors: Cursors) -> APIRouter:
    """The routes about devices with an agent."""
    router = APIRouter(prefix="/v1/devices", tags=["devices"])

    @router.get("", summary="Devices with an agent, by name")
    async def list_devices(
        request: Request,
        response: Response,
        principal: Annotated[Principal, Depends(_may_see)],
        page: Annotated[PageRequest, Depends(page_request)],
    ) -> Page[DeviceView]:
        """Each with the policies that it obeys. Those of confidential services are left out."""
        seen = sight(request, principal)
        position = cursors.read(_LISTING, page.cursor) if page.cursor else None

        async def some(after: After | None, limit: int) -> list[Listed[DeviceRecord]]:
            return await api.devices.find_brief({}, after=after, limit=limit)

        rows = await find_visible(
            some,
            lambda row: _may_see_device(row.id, api, seen),
            (position.sort, position.id) if position else None,
            page.limit,
        )
        following = None
        if len(rows) > page.limit:
            following = cursors.write(_LISTING, place_of(rows[page.limit - 1]))
            response.headers["Link"] = link_next(request, following)
        items = tuple(_show(row.id, row.state, api) for row in rows[: page.limit] if row.state)
        return Page(items=items, next=following)

    _add_showing(router, api)
    return router


def _add_showing(router: APIRouter, api: DevicesApi) -> None:
    @router.get("/{device}", summary="One device's agent")
    async def get_device(
        request: Request, device: str, principal: Annotated[Principal, Depends(_may_see)]
    ) -> DeviceView:
        """Which version of each policy it obeys, and what may be done to it."""
        stored = (await api.devices.load([device])).get(device)
        seen = sight(request, principal)
        if not (stored and stored.state and _may_see_device(device, api, seen)):
            raise NotFound(message("device.no-agent", device=device), device=device)
        return _show(device, stored.state, api)


def _may_see_device(device: str, api: DevicesApi, seen: Sight) -> bool:
    """A device is the matter of the services and teams of its policies, or is a service itself."""
    policies = api.policies_of(device)
    return not (
        seen.hides(device) or any(seen.hides(policy.service, policy.team) for policy in policies)
    )


def _show(device: str, record: DeviceRecord, api: DevicesApi) -> DeviceView:
    return DeviceView(
        device=device,
        connected_at=record.connected_at,
        agent_version=record.agent_version,
        journal=record.journal,
        journal_since=record.journal_since,
        policies=tuple(_compare(device, record, api)),
        actions=record.actions,
    )


def _compare(device: str, record: DeviceRecord, api: DevicesApi) -> Iterator[PolicyView]:
    """Those of the charter, and those that the device obeys though the charter has them no more."""
    in_force = {policy.id: str(policy.version) for policy in api.policies_of(device)}
    for id in sorted({*in_force, *record.policies}):
        obeyed, version = record.policies.get(id), in_force.get(id)
        yield PolicyView(policy=id, obeyed=obeyed, in_force=version, is_current=obeyed == version)
