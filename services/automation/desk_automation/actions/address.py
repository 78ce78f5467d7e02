"""Addresses of targets: parameters are joined as parts of a URL, never as text.

What an event says can fill a part, and never end it: no `?`, `#`, `/`, `@` or `..` in a device's
name leads the call elsewhere. An address that comes from an event is scheme, host and port only.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from desk_charter.addresses import GIVEN, HOLE, PARAMETER, WRITTEN, address_problem
from desk_contracts.message import Message, message

from desk_automation.actions.template import PlanFailed, Values, plain

_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?P<port>:[0-9]{1,5})?/?",
    re.IGNORECASE | re.ASCII,
)


_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}")
_PORT = re.compile(r"[0-9]{1,5}")
_DOTS = frozenset({".", ".."})
_LONGEST = 1000
# A server or a proxy may decode twice.
_DECODINGS = 3


def fill_address(template: str, values: Values) -> str:
    """The URL; `PlanFailed` says which value would have led elsewhere."""
    text = template.strip()
    if (problem := address_problem(text)) is not None:
        raise PlanFailed(message("plan.bad-address", address=text[:200], why=problem))
    given = GIVEN.fullmatch(text)
    if given is not None:
        return _origin(given["origin"], values) + _rest(given["rest"], values)
    written = WRITTEN.fullmatch(text)
    assert written is not None  # noqa: S101 (address_problem found one of the two)
    host = fill_host(written["host"], values)
    port = ""
    if written["port"] is not None:
        hole = PARAMETER.fullmatch(written["port"])
        number = written["port"] if hole is None else plain(hole[1], values)
        if not _PORT.fullmatch(number) or not 0 < int(number) <= 65535:
            raise PlanFailed(message("plan.bad-port", port=written["port"]))
        port = f":{number}"
    return f"{written['scheme']}://{host}{port}{_rest(written['rest'], values)}"


def _origin(hole: str, values: Values) -> str:
    parameter = hole[2:-1]
    text = plain(parameter, values)
    match = _ORIGIN.fullmatch(text)
    if match is None:
        raise _bad(parameter, message("plan.no-origin"))
    return f"{match['scheme'].lower()}://{match['host']}{match['port'] or ''}"


def fill_host(template: str, values: Values) -> str:
    """A host's name or address; a parameter is all of it, or fills labels that it cannot end."""
    shape = _HOST if PARAMETER.fullmatch(template) else _LABEL

    def part(match: re.Match[str]) -> str:
        text = plain(match[1], values)
        if not shape.fullmatch(text):
            raise _bad(match[1], message("plan.no-host-name"))
        return text

    return PARAMETER.sub(part, template)


def _rest(template: str, values: Values) -> str:
    path, mark, query = template, "", ""
    # A mark inside of a parameter's braces parts nothing.
    for match in re.finditer(rf"{HOLE}|\?", template):
        if match[0] == "?":
            path, mark, query = template[: match.start()], "?", template[match.end() :]
            break
    segments = [_segment(segment, values) for segment in path.split("/")]
    return "/".join(segments) + mark + PARAMETER.sub(lambda f: _encode(f[1], values), query)


def _segment(template: str, values: Values) -> str:
    if "${" not in template:
        return template

    def quote_part(match: re.Match[str]) -> str:
        # Some servers take an encoded slash for one, so dots between are refused.
        for decoded in _decode(plain(match[1], values)):
            if _DOTS & set(re.split(r"[/\\]", decoded)):
                raise _bad(match[1], message("plan.leads-elsewhere"))
        return _encode(match[1], values)

    segment = PARAMETER.sub(quote_part, template)
    if any(text in _DOTS for text in _decode(segment)):
        raise PlanFailed(message("plan.other-path", template=template, segment=segment))
    return segment


def _encode(parameter: str, values: Values) -> str:
    text = plain(parameter, values)
    if len(text) > _LONGEST:
        raise _bad(parameter, message("plan.too-long", most=_LONGEST))
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise _bad(parameter, message("plan.half-a-letter")) from error


def _decode(text: str) -> Iterator[str]:
    for _ in range(_DECODINGS):
        yield text
        text = unquote(text)


def _bad(parameter: str, why: Message) -> PlanFailed:
    return PlanFailed(message("plan.does-not-fit", parameter=parameter, why=why))
