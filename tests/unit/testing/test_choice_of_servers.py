"""Which servers the tests use is decided by the option, then by the given addresses."""

import pytest
from desk_testing.servers import Infra, NotThere, choose, read_given

BOTH = {"DESK_KAFKA": "kafka:9092", "DESK_STORE": "mongodb://store"}


def test_given_addresses_are_used() -> None:
    assert choose(None, BOTH).infra is Infra.GIVEN
    assert read_given(BOTH).kafka == "kafka:9092"


@pytest.mark.parametrize("missing", sorted(BOTH))
def test_one_address_alone_is_not_enough(missing: str) -> None:
    env = {name: value for name, value in BOTH.items() if name != missing}
    assert choose(None, env).infra is Infra.LOCAL
    with pytest.raises(NotThere, match="DESK_KAFKA and DESK_STORE"):
        read_given(env)


def test_the_option_wins() -> None:
    assert choose("local", BOTH).infra is Infra.LOCAL
