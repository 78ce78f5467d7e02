"""How people recover their accounts: the calls, and the link that comes by mail."""

import re

import httpx
from desk_testing import eventually

from tests.support.intake_around import Intake
from tests.support.notify_channels import Mailbox

PAGE = "https://desk.example/recover"
_LINK = re.compile(re.escape(PAGE) + r"#(?P<kind>password|unlock)\.(?P<token>\S+)")


def relay_settings(port: int) -> dict[str, str]:
    """Links go through a mail server on that port."""
    return {
        "INTAKE_RECOVERY_PAGE": PAGE,
        "INTAKE_RELAY_HOST": "127.0.0.1",
        "INTAKE_RELAY_PORT": str(port),
        "INTAKE_RELAY_SECURITY": "none",
    }


async def call(at: Intake, path: str, **body: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=at.url, timeout=60) as client:
        return await client.post(f"/v1/account-recoveries{path}", json=body)


async def token_for(mailbox: Mailbox, at: Intake, account: str, kind: str = "password") -> str:
    """The newest token that came by mail for what was asked just now."""
    address = f"{account}@corp.example"
    had = len(mailbox.to(address))
    assert (await call(at, "", account=account, kind=kind)).status_code == 202

    async def come() -> str:
        mails = mailbox.to(address)[had:]
        link = _LINK.search(mails[-1].get_content()) if mails else None
        return link["token"] if link and link["kind"] == kind else ""

    return await eventually(come, timeout=60)
