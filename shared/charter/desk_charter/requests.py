"""What the executors of runbooks are asked: one model each, which is read when a charter is.

What carries a request out is automation's; here is what people may write.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, ClassVar, Literal, Self

from desk_contracts.device_orders import QUESTIONS
from desk_contracts.errors import Invalid
from desk_platform.plugins import Registry
from pydantic import (
    Field,
    GetPydanticSchema,
    JsonValue,
    SerializeAsAny,
    StringConstraints,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from desk_charter.addresses import HOLE, PARAMETER
from desk_charter.value_types import CharterModel, Duration, Slug, read_duration

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
_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})


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


class HttpRequest(Request):
    """One HTTP call; texts in it may carry ${...} parameters, and a header ${secret.NAME}."""

    READS = "its method is GET or HEAD"

    method: Method = Field(description="The HTTP method.")
    url: Template = Field(description="Where to, e.g. ${data.attributes.agent_url}/v1/disk.")
    headers: dict[str, Template] = Field(
        default={}, description="Extra headers, e.g. Authorization: Bearer ${secret.agent}."
    )
    body: JsonValue = Field(default=None, description="JSON body; nothing is sent if left out.")

    @property
    def only_reads(self) -> bool:
        return self.method in {"GET", "HEAD"}

    @property
    def effects(self) -> frozenset[Effect]:
        """The desk sends the key with every call."""
        return ALL_EFFECTS

    def texts(self) -> Iterator[tuple[tuple[str, ...], str]]:
        yield ("url",), self.url
        for name, text in self.headers.items():
            yield ("headers", name), text
        yield ("body",), str(self.body)


class DeviceRequest(Request):
    """An order to a device's agent; texts in it may carry ${...} parameters."""

    READS = "its action is measure or report-outcome"

    device: Template = Field(default="${target}", description="Which device, by its name.")
    action: Slug = Field(
        description="clean-disk, restart-service, renew or reboot; measure and report-outcome ask."
    )
    parameters: dict[Slug | Literal["older_than"], Template] = Field(
        default={}, description="What the action is told, as the agent's file declares it."
    )

    @property
    def only_reads(self) -> bool:
        return self.action in QUESTIONS

    @property
    def effects(self) -> frozenset[Effect]:
        """The agent keeps the key of every order."""
        return ALL_EFFECTS

    def texts(self) -> Iterator[tuple[tuple[str, ...], str]]:
        yield ("device",), self.device
        for name, text in self.parameters.items():
            yield ("parameters", name), text


class WaitRequest(Request):
    """A pause."""

    pause: Duration


class CommandRequest(Request):
    """What a command and a script have in common: an exit code, and who remembers the key."""

    READS = "write 'reads: true' if the command changes nothing"

    reads: bool = Field(
        default=False, description="The command changes nothing, so that a probe may run it."
    )
    no_effect: tuple[ExitCode, ...] = Field(
        default=(),
        max_length=20,
        description="Exit codes by which it says that it did nothing, and never will. Any other "
        "than 0 leaves the effect unknown.",
    )
    later: tuple[ExitCode, ...] = Field(
        default=(),
        max_length=20,
        description="Exit codes by which it says that it did nothing now; it is tried again.",
    )

    @property
    def only_reads(self) -> bool:
        return self.reads

    @property
    def has_exit_code(self) -> bool:
        return True

    @property
    def effects(self) -> frozenset[Effect]:
        """A key that the command is not given cannot be remembered."""
        has_key = any(re.search(r"\$\{\s*key\s*\}", text) for _, text in self.texts())
        return ALL_EFFECTS if has_key else WITHOUT_KEY

    @model_validator(mode="after")
    def codes_say_one_thing(self) -> Self:
        """An exit code is final or not."""
        if both := set(self.no_effect) & set(self.later):
            raise ValueError(f"exit code {min(both)} stands in 'no_effect' and in 'later'")
        return self


