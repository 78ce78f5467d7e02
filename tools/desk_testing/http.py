"""Fakes of what the HTTP side stands on; each passes the same contract suite as the real one."""

from collections.abc import Mapping

from desk_platform.http.principal import Principal
from desk_platform.http.refusals import Unauthenticated


class FakeAuthenticator:
    """Knows callers by their token: `Authorization: Bearer ana`."""

    def __init__(self, *principals: Principal) -> None:
        self._by_subject = {principal.subject: principal for principal in principals}

    async def authenticate(self, headers: Mapping[str, str]) -> Principal:
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._by_subject:
            raise Unauthenticated("Please sign in.")
        return self._by_subject[token]

    def describe(self) -> dict[str, object]:
        return {"by": "names", "who": sorted(self._by_subject)}
