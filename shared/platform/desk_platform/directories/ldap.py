"""OpenLDAP and its like: RFC 4511 through ldap3, in threads, one connection for each change.

Passwords by the Password Modify operation (RFC 3062), so the server hashes them by its own policy;
locks as ppolicy keeps them (draft-behera-ldap-password-policy, section 5.3.3); devices as RFC 4519,
section 3.4, with their `owner`.
"""

import asyncio
from collections.abc import Callable
from ssl import CERT_REQUIRED
from typing import TypeVar

from desk_contracts.accounts import Account, Effect
from desk_contracts.errors import DependencyDown
from desk_contracts.people import canonical_person
from ldap3 import (
    AUTO_BIND_NO_TLS,
    AUTO_BIND_TLS_BEFORE_BIND,
    BASE,
    MODIFY_DELETE,
    NONE,
    SUBTREE,
    Connection,
    Server,
    Tls,
)
from ldap3.core.exceptions import LDAPException, LDAPNoSuchAttributeResult, LDAPOperationResult
from ldap3.utils.conv import escape_filter_chars

from desk_platform.directories.ldap_server import LdapServer

T = TypeVar("T")
_LOCKED = "pwdAccountLockedTime"


class LdapDirectory:
    """`Directory` over LDAP. `before_change` is called in a thread, at the last moment before a
    change leaves; if it raises, nothing does."""

    def __init__(
        self, server: LdapServer, before_change: Callable[[], None] = lambda: None
    ) -> None:
        self._settings, self._before_change = server, before_change
        tls = Tls(
            validate=CERT_REQUIRED,
            ca_certs_file=str(server.ca_file) if server.ca_file else None,
            ca_certs_data=server.ca_text,
            valid_names=[server.certified_name] if server.certified_name else None,
            sni=server.certified_name,
        )
        self._server = Server(server.url, get_info=NONE, connect_timeout=server.timeout_s, tls=tls)

    async def find_account(self, login: str) -> Account | None:
        """By login or mail address, if it is one account's only."""
        name, person = escape_filter_chars(login), self._settings.person
        search = f"(&(objectClass=inetOrgPerson)(|(uid={name})({person}={name})(mail={name})))"
        return await self._read(lambda line: self._one_account(line, search))

    async def is_locked(self, account: Account) -> bool:
        """As ppolicy says, which keeps the time of the lock as an operational attribute."""

        def read(line: Connection) -> bool:
            line.search(account.id, "(objectClass=*)", BASE, attributes=[_LOCKED])
            [(_, values)] = _entries(line, [_LOCKED])
            return bool(values[_LOCKED])

        return await self._read(read)

    async def find_owner(self, device: str) -> str | None:
        """By the device's name."""
        search = f"(&(objectClass=device)(cn={escape_filter_chars(device)}))"
        return await self._read(lambda line: self._one_owner(line, search))

    async def set_password(self, account: Account, password: str) -> Effect:
        """The server lifts a lock when the password changes."""
        return await self._change(
            lambda line: line.extend.standard.modify_password(account.id, new_password=password)
        )

    async def unlock(self, account: Account) -> Effect:
        """Takes away since when it is locked."""
        return await self._change(
            lambda line: line.modify(  # type: ignore[no-untyped-call]  # of its stubs
                account.id, {_LOCKED: [(MODIFY_DELETE, [])]}
            )
        )

    def _one_account(self, line: Connection, search: str) -> Account | None:
        person = self._settings.person
        entries = self._search(line, search, [person, "mail", "uid"])
        if len(entries) != 1:
            return None
        dn, attributes = entries[0]
        return Account(
            dn, canonical_person(attributes[person]), attributes["mail"], attributes["uid"]
        )

    def _one_owner(self, line: Connection, search: str) -> str | None:
        devices = self._search(line, search, ["owner"])
        if len(devices) != 1 or not devices[0][1]["owner"]:
            return None
        owner, person = devices[0][1]["owner"], self._settings.person
        line.search(owner, "(objectClass=*)", attributes=[person])
        people = _entries(line, [person])
        return canonical_person(people[0][1][person]) or None if len(people) == 1 else None

    def _search(
        self, line: Connection, search: str, names: list[str]
    ) -> list[tuple[str, dict[str, str]]]:
        line.search(self._settings.base, search, SUBTREE, attributes=names)
        return _entries(line, names)

    async def _read(self, ask: Callable[[Connection], T]) -> T:
        def read() -> T:
            line = self._connect()
            try:
                return ask(line)
            except LDAPException as error:
                raise self._down(error) from error
            finally:
                _hang_up(line)

        return await asyncio.to_thread(read)

    async def _change(self, act: Callable[[Connection], object]) -> Effect:
        """Once the line stands, what breaks leaves the outcome unknown; an answer does not."""

        def change() -> Effect:
            line = self._connect()
            try:
                self._before_change()
                act(line)
            except LDAPNoSuchAttributeResult:  # nothing was locked
                return Effect.DONE
            except LDAPOperationResult:
                return Effect.REFUSED
            except LDAPException:
                return Effect.UNKNOWN
            finally:
                _hang_up(line)
            return Effect.DONE

        return await asyncio.to_thread(change)

    def _connect(self) -> Connection:
        settings = self._settings
        bind = AUTO_BIND_TLS_BEFORE_BIND if settings.starttls else AUTO_BIND_NO_TLS
        try:
            return Connection(
                self._server,
                settings.user,
                settings.password.get_secret_value(),
                auto_bind=bind,
                raise_exceptions=True,
                receive_timeout=settings.timeout_s,
            )
        except (LDAPException, OSError) as error:
            raise self._down(error) from error

    def _down(self, error: Exception) -> DependencyDown:
        reason = f"the directory {self._settings.url} cannot be used: {type(error).__name__}"
        return DependencyDown(reason, dependency="directory")


def _entries(line: Connection, names: list[str]) -> list[tuple[str, dict[str, str]]]:
    """DNs and the first value of each attribute; an attribute that is missing is empty."""
    entries: list[tuple[str, dict[str, str]]] = []
    for item in line.response or ():
        if item["type"] != "searchResEntry":
            continue
        values: dict[str, str] = {}
        for name in names:
            value = item["attributes"].get(name, "")
            values[name] = str(value[0] if isinstance(value, list) and value else value or "")
        entries.append((item["dn"], values))
    return entries


def _hang_up(line: Connection) -> None:
    try:
        line.unbind()
    except (LDAPException, OSError):
        return
