"""The status as an Atom feed (RFC 4287). Written with the standard library: it is twenty elements,
and the libraries for it bring an XML parser in C along.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

_NAMESPACE = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A trouble or a change. `id` stays the same however often it is told."""

    id: str
    title: str
    text: str
    updated_at: datetime


def write_feed(title: str, entries: Sequence[FeedEntry], now: datetime) -> bytes:
    """The feed, the newest entry first; without any it was last changed now."""
    feed = Element("feed", xmlns=_NAMESPACE)
    ordered = sorted(entries, key=lambda entry: entry.updated_at, reverse=True)
    _add(feed, "id", "urn:desk:status")
    _add(feed, "title", title)
    _add(feed, "updated", _moment(ordered[0].updated_at if ordered else now))
    _add(SubElement(feed, "author"), "name", title)
    for entry in ordered:
        element = SubElement(feed, "entry")
        _add(element, "id", f"urn:desk:status:{entry.id}")
        _add(element, "title", entry.title)
        _add(element, "updated", _moment(entry.updated_at))
        _add(element, "content", entry.text)
    written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _add(parent: Element, name: str, text: str) -> None:
    # Half of the control characters may stand in no XML, not even escaped.
    clean = "".join(sign for sign in text if sign >= " " or sign in "\t\n")
    SubElement(parent, name).text = clean


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
