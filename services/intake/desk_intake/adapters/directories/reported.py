"""A directory whose every use is told to health, whoever uses it."""

from desk_contracts.accounts import Account, Directory, Effect
from desk_platform.health import UsageReport

COMPONENT = "directory"


class ReportedDirectory:
    """`Directory` by another one."""

    def __init__(self, directory: Directory, report: UsageReport) -> None:
        self._directory, self._report = directory, report

    async def find_account(self, login: str) -> Account | None:
        """By login or mail address."""
        with self._report.around_use():
            return await self._directory.find_account(login)

    async def is_locked(self, account: Account) -> bool:
        """Whether failed sign-ins have locked it."""
        with self._report.around_use():
            return await self._directory.is_locked(account)

    async def find_owner(self, device: str) -> str | None:
        """Whom a device belongs to."""
        with self._report.around_use():
            return await self._directory.find_owner(device)

    async def set_password(self, account: Account, password: str) -> Effect:
        """An effect that stays unknown is an answer that did not come."""
        with self._report.around_use():
            effect = await self._directory.set_password(account, password)
        return self._note(effect)

    async def unlock(self, account: Account) -> Effect:
        """As above."""
        with self._report.around_use():
            effect = await self._directory.unlock(account)
        return self._note(effect)

    def _note(self, effect: Effect) -> Effect:
        if effect is Effect.UNKNOWN:
            self._report.note_absence("it broke off before it answered a change")
        return effect