class SshRequest(CommandRequest):
    """One command on a machine that OpenSSH or its like serves."""

    host: HostTemplate = Field(description="Name or address, e.g. ${data.attributes.host}.")
    port: Port = Field(default=22, description="Its port.")
    user: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")] = Field(
        description="As whom the desk signs in."
    )
    key: SecretName = Field(description="Name of the secret that is the desk's private key.")
    host_keys: tuple[HostKey, ...] = Field(
        min_length=1,
        max_length=100,
        description="Lines of known_hosts. No other key is believed; many machines share one line "
        "that begins with @cert-authority.",
    )
    command: Arguments = Field(
        min_length=1,
        description="The program and its arguments. Each is one argument, whatever an event says.",
    )

    @field_validator("command")
    @classmethod
    def names_its_program(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        """An event never says which program runs."""
        if PARAMETER.search(command[0]):
            raise ValueError("the program is written in the runbook; parameters follow it")
        return command

    def texts(self) -> Iterator[tuple[tuple[str, ...], str]]:
        yield ("host",), self.host
        for text in self.command:
            yield ("command",), text


class ScriptRequest(CommandRequest):
    """One script of automation's folder of scripts, on automation's own machine."""

    script: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] = Field(
        description="Name of its file."
    )
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="SHA-256 of what was reviewed (sha256sum FILE); nothing else is run."
    )
    arguments: Arguments = Field(
        default=(), description="Each is one argument, whatever an event says."
    )
    environment: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")], Template
    ] = Field(default={}, max_length=50, description="All that its environment has, beside PATH.")
    secrets: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")], SecretName
    ] = Field(default={}, max_length=20, description="Variables that are secrets, by name.")
    cpu: Duration = Field(default=read_duration("30s"), description="Most time on a processor.")
    memory_mib: int = Field(default=512, ge=16, le=65536, description="Most memory, in MiB.")
    file_mib: int = Field(default=64, ge=0, le=65536, description="Largest file it may write.")
    files: int = Field(default=64, ge=16, le=65536, description="Most open files.")
    processes: int = Field(default=32, ge=1, le=4096, description="Most processes and threads.")

    @model_validator(mode="after")
    def names_each_variable_once(self) -> Self:
        """What begins so changes how programs are loaded, or is ours."""
        for name in (*self.environment, *self.secrets):
            if name.startswith(("LD_", "DYLD_", "PYTHON", "DESK_")) or name in {"PATH", "HOME"}:
                raise ValueError(f"'{name}' is no variable that a runbook may set")
        if both := set(self.environment) & set(self.secrets):
            raise ValueError(f"'{min(both)}' stands in 'environment' and in 'secrets'")
        return self

    def texts(self) -> Iterator[tuple[tuple[str, ...], str]]:
        for text in self.arguments:
            yield ("arguments",), text
        for name, text in self.environment.items():
            yield ("environment", name), text


class KubernetesRequest(Request):
    """One change of a workload, or a question about it, through a cluster's API server."""

    READS = "its action is status"

    server: Host = Field(default="kubernetes.default.svc", description="The API server's host.")
    port: Port = Field(default=443, description="Its port.")
    token: SecretName = Field(description="Name of the secret that is a service account's token.")
    ca: SecretName = Field(
        description="Name of the secret that is the cluster's certificate (PEM)."
    )
    namespace: Template = Field(description="Where the workload is.")
    action: Literal["restart", "scale", "start-job", "status"] = Field(
        description="restart and scale a workload, start-job runs a CronJob now, status only reads."
    )
    kind: Literal["deployment", "stateful-set", "daemon-set", "cron-job"] = Field(
        default="deployment", description="What it acts on; for start-job a cron-job."
    )
    name: Template = Field(description="Its name.")
    replicas: int | None = Field(default=None, ge=0, le=1000, description="For scale: how many.")

    @property
    def only_reads(self) -> bool:
        return self.action == "status"

    @property
    def effects(self) -> frozenset[Effect]:
        """The object itself keeps the key."""
        return ALL_EFFECTS

    @model_validator(mode="after")
    def fits_its_action(self) -> Self:
        """What an action needs, and what it acts on."""
        if (self.action == "scale") != (self.replicas is not None):
            raise ValueError("'action: scale' and 'replicas' belong together: write both")
        if self.action == "scale" and self.kind not in {"deployment", "stateful-set"}:
            raise ValueError(f"a {self.kind} has no replicas; scale a deployment or stateful-set")
        if self.action == "start-job" and self.kind != "cron-job":
            raise ValueError("start-job runs a CronJob now; write 'kind: cron-job'")
        if self.action == "restart" and self.kind == "cron-job":
            raise ValueError("a cron-job is not restarted; use start-job")
        return self

    def texts(self) -> Iterator[tuple[tuple[str, ...], str]]:
        yield ("namespace",), self.namespace
        yield ("name",), self.name


