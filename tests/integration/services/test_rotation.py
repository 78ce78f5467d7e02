"""Certificates and passwords are replaced while the services run; none is started again."""

import asyncio
import secrets
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from desk_testing import eventually
from desk_testing.processes import ServiceProcess

from tests.support.authority import Authority
from tests.support.secure_desk import SecureDesk, secure_desk

pytestmark = [pytest.mark.connected, pytest.mark.chaos, pytest.mark.timeout(600)]

FOLLOWS_WITHIN = 10.0


async def seconds_until(
    desk: SecureDesk, services: Iterable[ServiceProcess], *, ready: bool, named: str = ""
) -> float:
    """Until the last of them says so."""
    since = time.monotonic()

    async def wait_for(service: ServiceProcess) -> None:
        async def has_changed() -> bool:
            reasons = await desk.reasons(service)
            if ready:
                assert reasons == [], service.name
                return True
            return any(named in reason for reason in reasons)

        await eventually(has_changed, timeout=120, interval=0.1)

    await asyncio.gather(*map(wait_for, services))
    return round(time.monotonic() - since, 1)


async def test_an_authority_and_a_password_are_replaced_without_a_restart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = Authority("before"), Authority("after")
    async with secure_desk(tmp_path, before) as desk:
        # The brokers' certificate is signed by an authority that no service knows.
        desk.broker.identify(after)
        await asyncio.to_thread(desk.broker.kill)
        await asyncio.to_thread(desk.broker.start)
        tls_refused = await seconds_until(
            desk, desk.services, ready=False, named="is not signed by"
        )
        desk.ca.write_bytes(after.pem)
        tls_ready = await seconds_until(desk, desk.services, ready=True)

        # A password is changed at the brokers first, then in the file.
        password, user = secrets.token_hex(16), "triage"
        await asyncio.to_thread(desk.broker.change_password, f"desk-{user}", password)
        await asyncio.to_thread(desk.broker.kill)
        await asyncio.to_thread(desk.broker.start)
        triage = [desk.service(user)]
        login_refused = await seconds_until(
            desk, triage, ready=False, named=f"refuses to sign in desk-{user}"
        )
        others = [service for service in desk.services if service.name != user]
        await seconds_until(desk, others, ready=True)
        desk.password_file(f"desk-{user}").write_text(password)
        login_ready = await seconds_until(desk, triage, ready=True)
    with capsys.disabled():
        tls = f"TLS: to not ready {tls_refused}, to ready again {tls_ready}"
        print(f"\n{tls}; password: {login_refused}, {login_ready}")  # noqa: T201
    assert max(tls_refused, tls_ready, login_refused, login_ready) <= FOLLOWS_WITHIN
