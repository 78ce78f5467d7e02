"""Members in pages are the same as a list of them, whatever is added when."""

from desk_contracts.value_types import Value
from desk_triage.problems.members import PAGE, Members
from hypothesis import given
from hypothesis import strategies as st

COUNTS = st.integers(0, 3 * PAGE)


class Kept(Value):
    """A document that has some."""

    members: Members = Members()


def member(number: int) -> tuple[str, str]:
    return (f"ticket-{number}", f"person-{number % 7}")


@given(COUNTS, COUNTS)
def test_adding_one_by_one_is_the_same_as_all_at_once(first: int, more: int) -> None:
    every = [member(number) for number in range(first + more)]
    members = before = Members(every[:first])
    for each in every[first:]:
        members = members.add(each)
    assert list(members) == every
    assert [members[index] for index in range(len(members))] == every
    assert [members[-index] for index in range(1, len(members) + 1)] == every[::-1]
    assert members == Members(every)
    assert hash(members) == hash(Members(every))
    # What was there before is as it was, and two may grow out of it.
    assert list(before) == every[:first]
    other = before.add(("another", "one"))
    assert list(other) == [*every[:first], ("another", "one")]
    assert (other == members) == (list(other) == every)


@given(COUNTS)
def test_they_are_stored_as_a_plain_list_and_read_again(count: int) -> None:
    every = [member(number) for number in range(count)]
    kept = Kept(members=Members(every))
    assert kept.model_dump(mode="json") == {"members": [list(each) for each in every]}
    assert Kept.model_validate_json(kept.model_dump_json()) == kept
    assert Kept.model_validate({"members": every}) == kept
    assert Members() != ()