class DirectoryRequest(Request):
    """One change of an account in an LDAP directory, or a question about it."""

    READS = "its action is status"

    server: Host = Field(description="The directory's host.")
    port: Port | None = Field(default=None, description="Its port; 636 with tls, else 389.")
    security: Literal["tls", "starttls", "none"] = Field(
        default="tls", description="How the line is protected; none only on this machine."
    )
    ca: SecretName | None = Field(
        default=None,
        description="Name of the secret that is its certificate (PEM); else the "
        "system's are believed.",
    )
    base: Template = Field(description="DN below which accounts are.")
    user: Template = Field(description="DN of the account that may lift locks and set passwords.")
    password: SecretName = Field(description="Name of the secret that is its password.")
    person: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")] = Field(
        default="uid", description="Attribute by which the desk knows a person."
    )
    action: Literal["unlock", "reset", "status"] = Field(
        description="unlock lifts a lock; reset makes the old password worthless, so that the "
        "person recovers the account; status only reads."
    )
    login: Template = Field(description="Login or mail address of the account.")

    @property
    def only_reads(self) -> bool:
        return self.action == "status"

    @property
    def effects(self) -> frozenset[Effect]:
        """A second reset would take away the password that the person has set meanwhile."""
        return frozenset({"once"}) if self.action == "reset" else WITHOUT_KEY

    @model_validator(mode="after")
    def protects_its_line(self) -> Self:
        """The password of the desk's own account goes over it."""
        if self.security == "none" and self.server not in _OWN_MACHINE:
            raise ValueError("the desk's password would go over the line as it is; write tls")
        for place, text in (("base", self.base), ("user", self.user)):
            if PARAMETER.search(text):
                raise ValueError(f"'{place}' has no parameters: an event never says where")
        return self

    def texts(self) -> Iterator[tuple[tuple[str, ...], str]]:
        yield ("login",), self.login


@cache
def request_models() -> Registry[type[Request]]:
    """The models of `request` by executor; read when the first runbook is, not at import."""
    return Registry(
        "desk.executor-requests",
        {
            "http": HttpRequest,
            "device": DeviceRequest,
            "ssh": SshRequest,
            "kubernetes": KubernetesRequest,
            "directory": DirectoryRequest,
            "script": ScriptRequest,
        },
    )


def _read_request(
    value: object, _read: ValidatorFunctionWrapHandler, info: ValidationInfo
) -> Request:
    """A `ValidationError` of the executor's own model keeps the place of each mistake."""
    if isinstance(value, Request):
        return value
    try:
        model = request_models().kind(info.data.get("executor", "http"))
    except Invalid as invalid:
        raise ValueError(str(invalid)) from invalid
    return model.model_validate(value)


# The schema for editors has the requests that every desk has.
ExecutorRequest = Annotated[
    Request,
    GetPydanticSchema(
        lambda _source, handler: handler(
            HttpRequest
            | DeviceRequest
            | SshRequest
            | KubernetesRequest
            | DirectoryRequest
            | ScriptRequest
        )
    ),
    WrapValidator(_read_request),
    SerializeAsAny(),
]
