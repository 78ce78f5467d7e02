"""The keys that seal transitions: who makes seals and who checks them read them here alone."""

import logging
from collections.abc import Callable
from typing import Annotated

from desk_contracts.chain import ChainKey
from desk_contracts.chain_keys import ChainKeys, read_chain_keys
from desk_contracts.errors import Invalid
from pydantic import AfterValidator, SecretStr

from desk_platform.settings.groups import Environment

_ONE_MACHINE = b"one machine, no key"
_logger = logging.getLogger(__name__)


def _check(secret: SecretStr | None) -> SecretStr | None:
    if secret is not None:
        try:
            read_chain_keys(secret.get_secret_value())
        except Invalid as error:
            raise ValueError(str(error)) from None
    return secret


ChainSecret = Annotated[SecretStr | None, AfterValidator(_check)]


class ChainKeySource:
    """The keys of now: a file of them may be replaced while the service runs."""

    def __init__(self, secret: SecretStr) -> None:
        self._secret, self._text = secret, secret.get_secret_value()
        self._keys = read_chain_keys(self._text)

    def __call__(self) -> ChainKeys:
        """Those that the secret says now. What cannot be used is named once, and changes nothing:
        seals go on with the keys before it."""
        text = self._secret.get_secret_value()
        if text != self._text:
            self._text = text
            try:
                self._keys = read_chain_keys(text)
            except Invalid as error:
                _logger.warning("chain_keys_refused", extra={"reason": str(error)})
            else:
                ids = list(self._keys.ids)
                sealing = self._keys.sealing.id
                _logger.info("chain_keys_changed", extra={"sealing": sealing, "keys": ids})
        return self._keys


def find_chain_keys(
    environment: Environment, secret: SecretStr | None
) -> Callable[[], ChainKeys] | None:
    """The keys in force; None where nothing is sealed. Only one machine may go without a secret."""
    if secret is not None:
        return ChainKeySource(secret)
    shared = ChainKeys(ChainKey(_ONE_MACHINE))
    return (lambda: shared) if environment is Environment.LOCAL else None
