"""The key that seals transitions: who makes seals and who checks them read it here alone."""

from typing import Annotated

from desk_contracts.chain import ChainKey
from pydantic import Field, SecretStr

from desk_platform.settings.groups import Environment

ChainSecret = Annotated[SecretStr, Field(min_length=32)] | None
_ONE_MACHINE = b"one machine, no key"


def read_chain_key(environment: Environment, secret: SecretStr | None) -> ChainKey | None:
    """The key in force; None where nothing is sealed. Only one machine may go without a secret."""
    if secret is not None:
        return ChainKey(secret.get_secret_value().encode())
    return ChainKey(_ONE_MACHINE) if environment is Environment.LOCAL else None
