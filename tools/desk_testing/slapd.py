"""A real OpenLDAP server with ppolicy on loopback, in a folder of the test."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from desk_local.ports import free_ports
from desk_platform.directories.ldap_server import LdapServer
from ldap3 import Connection, Server
from ldap3.core.exceptions import LDAPException
from pydantic import SecretStr

from desk_testing.eventually import eventually

BASE = "dc=corp,dc=example"
ADMIN = f"cn=admin,{BASE}"
WORD = "the directory's own word"
# `person-0` and so on.
PEOPLE = 8
SLAPD, SLAPADD = "/usr/sbin/slapd", "/usr/sbin/slapadd"
MISSING = "slapd is not here; on Debian or Ubuntu: apt install slapd ldap-utils"

_CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {folder}/slapd.pid
database mdb
maxsize 16777216
suffix "{base}"
rootdn "{admin}"
rootpw "{word}"
directory {folder}/data
overlay ppolicy
ppolicy_default "cn=policy,{base}"
ppolicy_hash_cleartext
"""

_TLS = """\
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.pem
"""

_ENTRIES = """\
dn: {base}
objectClass: dcObject
objectClass: organization
dc: corp
o: Corp

dn: cn=policy,{base}
objectClass: person
objectClass: pwdPolicy
cn: policy
sn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3
pwdMinLength: 15
pwdCheckQuality: 2
pwdInHistory: 50

dn: uid=ivy,{base}
objectClass: inetOrgPerson
uid: ivy
cn: Ivy Park
sn: Park
mail: Ivy@corp.example
userPassword: the old word of ivy

dn: uid=twin-1,{base}
objectClass: inetOrgPerson
uid: twin-1
cn: Twin
sn: One
mail: twins@corp.example
userPassword: the old word of a twin

dn: uid=twin-2,{base}
objectClass: inetOrgPerson
uid: twin-2
cn: Twin
sn: Two
mail: twins@corp.example
userPassword: the old word of a twin

dn: cn=laptop-ivy,{base}
objectClass: device
cn: laptop-ivy
owner: uid=ivy,{base}

dn: cn=laptop-spare,{base}
objectClass: device
cn: laptop-spare

"""

_PERSON = """\
dn: uid=person-{number},{base}
objectClass: inetOrgPerson
uid: person-{number}
cn: Person {number}
sn: {number}
mail: person-{number}@corp.example
userPassword: the old word of person {number}

"""


def is_installed() -> bool:
    """Whether this machine has slapd with ppolicy."""
    return Path(SLAPD).exists() and bool(list(Path("/usr/lib/ldap").glob("ppolicy*.so*")))


@dataclass
class Slapd:
    """One server; its entries live as long as its folder."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    secure_port: int | None = None
    """Where it speaks TLS from the first byte, if it was given a certificate."""

    @classmethod
    async def begin(cls, folder: Path, certificate: bytes | None = None, more: str = "") -> "Slapd":
        """A server with a few people, a policy, two devices and `more` entries in LDIF; with a key
        and certificate of its own it also speaks TLS."""
        (folder / "data").mkdir(parents=True)
        config = folder / "slapd.conf"
        tls = ""
        if certificate is not None:
            (folder / "server.pem").write_bytes(certificate)
            tls = _TLS.format(folder=folder)
        text = _CONFIG.format(folder=folder, base=BASE, admin=ADMIN, word=WORD)
        config.write_text(tls + text)
        entries = folder / "entries.ldif"
        people = "".join(_PERSON.format(base=BASE, number=number) for number in range(PEOPLE))
        entries.write_text(_ENTRIES.format(base=BASE) + people + more)
        command = [SLAPADD, "-f", str(config), "-l", str(entries)]
        subprocess.run(command, check=True, capture_output=True)  # noqa: ASYNC221, S603 (short, and ours)
        plain, secure = free_ports(2)
        made = cls(folder, plain, secure_port=None if certificate is None else secure)
        await made.start()
        return made

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        url = f"ldap://127.0.0.1:{self.port}"
        if self.secure_port is not None:
            url += f" ldaps://127.0.0.1:{self.secure_port}"
        command = [SLAPD, "-f", str(self.folder / "slapd.conf"), "-h", url, "-d", "0"]
        self.process = subprocess.Popen(command)  # noqa: ASYNC220, S603 (our own server)

        async def answers() -> bool:
            return self.signs_in("ivy", "not the word", is_counted=False) is not None

        await eventually(answers, timeout=30)

    def stop(self) -> None:
        """End it; its entries stay."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None

    def pause(self) -> None:
        """It keeps its connections and answers nothing, from the moment of return on: a signal is
        only on its way, and a busy machine delivers it later."""
        process = self._require_process()
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)

    def resume(self) -> None:
        self._require_process().send_signal(signal.SIGCONT)

    def _require_process(self) -> "subprocess.Popen[bytes]":
        if self.process is None:
            raise RuntimeError("slapd is not started")
        return self.process

    def signs_in(self, uid: str, word: str, *, is_counted: bool = True) -> bool | None:
        """Whether the person can sign in with that; None if the server does not answer."""
        name = f"uid={uid},{BASE}" if is_counted else f"cn=nobody,{BASE}"
        try:
            line = Connection(Server("127.0.0.1", self.port, connect_timeout=5), name, word)
            is_in = bool(line.bind())
            line.unbind()
        except LDAPException:
            return None
        return is_in

    def changes_of(self, uid: str) -> int:
        """How often the person's password was changed, as the server's own history has it."""
        line = Connection(Server("127.0.0.1", self.port), ADMIN, WORD, auto_bind=True)
        line.search(f"uid={uid},{BASE}", "(objectClass=*)", attributes=["pwdHistory"])
        [entry] = line.response or []
        history = entry["attributes"].get("pwdHistory") or []
        line.unbind()
        return len(history)

    def settings(self) -> LdapServer:
        """As the desk's adapter is told."""
        return LdapServer(f"ldap://127.0.0.1:{self.port}", BASE, ADMIN, SecretStr(WORD))
