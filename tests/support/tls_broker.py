"""A broker that asks for TLS and SCRAM, with an authority of its own, and both to be replaced."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from desk_local import kafka_settings
from desk_local.jvm import Java
from desk_local.paths import Places
from desk_local.ports import HOST, free_ports
from desk_local.servers import KafkaServer

from tests.support.authority import Authority

_LOGGER = "-Dorg.slf4j.simpleLogger.log."
_CLUSTER = "ZGVzay1sb2NhbC1rYWZrYQ"


class SecureKafka(KafkaServer):
    """`secure_address` asks for TLS and SCRAM-SHA-512; `address`, for the test, for nothing."""

    def __init__(self, folder: Path, users: Mapping[str, str], authority: Authority) -> None:
        broker, controller, self.secure_port = free_ports(3)
        java = Java(is_quick=True)
        super().__init__(Places(folder), (broker, controller), attached=True, java=java)
        self._users = users
        self.keystore = folder / "broker.pem"
        self.identify(authority)

    @property
    def secure_address(self) -> str:
        return f"{HOST}:{self.secure_port}"

    def identify(self, authority: Authority) -> None:
        """From the next start on it shows a certificate that this authority signed."""
        self.keystore.parent.mkdir(parents=True, exist_ok=True)
        self.keystore.write_bytes(authority.sign())

    def change_password(self, user: str, password: str) -> None:
        """Connections that are open stay so."""
        config = f"SCRAM-SHA-512=[password={password}]"
        self._run(
            "kafka.admin.ConfigCommand",
            *("--bootstrap-server", self.address, "--alter", "--add-config", config),
            *("--entity-type", "users", "--entity-name", user),
        )

    def denials(self) -> list[str]:
        """What it did not allow to whom, in the order it happened."""
        lines = self.log.read_text("utf-8").splitlines()
        return [line for line in lines if " is Denied " in line]

    def command(self) -> list[str]:
        command = super().command()
        command.insert(1, f"{_LOGGER}kafka.authorizer.logger=info")
        properties = Path(command[-1])
        plain, secure = f"{HOST}:{self.port}", self.secure_address
        more = {
            "listeners": f"PLAINTEXT://{plain},CONTROLLER://{HOST}:{self.controller_port},"
            f"DESK://{secure}",
            "advertised.listeners": f"PLAINTEXT://{plain},DESK://{secure}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,"
            "DESK:SASL_SSL",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            # Nothing is allowed to anybody but the test itself, which comes without a name.
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "listener.name.desk.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security"
            ".scram.ScramLoginModule required;",
            "listener.name.desk.ssl.keystore.type": "PEM",
            "listener.name.desk.ssl.keystore.location": str(self.keystore),
        }
        logs = properties.parent / "logs"
        # Of two lines with one name the later counts.
        text = kafka_settings.render(logs, self.port, self.controller_port)
        properties.write_text(text + "".join(f"{key}={value}\n" for key, value in more.items()))
        if not (logs / "meta.properties").exists():
            scram = [
                f"SCRAM-SHA-512=[name={name},password={password}]"
                for name, password in self._users.items()
            ]
            users = [argument for text in scram for argument in ("--add-scram", text)]
            format_folder = ("format", "-t", _CLUSTER, "-c", str(properties), *users)
            self._run("kafka.tools.StorageTool", *format_folder)
        return command

    def _run(self, main: str, *arguments: str) -> None:
        command = [*self.java.command(main, main, chatty="desk"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{main} failed:\n{done.stdout}\n{done.stderr}")
