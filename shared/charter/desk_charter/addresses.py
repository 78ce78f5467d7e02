"""The addresses that runbooks may write: every parameter in them is a part that it cannot end."""

import re

PARAMETER = re.compile(r"\$\{([^}]*)\}")
HOLE = r"\$\{[^}]*\}"
# ${where}/path: the beginning is an address, the rest is a path and a query.
GIVEN = re.compile(rf"(?P<origin>{HOLE})(?P<rest>([/?].*)?)")
WRITTEN = re.compile(
    rf"(?P<scheme>https?)://(?P<host>(?:{HOLE}|[A-Za-z0-9._-])+|\[[0-9A-Fa-f:.]+\])"
    rf"(?::(?P<port>[0-9]{{1,5}}|{HOLE}))?(?P<rest>([/?].*)?)"
)
_TEXT = re.compile(r"[\x21\x22\x24-\x5b\x5d-\x7e]*")  # visible ASCII without # and backslash


def address_problem(template: str) -> str | None:
    """What is wrong with the address of a runbook, as a sentence; None if nothing is."""
    text = template.strip()
    if not _TEXT.fullmatch(PARAMETER.sub("", text)):
        return "an address has no blank, #, backslash or letter beyond ASCII; write it encoded"
    if GIVEN.fullmatch(text) or WRITTEN.fullmatch(text):
        return None
    return (
        "write http://host:port/path, or one parameter that is an address, followed by / or ?; "
        "a parameter stands in the host, the port, the path or the query"
    )
