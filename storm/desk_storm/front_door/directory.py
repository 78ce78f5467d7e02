"""The organisation's directory in a storm: a real slapd with people, and devices of some."""

from pathlib import Path

from desk_testing.slapd import ADMIN, BASE, WORD, Slapd

# So many of each kind can come in one storm.
PEOPLE = 600
_PERSON = """\
dn: uid={name},{base}
objectClass: inetOrgPerson
uid: {name}
cn: {name}
sn: {name}
mail: {name}@corp.example
userPassword: the old word of {name}

"""
_DEVICE = """\
dn: cn={device},{base}
objectClass: device
cn: {device}
owner: uid={owner},{base}

"""


def asker(number: int) -> str:
    """Who asks in the catalogue."""
    return f"asker-{number}"


def locked(number: int) -> str:
    """Who cannot sign in."""
    return f"locked-{number}"


def device_of(number: int) -> str:
    """The device of that asker; how it answers stands in its name."""
    return f"own-{('ok', 'cut', 'sick')[number % 3]}-{number}"


async def start(folder: Path) -> Slapd:
    """It, answering."""
    lines = []
    for number in range(1, PEOPLE + 1):
        owner, device = asker(number), device_of(number)
        lines += [_PERSON.format(name=name, base=BASE) for name in (owner, locked(number))]
        lines.append(_DEVICE.format(device=device, owner=owner, base=BASE))
    return await Slapd.begin(folder, more="".join(lines))


def variables(slapd: Slapd) -> dict[str, str]:
    """What intake is told of it."""
    return {
        "INTAKE_DIRECTORY_HOST": "127.0.0.1",
        "INTAKE_DIRECTORY_PORT": str(slapd.port),
        "INTAKE_DIRECTORY_SECURITY": "none",
        "INTAKE_DIRECTORY_BASE": BASE,
        "INTAKE_DIRECTORY_USER": ADMIN,
        "INTAKE_DIRECTORY_PASSWORD": WORD,
    }
