"""A courier whose every use is told to health."""

from desk_contracts.accounts import Account
from desk_platform.health import UsageReport

from desk_intake.recovery.model import Courier, Kind

COMPONENT = "mail relay"


class ReportedCourier:
    """`Courier` by another one."""

    def __init__(self, courier: Courier, report: UsageReport) -> None:
        self._courier, self._report = courier, report

    async def deliver(self, account: Account, kind: Kind, token: str, language: str) -> None:
        """Hand the token over."""
        with self._report.around_use():
            await self._courier.deliver(account, kind, token, language)
