"""What the executors of runbooks are asked: one model each, which is read when a charter is.

What carries a request out is automation's; here is what people may write.
"""

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Literal, Self

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
    model_validator,
)

from desk_charter.addresses import PARAMETER
from desk_charter.command_requests import ScriptRequest, SshRequest
from desk_charter.request_model import (
    ALL_EFFECTS,
    WITHOUT_KEY,
    Effect,
    Host,
    Method,
    Port,
    Request,
    SecretName,
    Template,
)
from desk_charter.value_types import Duration, Slug

_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})


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
