"""What is worked out of a thing once is not worked out again, as long as the thing is a new one."""

from desk_kernel import OncePerThing


def test_it_is_worked_out_once_and_of_old_things_it_is_forgotten() -> None:
    seen: list[object] = []

    def work_out(thing: object) -> int:
        seen.append(thing)
        return len(seen)

    once, same, other = OncePerThing(work_out, newest=3), [1], [1]
    assert [once(same), once(same), once(other), once(same)] == [1, 1, 2, 1]
    for thing in ([2], [3]):
        once(thing)
    assert once(same) == 5
    assert seen == [same, other, [2], [3], same]
