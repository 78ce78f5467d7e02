"""Whether something written later can still be reached past what is written before it."""

from collections.abc import Collection

from desk_contracts.text import plain_words, read_phrase

from desk_charter.routing import RuleWhen
from desk_charter.slas import SlaCondition


def hides_policy(earlier: SlaCondition, later: SlaCondition) -> bool:
    """Whether every ticket the later condition fits is taken by the earlier one."""
    return (
        _covers(earlier.kinds, later.kinds)
        and _covers(earlier.priorities, later.priorities)
        and _covers(earlier.services, later.services)
        and _covers(earlier.groups, later.groups)
        and _covers(earlier.teams, later.teams)
    )


def hides_rule(earlier: RuleWhen, later: RuleWhen) -> bool:
    """The same for routing rules; words are compared as they are matched."""
    return (
        _covers(earlier.kinds, later.kinds)
        and _covers(earlier.services, later.services)
        and _covers(_called(earlier.categories), _called(later.categories))
        and _covers(_called(earlier.sites), _called(later.sites))
        and _covers(earlier.channels, later.channels)
        and all(_is_said(word, later) for word in earlier.all_words)
        and _hides_any_words(earlier, later)
    )


def _covers(earlier: Collection[str], later: Collection[str]) -> bool:
    """An empty list is any value; a list covers its parts."""
    return not earlier or (bool(later) and set(later) <= set(earlier))


def _called(names: Collection[str]) -> Collection[str]:
    return tuple(map(plain_words, names))


def _hides_any_words(earlier: RuleWhen, later: RuleWhen) -> bool:
    if not earlier.any_words:
        return True
    if any(_finds(wanted, word) for wanted in earlier.any_words for word in later.all_words):
        return True
    return bool(later.any_words) and all(
        any(_finds(wanted, word) for wanted in earlier.any_words) for word in later.any_words
    )


def _is_said(wanted: str, later: RuleWhen) -> bool:
    """Whether a text that fits the later rule must hold the word."""
    if any(_finds(wanted, word) for word in later.all_words):
        return True
    return bool(later.any_words) and all(_finds(wanted, word) for word in later.any_words)


def _finds(wanted: str, said: str) -> bool:
    """Whether a text in which `said` is found always has `wanted` in it too."""
    (plain, may_go_on), (text, said_may_go_on) = read_phrase(wanted), read_phrase(said)
    if may_go_on:
        return f" {plain}" in f" {text}"
    if said_may_go_on:
        # The last word of `said` may go on, so only the words before it are certain.
        text = text.rpartition(" ")[0]
    return f" {plain} " in f" {text} "
