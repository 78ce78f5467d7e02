"""What all requests of executors have in common, and the forms of what stands in them."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from desk_charter.addresses import HOLE
from desk_charter.value_types import CharterModel, Slug

Effect = Literal["pure", "idempotent", "keyed", "confirmable", "once"]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
# Text in which ${target}, ${subject}, ${event.…}, ${data.…}, ${run.…}, ${key} are filled in; in
# `confirm` also ${act}, the key of the act that is asked about.
Template = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
# The name of a file in automation's folder of secrets; what is in it is read at the attempt.
SecretName = Slug
ALL_EFFECTS: frozenset[Effect] = frozenset({"pure", "idempotent", "keyed", "confirmable", "once"})
WITHOUT_KEY = ALL_EFFECTS - {"keyed"}
SECRET = re.compile(r"\$\{\s*secret\.([^}\s]*)\s*\}")
SECRET_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

_HOST = rf"(?:{HOLE}|[A-Za-z0-9._-])+|\[[0-9A-Fa-f:.]{{2,45}}\]"
_PLAIN_HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]"
HostTemplate = Annotated[str, StringConstraints(pattern=rf"^({_HOST})$", max_length=1000)]
Host = Annotated[str, StringConstraints(pattern=rf"^({_PLAIN_HOST})$", max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
ExitCode = Annotated[int, Field(ge=1, le=255)]
Arguments = Annotated[tuple[Template, ...], Field(max_length=50)]
# One line of OpenSSH's known_hosts, in which hosts stand as they are, not as hashes.
HostKey = Annotated[
    str,
    StringConstraints(
        pattern=r"^(@(cert-authority|revoked) )?[A-Za-z0-9*?!\[\]:.,_-]+ "
        r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,2000}={0,3}( .*)?$",
        max_length=3000,
    ),
]


class Request(CharterModel):
    """What an executor is asked to do. A package that registers an executor registers the model of
    its request under the same name, by an entry point of `desk.executor-requests`."""

    READS: ClassVar[str] = "its request has to be one that changes nothing"

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing, so that a probe may ask it."""
        return False

    @property
    def effects(self) -> frozenset[Effect]:
        """The classes of effect that a call of it can keep. `keyed` needs a far side that remembers
        keys, so an executor says so itself."""
        return WITHOUT_KEY

    @property
    def has_exit_code(self) -> bool:
        """Whether `response.status` is the exit code of a command instead of an HTTP status."""
        return False

    def texts(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """The texts in which ${...} parameters may stand, and where they are written."""
        for name, value in self.model_dump(mode="json").items():
            yield (name,), str(value)
