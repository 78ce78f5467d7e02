"""The attributes of a CloudEvent as a record gives them, read from headers or from a document.

What is optional and cannot be used is left out; what is needed and cannot be used is refused with
a sentence that names the cause. Nothing is read that is longer than it may be.
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from desk_contracts.errors import Invalid
from desk_contracts.quotes import quote

Headers = Iterable[tuple[str, bytes | None]]

# In bytes of UTF-8. Every event derived from this one carries some of them, so that one record
# with the longest of all must leave room in what follows from it.
LONGEST_ID = LONGEST_SOURCE = LONGEST_CORRELATION = 512
LONGEST_SUBJECT = 1_024
LONGEST_SEAL = 400
_BOUNDS = {
    "id": LONGEST_ID,
    "source": LONGEST_SOURCE,
    "subject": LONGEST_SUBJECT,
    "type": 200,
    "time": 100,
    "specversion": 20,
    "sequence": 18,
    "correlationid": LONGEST_CORRELATION,
    "causationid": LONGEST_CORRELATION,
    "traceparent": 55,
    "seal": LONGEST_SEAL,
    "datacontenttype": 200,
}
_OPTIONAL = frozenset({"sequence", "correlationid", "causationid", "traceparent", "seal"})
_NAMES = frozenset(_BOUNDS)
# Forbidden by the specification in any attribute.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII
)


@dataclass(slots=True)
class Attributes:
    """What was found; `left_out` names optional attributes that were given and cannot be used."""

    given: dict[str, str]
    similar: Mapping[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def require(self, name: str) -> str:
        """The attribute's text; `Invalid` if it is not there or no attribute."""
        text = self.given.get(name)
        if text:
            return text
        problem = f"the event has no attribute '{name}'"
        similar = self.similar.get(name)
        if similar:
            problem += f": the header `{similar}` is not `ce_{name}`, as Kafka's binding spells it"
        raise Invalid(problem, code="missing-attribute")

    def identifier(self, name: str, *, is_clean: bool = False) -> str:
        """A required attribute within its bound; with `is_clean` also without control signs."""
        return check_attribute(name, self.require(name), is_clean=is_clean)

    def optional(self, name: str, *, is_clean: bool = False) -> str:
        """The attribute's text, or nothing if it is not given or not usable."""
        text = self.given.get(name, "")
        is_usable = not (is_clean and CONTROLS.search(text))
        if is_usable and len(text.encode()) <= _BOUNDS[name]:
            return text
        self.left_out.append(name)
        return ""

    def traceparent(self) -> str:
        """W3C's rule for one that cannot be read: go on as if there were none."""
        text = self.given.get("traceparent", "")
        return text if TRACEPARENT.fullmatch(text) else ""


def check_attribute(name: str, text: str, *, is_clean: bool) -> str:
    """The text, if it is within the attribute's bound and has nothing forbidden in it."""
    size = len(text.encode())
    if size > _BOUNDS[name]:
        raise Invalid(
            f"the attribute '{name}' has {size} bytes; it may have {_BOUNDS[name]}",
            code="attribute-too-long",
        )
    if is_clean and CONTROLS.search(text):
        raise Invalid(
            f"the attribute '{name}' has a control character in it, which CloudEvents forbids",
            code="bad-attribute",
        )
    return text


def attributes_of_headers(headers: Headers) -> Attributes:
    """Binary mode. Header names are read in any letter case, since proxies change it."""
    given: dict[str, str] = {}
    similar: dict[str, str] = {}
    for written, value in headers:
        name = written.lower()
        if not name.startswith("ce_") and name != "content-type":
            plain = re.sub(r"^(ce|cloudevents?)?[^a-z0-9]*", "", name)
            if len(written) <= _BOUNDS["id"] and plain in _NAMES:
                similar.setdefault(plain, written)
            continue
        word = "datacontenttype" if name == "content-type" else name[3:]
        if value is None or word not in _NAMES:
            continue
        # Only what is needed must be readable; the rest shows by its own rule that it is none.
        text = value.decode(errors="replace") if word in _OPTIONAL else _decode(written, value)
        if given.setdefault(word, text) != text and word not in _OPTIONAL:
            raise Invalid(
                f"the header `{written}` comes twice with different values", code="bad-header"
            )
    return Attributes(given, similar)


def attributes_of_document(document: Mapping[str, object]) -> Attributes:
    """Structured mode. A number or a truth value is read as its text; null means not given."""
    given: dict[str, str] = {}
    for name in _NAMES:
        value = document.get(name)
        if value is None:
            continue
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, int) and abs(value) < 10 ** _BOUNDS["sequence"]:
            value = str(value)
        if isinstance(value, str):
            given[name] = value
        elif name not in _OPTIONAL:
            raise Invalid(f"the attribute '{name}' is not a text", code="bad-attribute")
    return Attributes(given)


def _decode(written: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Invalid(
            f"the header {quote(written)} is not UTF-8: {error.reason} at byte {error.start}",
            code="bad-header",
        ) from error


def read_sequence(text: str) -> int:
    """A place in a ticket's life, counted from 1."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _BOUNDS["sequence"]
    if not is_number or int(text) < 1:
        raise Invalid(
            f"the sequence {quote(text)} is not a whole number from 1", code="bad-sequence"
        )
    return int(text)
